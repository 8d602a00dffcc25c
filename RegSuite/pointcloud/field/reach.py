"""How far an organ's motion reaches into the tissue around it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid

REACH = 3.0
"""Bandwidths from its surface at which an organ moves its surroundings no more."""

STAY = 1 / 9
"""Share of the surroundings that stays with the similarity transform, in the same unit as `pull`."""


def pull(distance_mm: Tensor, bandwidth_mm: float) -> Tensor:
    """The organ's share a [n] in the motion of tissue at a distance from its surface; any shape.

    a = (B / d)^2 (1 - (d / 3B)^2)^2, 0 beyond 3 B. The tissue's motion is sum_l a_l v_l / (sum_l a_l + 1/9):
    v_l where the surface of organ l is reached (inverse-distance weights, Shepard 1968), nothing far away,
    once differentiable on the way.
    """
    square = (distance_mm / bandwidth_mm).square().clamp(min=1e-6)
    window = (1 - square / REACH**2).clamp(min=0)
    return window.square_().div_(square)


def distance_to(mask: Tensor, grid: Grid) -> Tensor:
    """Distance [*shape] in mm, float32, from each voxel of `grid` to the nearest true voxel of a mask."""
    from RegSuite.pointcloud.field.distance_kernel import squared_distance

    volume = np.ascontiguousarray(mask.numpy()).reshape((1,) * (3 - grid.ndim) + grid.shape)
    spacing = np.ones(3)
    spacing[: grid.ndim] = grid.spacing
    squared = squared_distance(volume, spacing.astype(np.float32))
    return torch.from_numpy(np.sqrt(squared, out=squared).reshape(grid.shape))
