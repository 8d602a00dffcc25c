"""Descriptors of both images on lattices of one voxel size and one direction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.numerics.resample import warp
from RegSuite.numerics.smoothing import gaussian
from RegSuite.similarity.mind import mind_ssc

FloatArray = NDArray[np.float64]

MOST_VOXELS = 8e6
"""Of a lattice: MIND-SSC needs 25 floats a voxel while it is made, 0.8 GB."""

MARGIN_VOXELS = 6
"""Around the places searched: patches and descriptors reach so far."""


@dataclass(frozen=True, eq=False)
class Described:
    """Descriptors as bytes (255 is 1), uint8 [z, y, x, C], on `grid`; 2D has one voxel along z.

    inside: uint8 [z, y, x], where the image (and its mask) has data.
    """

    values: NDArray[np.uint8]
    inside: NDArray[np.uint8]
    grid: Grid

    def index(self, points_mm: FloatArray) -> FloatArray:
        """Fractional voxels [n, 3] (x, y, z; z is 0 in 2D) of LPS points [n, d]."""
        out = np.zeros((len(points_mm), 3))
        out[:, : self.grid.ndim] = self.grid.index(points_mm)
        return out


def lattice_around(
    points_mm: FloatArray, like: Grid, spacing_mm: float, reach_mm: float, corners_mm: FloatArray
) -> Grid:
    """Cubes of `spacing_mm` with the direction of `like` around points and `reach_mm` more.

    corners_mm: [n, d] of the image that will be described; the lattice does not go beyond them. An axis
    of `like` with one voxel keeps it. Raises GeometryError where nothing of the image is near.
    """
    d = like.ndim
    axes = np.asarray(like.direction)
    margin = reach_mm + MARGIN_VOXELS * spacing_mm
    turned = points_mm @ axes
    ends = corners_mm @ axes
    low = np.maximum(turned.min(axis=0) - margin, ends.min(axis=0) + 0.5 * spacing_mm)
    high = np.minimum(turned.max(axis=0) + margin, ends.max(axis=0) - 0.5 * spacing_mm)
    if (low > high + spacing_mm).any():
        raise GeometryError(
            f"no keypoint of the fixed image comes within {reach_mm:g} mm of the moving image",
            mend="give a start (center-of-mass, or a transform file), or check the frames of reference",
        )
    spacing = [spacing_mm] * d
    size = np.maximum(1, np.floor((high - low) / spacing_mm + 1e-6).astype(int) + 1)
    for a in range(d):
        if like.size[a] == 1:
            size[a], low[a], spacing[a] = 1, float(like.centre @ axes[:, a]), like.spacing[a]
    return Grid.make(size.tolist(), spacing, (axes @ low).tolist(), axes)


def describe(image: Image, grid: Grid, before: FloatArray | None = None) -> Described:
    """MIND-SSC of the image's first channel on `grid` (same dimension), smoothed to its voxels.

    Places outside of the image's mask are marked, not blanked. before: [d+1, d+1], from the points of
    `grid` to those of the image, the identity if None. Memory: about 30 floats a voxel of `grid`.
    """
    d = grid.ndim
    through = grid.matrix if before is None else before @ grid.matrix
    affine = (image.grid.inverse_matrix @ through)[:d]
    mask = image.mask
    values = image.data[:1].cpu().float()
    sigmas = [_sigma(s, grid.spacing[0]) if n > 1 else 0.0 for s, n in _axes(image.grid)]
    values = warp(gaussian(values, sigmas), grid.shape, affine)
    described = mind_ssc(values)
    with torch.no_grad():
        stored = (described * 255 + 0.5).to(torch.uint8).movedim(0, -1).contiguous()
    covered = torch.ones((1, *image.grid.shape)) if mask is None else mask[None].cpu().float()
    inside = warp(covered, grid.shape, affine, outside=0.0)[0] >= 0.5
    volume = (1,) * (3 - d) + grid.shape
    return Described(
        stored.reshape(*volume, stored.shape[-1]).numpy(), inside.reshape(volume).byte().numpy(), grid
    )


def finest_spacing(fixed: Grid, moving: Grid, wanted: float | None) -> float:
    """The last search's voxel size in mm: as wanted, but never so that a lattice has over MOST_VOXELS.

    If None, the smallest spacing of both images, at least half of the fixed one's geometric mean: where one
    image is finer, or the slices are thick, it still tells more than a lattice of the mean.
    """
    spacing = wanted
    if spacing is None:
        mean = math.exp(np.mean([math.log(s) for s, n in _axes(fixed) if n > 1]))
        spacing = max(min(s for grid in (fixed, moving) for s, n in _axes(grid) if n > 1), mean / 2)
    dims = sum(n > 1 for n in fixed.size)
    return max(spacing, float((_volume(fixed) / MOST_VOXELS) ** (1 / dims)))


def _volume(grid: Grid) -> float:
    return math.prod(n * s for s, n in _axes(grid) if n > 1)


def _axes(grid: Grid) -> Sequence[tuple[float, int]]:
    return list(zip(grid.spacing, grid.size, strict=True))


def _sigma(have_mm: float, want_mm: float) -> float:
    """Voxels of smoothing that bring a voxel of `have_mm` to one of `want_mm`."""
    return 0.5 * math.sqrt(max((want_mm / have_mm) ** 2 - 1, 0.0))
