"""Derivatives of a displacement in mm, and their determinant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

VOXELS_AT_ONCE = 1 << 18


def gradient_mm(values: Tensor, grid: Grid) -> Tensor:
    """Gradient along x, y, z of LPS space in 1/mm: [C, *shape] -> [C, d, *shape].

    Central differences, one-sided at the borders, 0 along an axis of one voxel.
    """
    ndim = grid.ndim
    parts = []
    for axis in range(ndim):  # voxel axis x, y, z is tensor dimension -1, -2, -3
        parts.append(_slope(values, grid.spacing[axis], values.ndim - 1 - axis))
    along_axes = torch.stack(parts, dim=1)
    direction = torch.as_tensor(grid.direction, dtype=values.dtype, device=values.device)
    return torch.einsum("pa,ca...->cp...", direction, along_axes)


def jacobian_determinant(displacement_mm: Tensor, grid: Grid) -> Tensor:
    """det(I + du/dx) of a displacement [d, *shape] in LPS mm: [*shape].

    Central differences, one-sided at the borders; an axis of one voxel counts as undeformed
    (derivative 0). Some slices at a time, so that beside the result little memory is needed.
    """
    d, count = grid.ndim, grid.shape[0]
    # det(I + D^T du/dx D) is the same determinant: turned once, no voxel needs the direction
    direction = torch.as_tensor(grid.direction, dtype=displacement_mm.dtype, device=displacement_mm.device)
    step = max(1, VOXELS_AT_ONCE * count // grid.voxels)
    parts = []
    for start in range(0, count, step):
        stop = min(start + step, count)
        low, high = max(start - 1, 0), min(stop + 1, count)
        block = torch.einsum("pa,p...->a...", direction, displacement_mm[:, low:high])
        slopes = [_slope(block, grid.spacing[axis], block.ndim - 1 - axis) for axis in range(d)]
        kept = torch.stack(slopes, dim=1)[:, :, start - low : stop - low]
        parts.append(determinant_of_identity_plus(kept))
    return torch.cat(parts)


def determinant_of_identity_plus(g: Tensor) -> Tensor:
    """det(I + g) of matrices [d, d, ...], row index first: [...]."""
    d = len(g)
    a = [[g[i, j] + (1.0 if i == j else 0.0) for j in range(d)] for i in range(d)]
    if d == 2:
        return a[0][0] * a[1][1] - a[0][1] * a[1][0]
    return (
        a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1])
        - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
        + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0])
    )


def _slope(values: Tensor, spacing_mm: float, dim: int) -> Tensor:
    """Derivative in 1/mm along one tensor dimension, 0 where it has one voxel."""
    if values.shape[dim] == 1:
        return torch.zeros_like(values)
    slope: Tensor = torch.gradient(values, spacing=spacing_mm, dim=dim)[0]
    return slope
