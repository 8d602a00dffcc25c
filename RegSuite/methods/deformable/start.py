"""The initial transform, split into a linear map and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.base import Transform
from RegSuite.transforms.inversion import fitted_affine


@dataclass(frozen=True)
class Start:
    """initial(x) = linear(x + rest(x)); rest: [d, *grid.shape] LPS mm on `grid`, or None."""

    linear: AffineTransform
    rest: Tensor | None


def split_start(initial: Transform | None, grid: Grid) -> Start:
    """An affine initial transform as it is; any other as its fitted affine map and the rest at `grid`."""
    if initial is None:
        return Start(AffineTransform.identity(grid.ndim), None)
    if isinstance(initial, AffineTransform):
        return Start(initial, None)
    displacement = initial.displacement(grid)
    homogeneous = fitted_affine(displacement, grid)
    linear = AffineTransform.from_homogeneous(homogeneous)
    return Start(linear, _rest(displacement, homogeneous, grid))


def _rest(displacement: Tensor, homogeneous: NDArray[np.float64], grid: Grid) -> Tensor:
    """linear^-1(x + u(x)) - x at the voxels of the grid."""
    import torch

    d = grid.ndim
    back = np.linalg.inv(homogeneous)
    points = torch.as_tensor(grid.all_points()).movedim(-1, 0)
    moved = points + displacement.double()
    turned = torch.einsum("ij,j...->i...", torch.as_tensor(back[:d, :d]), moved)
    offset = torch.as_tensor(back[:d, d]).reshape(d, *(1,) * d)
    return (turned + offset - points).float()
