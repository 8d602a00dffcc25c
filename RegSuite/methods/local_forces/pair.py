"""The two images as volumes with one affine map between them: what a run starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.local_forces.lattice import as_volume, volume_values
from RegSuite.numerics.resample import warp
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.base import Transform

LEAST_OVERLAP = 0.01
"""Share of the fixed volume that must lie in the moving one."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Fixed and moving volume [C, Z, Y, X] float32, and the affine map from one to the other.

    matrix: [4, 4] fixed to moving LPS mm. *_mask: boolean [Z, Y, X] or None.
    partial: whether some of the fixed volume lies outside of the moving one at the start.
    initial: the transform after the deformation (None: identity). ndim: of the images given.
    """

    fixed: Tensor
    moving: Tensor
    fixed_grid: Grid
    moving_grid: Grid
    fixed_mask: Tensor | None
    moving_mask: Tensor | None
    matrix: np.ndarray
    partial: bool
    initial: Transform | None
    ndim: int
    notes: tuple[str, ...] = ()

    def with_values(self, fixed: Tensor, moving: Tensor) -> Pair:
        """The same geometry with other intensities."""
        return replace(self, fixed=fixed, moving=moving)


def make_pair(fixed: Image, moving: Image, initial: Transform | None) -> Pair:
    """The pair of two images. A curved initial transform is applied to the moving image first.

    Raises InputError for unequal dimensions or channels, values that are not finite, constant
    images and empty masks; GeometryError where the images do not overlap.
    """
    _check(fixed, moving, initial)
    notes: tuple[str, ...] = ()
    matrix = np.eye(fixed.ndim + 1)
    if isinstance(initial, AffineTransform):
        matrix = np.array(initial.homogeneous)
    elif initial is not None:
        moving = _pulled(moving, fixed.grid, initial)
        notes = ("the moving image was resampled once through the curved initial transform",)
    pair = Pair(
        fixed=volume_values(fixed.data.float(), fixed.ndim),
        moving=volume_values(moving.data.float(), fixed.ndim),
        fixed_grid=as_volume(fixed.grid),
        moving_grid=as_volume(moving.grid),
        fixed_mask=_mask(fixed),
        moving_mask=_mask(moving),
        matrix=_three(matrix),
        partial=False,
        initial=initial,
        ndim=fixed.ndim,
        notes=notes,
    )
    covered = _covered(pair)
    if covered < LEAST_OVERLAP:
        raise GeometryError(
            f"{100 * covered:.1f} % of fixed {fixed.name!r} lies within moving {moving.name!r}",
            where=f"fixed: {fixed.grid}; moving: {moving.grid}",
            mend="start from a rigid or affine registration, or give an initial transform",
        )
    return replace(pair, partial=covered < 1)


def whole(pair: Pair, deformation: Transform) -> Transform:
    """The deformation with the initial transform after it."""
    from RegSuite.transforms.composite import CompositeTransform

    return deformation if pair.initial is None else CompositeTransform.of(deformation, pair.initial)


def _check(fixed: Image, moving: Image, initial: Transform | None) -> None:
    if fixed.ndim != moving.ndim or (initial is not None and initial.ndim != fixed.ndim):
        start = "" if initial is None else f", the initial transform {initial.ndim}D"
        raise InputError(
            f"fixed {fixed.name!r} is {fixed.ndim}D, moving {moving.name!r} is {moving.ndim}D{start}",
            mend="register two images of one dimension (a slice to a volume is the slices workflow)",
        )
    if fixed.channels != moving.channels:
        raise InputError(
            f"fixed {fixed.name!r} has {fixed.channels} channels, moving {moving.name!r} {moving.channels}",
            mend="give images with the same channels",
        )
    for image in (fixed, moving):
        if image.mask is not None and not bool(image.mask.any()):
            raise InputError(
                "the mask is empty", where=image.name, mend="give a mask with voxels in it, or none"
            )
        inside = image.data if image.mask is None else image.data[:, image.mask]
        low, high = float(inside.min()), float(inside.max())  # NaN and Inf show in either
        if not np.isfinite([low, high]).all():
            raise InputError(
                "values are not finite", where=image.name, mend="replace NaN and Inf, or mask them"
            )
        if not high > low:
            raise InputError(
                f"all voxels are {low:g}: nothing to register",
                where=image.name,
                mend="check the image or its mask",
            )


def _mask(image: Image) -> Tensor | None:
    return None if image.mask is None else volume_values(image.mask[None].bool(), image.ndim)[0]


def _three(matrix: np.ndarray) -> np.ndarray:
    """A 2D homogeneous matrix as the 3D one that leaves z alone."""
    if len(matrix) == 4:
        return matrix
    out = np.eye(4)
    out[:2, :2], out[:2, 3] = matrix[:2, :2], matrix[:2, 2]
    return out


def _covered(pair: Pair) -> float:
    """Share of a lattice over the fixed volume's outer faces that lies within the moving one's."""
    axes = [np.linspace(-0.5, n - 0.5, 9) if n > 1 else np.zeros(1) for n in pair.fixed_grid.size]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = pair.fixed_grid.points(index) @ pair.matrix[:3, :3].T + pair.matrix[:3, 3]
    slack = 1e-3  # voxels: equal grids cover each other
    at = pair.moving_grid.index(points)
    size = np.asarray(pair.moving_grid.size)
    return float(((at >= -0.5 - slack) & (at <= size - 0.5 + slack)).all(axis=-1).mean())


def _pulled(moving: Image, grid: Grid, initial: Transform) -> Image:
    """The moving image (and mask) on the fixed grid through `initial`; what is outside is masked."""
    device = moving.data.device
    field = initial.displacement(grid).to(device)
    affine = (moving.grid.inverse_matrix @ grid.matrix)[: grid.ndim]
    to_voxels = moving.grid.inverse_matrix[: grid.ndim, : grid.ndim]
    there = torch.ones_like(moving.data[:1]) if moving.mask is None else moving.mask[None].float()
    inside = warp(there.float(), grid.shape, affine, field, to_voxels, outside=0.0)[0] > 0.5
    data = torch.where(torch.isfinite(moving.data), moving.data, torch.zeros_like(moving.data)).float()
    values = warp(data, grid.shape, affine, field, to_voxels)
    return replace(moving, data=values, grid=grid, mask=None if bool(inside.all()) else inside)
