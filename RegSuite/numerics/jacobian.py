"""Derivatives of a displacement in mm, and their determinant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


def gradient_mm(values: Tensor, grid: Grid) -> Tensor:
    """Gradient along x, y, z of LPS space in 1/mm: [C, *shape] -> [C, d, *shape].

    Central differences, one-sided at the borders, 0 along an axis of one voxel.
    """
    ndim = grid.ndim
    parts = []
    for axis in range(ndim):  # voxel axis x, y, z is tensor dimension -1, -2, -3
        dim = values.ndim - 1 - axis
        if values.shape[dim] == 1:
            parts.append(torch.zeros_like(values))
        else:
            parts.append(torch.gradient(values, spacing=grid.spacing[axis], dim=dim)[0])
    along_axes = torch.stack(parts, dim=1)
    direction = torch.as_tensor(grid.direction, dtype=values.dtype, device=values.device)
    return torch.einsum("pa,ca...->cp...", direction, along_axes)


def jacobian_determinant(displacement_mm: Tensor, grid: Grid) -> Tensor:
    """det(I + du/dx) of a displacement [d, *shape] in LPS mm: [*shape].

    An axis of one voxel counts as undeformed (derivative 0).
    """
    d = grid.ndim
    g = gradient_mm(displacement_mm, grid)
    a = [[g[i, j] + (1.0 if i == j else 0.0) for j in range(d)] for i in range(d)]
    if d == 2:
        return a[0][0] * a[1][1] - a[0][1] * a[1][0]
    return (
        a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1])
        - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
        + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0])
    )
