"""Sums over boxes of voxels, at a cost that does not depend on the size of the box."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def box_sum(values: Tensor, radius: Sequence[int]) -> Tensor:
    """Sum of values [C, *shape] over the voxels within `radius` of each voxel along each axis.

    radius: in voxels, x, y, z order. Voxels beyond the border do not exist (the box is clipped),
    which makes the operation its own adjoint. A running sum and one subtraction an axis: give
    float64 (float32 loses the digits that the sum along an axis needs). Differentiable.
    """
    for axis, r in enumerate(radius):
        dim = values.ndim - 1 - axis
        n = values.shape[dim]
        if r == 0 or n == 1:
            continue
        running = values.cumsum(dim)
        last = (torch.arange(n, device=values.device) + r).clamp_(max=n - 1)
        values = running.index_select(dim, last)
        if n > r + 1:
            values.narrow(dim, r + 1, n - r - 1).sub_(running.narrow(dim, 0, n - r - 1))
    return values
