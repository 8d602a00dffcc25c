"""Foerstner keypoints: places that can be found again in every direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Image, PointSet
from RegSuite.numerics.smoothing import gaussian, sigmas_voxels
from RegSuite.pointcloud.keypoints.spread import spread

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

WEAKEST = 1e-3
"""Candidates under this share of the 99th percentile of the candidates' distinctiveness are left out."""


def distinctiveness(values: Tensor, grid: Grid, sigma_mm: float) -> Tensor:
    """1 / trace(A^-1) of the structure tensor A = G_sigma * (grad F grad F^T): [*shape], float32.

    values: [*shape] on `grid`. The gradient is taken per mm along the voxel axes (central differences),
    so that neither spacing nor direction of the grid changes the answer; an axis of one voxel is left
    out. 0 where A is singular: there the place is not fixed in some direction.
    Source: Foerstner, Guelch, ISPRS Workshop 1987; Rohr et al., IEEE TMI 20:526 (2001).
    """
    axes = [a for a, n in enumerate(grid.size) if n > 1]
    values = values.float()
    slopes = [torch.gradient(values, spacing=grid.spacing[a], dim=grid.ndim - 1 - a)[0] for a in axes]
    sigmas = sigmas_voxels(sigma_mm, grid.spacing)
    pairs = [(i, j) for i in range(len(axes)) for j in range(i, len(axes))]
    a = {(i, j): gaussian((slopes[i] * slopes[j])[None], sigmas)[0] for i, j in pairs}
    if len(axes) == 1:
        return a[0, 0]
    if len(axes) == 2:
        determinant = a[0, 0] * a[1, 1] - a[0, 1].square()
        minors = a[0, 0] + a[1, 1]
        scale = minors.square()
    else:
        xy = a[0, 0] * a[1, 1] - a[0, 1].square()
        xz = a[0, 0] * a[2, 2] - a[0, 2].square()
        yz = a[1, 1] * a[2, 2] - a[1, 2].square()
        minors = xy + xz + yz
        determinant = (
            a[0, 0] * yz
            - a[0, 1] * (a[0, 1] * a[2, 2] - a[1, 2] * a[0, 2])
            + a[0, 2] * (a[0, 1] * a[1, 2] - a[1, 1] * a[0, 2])
        )
        scale = (a[0, 0] + a[1, 1] + a[2, 2]).pow(3)
    known = determinant > 1e-6 * scale  # below, float32 has rounded the determinant away
    return torch.where(known, determinant / torch.where(known, minors, 1.0), 0.0)


def foerstner_keypoints(
    image: Image,
    mask: Tensor | None = None,
    *,
    count: int = 2000,
    distance_mm: float = 3.0,
    sigma_mm: float | None = None,
) -> PointSet:
    """At most `count` keypoints of an image's first channel, strongest first, evenly spread: LPS mm.

    mask: boolean [*shape] of voxels that may be one; the image's own mask if None. distance_mm: the
    least distance of two keypoints; it grows until about `count` are left. sigma_mm: of the structure
    tensor's window, a voxel (geometric mean of the axes longer than a voxel) if None. A keypoint is
    the centre of a voxel that is the most distinctive of its neighbours.
    Raises InputError for an empty mask, one that does not fit, values that are not finite, numbers
    that cannot be, or an image without structure.
    """
    _check(image, count, distance_mm, sigma_mm)
    inside = mask if mask is not None else image.mask
    inside = _checked_mask(inside, image)
    grid = image.grid
    long = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1]
    sigma = float(np.exp(np.mean(np.log(long)))) if sigma_mm is None else sigma_mm
    strength = distinctiveness(image.data[0].cpu(), grid, sigma)
    peak = _peaks(strength) & inside
    index = peak.nonzero().numpy()
    found = strength[peak].double().numpy()
    if len(found):
        strong = found >= WEAKEST * np.percentile(found, 99)
        index, found = index[strong], found[strong]
    if not len(found):
        raise InputError(
            "no voxel is distinctive: the image has no structure that fixes a place in every direction",
            where=image.name,
            mend="give an image with anatomy in it, or a mask that covers some",
        )
    points = grid.points(index[:, ::-1].astype(np.float64))
    rows, _ = spread(points, found, count, distance_mm)
    return PointSet(points[rows], name=f"keypoints of {image.name}")


def _peaks(strength: Tensor) -> Tensor:
    """Voxels [*shape] above 0 and not below any of their neighbours."""
    import torch.nn.functional as nnf

    pool = nnf.max_pool3d if strength.ndim == 3 else nnf.max_pool2d
    highest = pool(strength[None, None], 3, stride=1, padding=1)[0, 0]
    return (strength == highest) & (strength > 0)


def _check(image: Image, count: int, distance_mm: float, sigma_mm: float | None) -> None:
    if count < 1 or not distance_mm > 0 or (sigma_mm is not None and not sigma_mm > 0):
        raise InputError(
            f"{count} keypoints, {distance_mm} mm apart, window {sigma_mm} mm",
            where="keypoints",
            mend="give a count of 1 or more, and a distance and window above 0 mm",
        )
    if not bool(torch.isfinite(image.data[0]).all()):
        raise InputError(
            "the image has values that are not finite",
            where=image.name,
            mend="replace NaN and infinite voxels (air: -1024 HU)",
        )


def _checked_mask(mask: Tensor | None, image: Image) -> Tensor:
    """The mask as boolean on the CPU; all voxels where there is none."""
    if mask is None:
        return torch.ones(image.grid.shape, dtype=torch.bool)
    if tuple(mask.shape) != image.grid.shape:
        raise InputError(
            f"a mask of shape {tuple(mask.shape)} for an image of shape {image.grid.shape}",
            where=image.name,
            mend="resample the mask onto the image's grid (nearest neighbour)",
        )
    inside = (mask != 0).cpu()
    if not bool(inside.any()):
        raise InputError("the mask is empty", where=image.name, mend="give a mask with voxels in it")
    return inside
