"""The frame a network works in: upright axes, isotropic voxels, the rigid part of the motion taken out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.learning.uncertainty.recipe import HU_OFFSET, HU_RANGE
from RegSuite.numerics.resample import warp

FloatArray = NDArray[np.float64]
POINTS_OF_THE_FIT = 20_000


@dataclass(frozen=True, eq=False)
class Frame:
    """A pair and a found displacement as a network reads them.

    grid: isotropic voxels on the fixed image's axes, turned and flipped to lie nearest to L, P, S.
    fixed, moving: [Z, Y, X] (HU + 1000) / 4000; moving is read through `rigid` (a [4, 4] matrix in
    LPS mm: the rigid motion nearest to the found map), never warped. displacement_mm: [3, Z, Y, X],
    what the map does beyond `rigid`, T(x) = rigid(x + u(x)), along the grid's axes; NaN where undefined.
    """

    grid: Grid
    fixed: Tensor
    moving: Tensor
    displacement_mm: Tensor
    rigid: FloatArray

    def variance_weights(self) -> FloatArray:
        """[3, 3] W: var of LPS component c of T is the sum over axes a of W[c, a] times var along a."""
        turned = self.rigid[:3, :3] @ np.asarray(self.grid.direction)
        return np.asarray(turned**2, np.float64)


def frame_of(fixed: Image, moving: Image, displacement: Image, voxel_mm: float) -> Frame:
    """The frame of a pair: over the displacement's grid, in voxels of `voxel_mm`.

    displacement: u [3, Z, Y, X] in LPS mm, fixed point x to moving point x + u(x).
    Raises GeometryError for a section (2D), images of several channels, or a displacement that
    is undefined everywhere.
    """
    _check(fixed, moving, displacement)
    grid = upright_grid(displacement.grid, voxel_mm)
    rigid = rigid_part(displacement)
    return Frame(
        grid=grid,
        fixed=normalised(resampled(_smooth(fixed, voxel_mm), fixed.grid, grid, outside=-HU_OFFSET)[0]),
        moving=normalised(
            resampled(_smooth(moving, voxel_mm), moving.grid, grid, rigid, outside=-HU_OFFSET)[0]
        ),
        displacement_mm=resampled(_beyond(displacement, rigid, grid), displacement.grid, grid),
        rigid=rigid,
    )


def upright_grid(grid: Grid, voxel_mm: float) -> Grid:
    """Isotropic voxels over the box of `grid`, same middle, axes permuted and flipped nearest to L, P, S."""
    matrix = np.asarray(grid.direction)
    order = max(permutations(range(3)), key=lambda p: sum(abs(matrix[i, p[i]]) for i in range(3)))
    signs = np.sign([matrix[i, order[i]] for i in range(3)])
    direction = matrix[:, order] * signs
    size = [max(1, round(grid.extent_mm[a] / voxel_mm)) for a in order]
    origin = grid.centre - direction @ ((np.asarray(size) - 1) / 2 * voxel_mm)
    return Grid.make(size, voxel_mm, origin.tolist(), direction)


def rigid_part(displacement: Image) -> FloatArray:
    """[4, 4]: the rotation and shift nearest to x + u(x) in the mean square over the defined voxels.

    Source: Arun et al. 1987, IEEE PAMI 9(5), doi:10.1109/TPAMI.1987.4767965.
    Raises GeometryError where the displacement is undefined everywhere.
    """
    u = displacement.data.reshape(3, -1).double().cpu().numpy()
    known = np.flatnonzero(np.isfinite(u).all(axis=0))
    if known.size == 0:
        raise GeometryError(
            "the displacement is undefined everywhere", where=displacement.name, mend="register the pair anew"
        )
    known = known[:: max(1, known.size // POINTS_OF_THE_FIT)]
    index = np.stack(np.unravel_index(known, displacement.grid.shape)[::-1], axis=-1)
    here = displacement.grid.points(index)
    there = here + u[:, known].T
    middle_here, middle_there = here.mean(axis=0), there.mean(axis=0)
    left, _, right = np.linalg.svd((there - middle_there).T @ (here - middle_here))
    turn = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    out = np.eye(4)
    out[:3, :3] = turn
    out[:3, 3] = middle_there - turn @ middle_here
    return out


def resampled(
    values: Tensor, source: Grid, grid: Grid, through: FloatArray | None = None, outside: float | None = None
) -> Tensor:
    """Values [C, *S] of `source` at the voxels of `grid` (moved by a [4, 4] in mm): [C, *grid.shape]."""
    steps = source.inverse_matrix @ (np.eye(4) if through is None else through) @ grid.matrix
    return warp(values.contiguous(), grid.shape, steps[:3], outside=outside)


def normalised(hu: Tensor) -> Tensor:
    """(HU + 1000) / 4000 between 0 (air) and 1, as in the paper."""
    return ((hu + HU_OFFSET) / HU_RANGE).clamp(0.0, 1.0)


def _smooth(image: Image, voxel_mm: float) -> Tensor:
    """The image without what coarser voxels cannot hold: blocks of its voxels averaged by a Gaussian."""
    from RegSuite.numerics.smoothing import gaussian

    wide = [0.4 * np.sqrt(max(0.0, (voxel_mm / s) ** 2 - 1)) for s in image.grid.spacing]
    return gaussian(image.data.float(), [float(s) for s in wide])


def _beyond(displacement: Image, rigid: FloatArray, grid: Grid) -> Tensor:
    """rigid^-1(x + u(x)) - x along the axes of `grid`, on the displacement's grid: [3, Z, Y, X] float32.

    The rigid part is taken off before anything is resampled, so that a large turn does no harm at borders.
    """
    back = torch.from_numpy(np.linalg.inv(rigid))
    here = torch.from_numpy(displacement.grid.all_points()).movedim(-1, 0)
    there = here + displacement.data.cpu().double()
    moved = torch.einsum("ij,j...->i...", back[:3, :3], there) + back[:3, 3].view(3, 1, 1, 1)
    axes = torch.from_numpy(np.asarray(grid.direction).T.copy())
    return torch.einsum("ac,c...->a...", axes, moved - here).float()


def _check(fixed: Image, moving: Image, displacement: Image) -> None:
    for what, image, channels in (
        ("fixed", fixed, 1),
        ("moving", moving, 1),
        ("displacement", displacement, 3),
    ):
        if image.ndim != 3 or image.channels != channels:
            raise GeometryError(
                f"{what} has {image.channels} channels in {image.ndim}D, not {channels} in 3D",
                where=image.name,
                mend="the network takes CT volumes and a displacement of three components",
            )
