"""The flow of a velocity field to the accuracy that truth needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.numerics.resample import warp

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

STEP_VOXELS = 2.0
"""Longest Runge-Kutta step. For a 10 mm map on a 1 mm grid a step of half a voxel differs by
0.0033 mm at most and 0.00006 mm on average (scaling and squaring: by 0.046 and 0.004 mm)."""


def flow(
    velocity_mm: Tensor, grid: Grid, step_voxels: float = STEP_VOXELS, start_mm: Tensor | None = None
) -> Tensor:
    """u with x + u(x) = exp(v)(x + start(x)) at the voxel centres x: float32 [d, *shape], LPS mm.

    velocity_mm: [d, *shape] on `grid`, linear between voxels, the border's velocity beyond.
    start_mm: where each voxel starts, as a displacement; at its own place if None.
    Every voxel is followed by itself in fourth-order Runge-Kutta steps of at most `step_voxels`:
    no map is interpolated, as scaling and squaring does at each squaring, so that the flows of
    v and -v are inverse to each other wherever they are taken. Four warps of v a step.
    """
    d = grid.ndim
    matrix = grid.inverse_matrix[:d, :d]
    identity = torch.eye(d, d + 1).numpy()
    to_voxels = torch.tensor(matrix, dtype=velocity_mm.dtype)
    longest = float(torch.einsum("ij,j...->i...", to_voxels, velocity_mm).square().sum(0).max().sqrt())
    steps = max(2, int(-(-longest // step_voxels)))

    def velocity_at(u: Tensor) -> Tensor:
        return warp(velocity_mm, grid.shape, identity, u, matrix)

    u = torch.zeros_like(velocity_mm) if start_mm is None else start_mm.clone()
    h = 1.0 / steps
    for _ in range(steps):
        k = velocity_at(u)
        total = k.clone()
        for reach, weight in ((h / 2, 2.0), (h / 2, 2.0), (h, 1.0)):
            k = velocity_at(torch.add(u, k, alpha=reach))
            total.add_(k, alpha=weight)
        u.add_(total, alpha=h / 6)
    return u
