"""The exponential of a stationary velocity field: scaling and squaring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.numerics.resample import warp

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

LARGEST_STEP_VOXELS = 0.5
"""Length of the first step of scaling and squaring; its midpoint rule is then good to 1e-3 voxel."""


def exponential(velocity_mm: Tensor, grid: Grid, squarings: int | None = None) -> Tensor:
    """u with x + u(x) = exp(v)(x), the flow of v over unit time: float32 [d, *shape], LPS mm.

    velocity_mm: float32 [d, *shape] on `grid`; beyond the grid the border's velocity goes on.
    squarings: n of the 2^n equal steps; chosen so that a step is at most half a voxel if None.
    The first step is a midpoint (second order) step. Working memory: one more field.
    Source: Arsigny et al. 2006, MICCAI, doi:10.1007/11866565_113, section 3.
    """
    n = squarings_needed(velocity_mm, grid) if squarings is None else squarings
    scaled = velocity_mm.float() * 2.0**-n
    u = at_displaced(scaled, scaled * 0.5, grid)
    for _ in range(n):
        u = at_displaced(u, u, grid).add_(u)
    return u


def squarings_needed(velocity_mm: Tensor, grid: Grid) -> int:
    """Least n with |v| / 2^n at most half a voxel along every voxel axis."""
    largest = largest_step_voxels(velocity_mm, grid)
    return max(0, math.ceil(math.log2(largest / LARGEST_STEP_VOXELS))) if largest > 0 else 0


def largest_step_voxels(field_mm: Tensor, grid: Grid) -> float:
    """The largest component of a field [d, *shape] along any voxel axis, in voxels."""
    d = grid.ndim
    to_voxels = torch.tensor(grid.inverse_matrix[:d, :d], dtype=field_mm.dtype, device=field_mm.device)
    largest = [torch.einsum("j,j...->...", row, field_mm).abs().amax() for row in to_voxels]
    return float(torch.stack(largest).amax())


def at_displaced(values: Tensor, displacement_mm: Tensor, grid: Grid) -> Tensor:
    """values [C, *shape] at x + u(x) on their own grid, borders repeated: float32 [C, *shape]."""
    d = grid.ndim
    return warp(values, grid.shape, np.eye(d, d + 1), displacement_mm, grid.inverse_matrix[:d, :d])
