"""A linear function of position on a grid, without a point list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from RegSuite.geometry import Grid


def linear_field(homogeneous: NDArray[np.float64], grid: Grid, device: torch.device | str = "cpu") -> Tensor:
    """A x + b at the voxel centres x (LPS mm) of `grid`: float32 [d, *shape].

    homogeneous: [d+1, d+1] (or its upper d rows) holding A and b. With H - I this is the
    displacement of an affine map, with log H its velocity. Only the result is allocated.
    """
    d = grid.ndim
    of_index = np.asarray(homogeneous, dtype=np.float64)[:d] @ grid.matrix
    out = torch.empty((d, *grid.shape), dtype=torch.float32, device=device)
    for component in range(d):
        outer = torch.full((1,) * d, of_index[component, d], dtype=torch.float64)
        for axis in range(1, d):
            outer = outer + _line(of_index[component, axis], grid.size[axis], axis, d)
        inner = _line(of_index[component, 0], grid.size[0], 0, d)
        torch.add(outer.float().to(device), inner.float().to(device), out=out[component])
    return out


def _line(slope: float, count: int, axis: int, ndim: int) -> Tensor:
    """slope * 0..count-1 along voxel axis `axis` (x is the last tensor dimension)."""
    shape = [1] * ndim
    shape[ndim - 1 - axis] = count
    return (float(slope) * torch.arange(count, dtype=torch.float64)).reshape(shape)
