"""Normal equations of a registration measure, one small system a node.

A measure that is a sum of squared residuals r(u) has, for a step d, the linear model
sum q (r - g . d)^2. Its normal equations (sum q g g^T) d = sum q r g are collected over blocks
of voxels: matrix = xx, yy, zz, xy, xz, yz of g g^T, vector = r g, in 1/mm along the lattice's
axes. On the demons' ground that a line through neighbouring voxels says nothing
beyond them, q r^2 / reach^2 is added to the diagonal: no voxel asks for more than reach / 2.

Fields here are [3, Z, Y, X] (a 2D image is one voxel thick). The compiled forms serve the CPU,
the plain ones any device and the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.numerics import kernels, kernels_lncc, kernels_residual
from RegSuite.numerics.equations import Blocks, Equations, LocalStatistics
from RegSuite.numerics.local_systems_plain import (
    lncc_equations_plain,
    local_statistics_plain,
    residual_equations_plain,
)

__all__ = [
    "Blocks",
    "Equations",
    "LocalStatistics",
    "lncc_equations",
    "lncc_system",
    "local_statistics",
    "residual_equations",
    "residual_system",
    "solve_nodes",
]


def local_statistics(image: Tensor, radius: int, floor: float) -> LocalStatistics:
    """Statistics of image [Z, Y, X]; at a border the voxels that exist count."""
    if kernels.serves(image):
        mean, precision = torch.empty(image.shape), torch.empty(image.shape)
        kernels_lncc.local_mean_and_precision(
            kernels.array(image), radius, np.float32(floor), mean.numpy(), precision.numpy()
        )
        return LocalStatistics(mean, precision, radius, floor)
    return local_statistics_plain(image, radius, floor)


ONE = (1, 1, 1)


def lncc_equations(
    fixed: Tensor,
    statistics: LocalStatistics,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    robust: float = 0.0,
    every: tuple[int, ...] = ONE,
) -> Equations:
    """The equations of the local correlation, fixed and warped [Z, Y, X].

    In each window the warped image is fitted to the fixed one by a line of slope s >= 0;
    r = ((F - mean F) - s (W - mean W)) / sd F at the window's middle, whose mean square follows
    1 - LNCC^2 (mostly a little less: the line is nearest to the window's middle), and
    g = (s grad W + grad F) / (2 sd F): the mean of both gradients (efficient second order
    minimisation, Vercauteren et al. 2009). robust: the r at which a voxel's weight is halved (0: off).
    In the equations (not in the loss) a voxel also weighs its squared correlation: where the images
    share nothing, the fixed one's gradient says nothing.
    """
    if not kernels.serves(fixed, warped, weight):
        return lncc_equations_plain(fixed, statistics, warped, weight, blocks, reach_mm, robust, every)
    matrix, vector, loss = _empty(fixed.shape, blocks, every)
    kernels_lncc.lncc_system(
        kernels.array(fixed),
        statistics.mean.numpy(),
        statistics.precision.numpy(),
        kernels.array(warped),
        _weights(weight),
        weight is not None,
        statistics.radius,
        np.float32(statistics.floor),
        blocks.per_mm,
        np.asarray(blocks.strides),
        np.asarray(every),
        np.float32(robust),
        np.float32(reach_mm),
        matrix.numpy(),
        vector.numpy(),
        loss,
    )
    return Equations(matrix, vector, every, _mean(loss))


def residual_equations(
    residual: Tensor,
    fixed: Tensor,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    of_fixed: float = 0.5,
    every: tuple[int, ...] = ONE,
) -> Equations:
    """The equations of residual images [C, Z, Y, X], summed over channels.

    g = of_fixed grad F + (1 - of_fixed) grad W: one half where F and W look alike (r = F - W).
    """
    if not kernels.serves(residual, fixed, warped, weight):
        return residual_equations_plain(residual, fixed, warped, weight, blocks, reach_mm, of_fixed, every)
    matrix, vector, loss = _empty(fixed.shape[1:], blocks, every)
    matrix.zero_()
    vector.zero_()
    for c in range(fixed.shape[0]):
        kernels_residual.residual_system(
            kernels.array(residual[c]),
            kernels.array(fixed[c]),
            kernels.array(warped[c]),
            _weights(weight),
            weight is not None,
            np.float32(of_fixed),
            blocks.per_mm,
            np.asarray(blocks.strides),
            np.asarray(every),
            np.float32(reach_mm),
            matrix.numpy(),
            vector.numpy(),
            loss,
        )
    return Equations(matrix, vector, every, _mean(loss))


def lncc_system(
    fixed: Tensor,
    statistics: LocalStatistics,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    robust: float = 0.0,
) -> tuple[Tensor, float]:
    """`lncc_equations` with a matrix at every node, as (system [9, *nodes], loss)."""
    found = lncc_equations(fixed, statistics, warped, weight, blocks, reach_mm, robust)
    return torch.cat([found.matrix, found.vector]), found.loss


def residual_system(
    residual: Tensor,
    fixed: Tensor,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    of_fixed: float = 0.5,
) -> tuple[Tensor, float]:
    """`residual_equations` with a matrix at every node, as (system [9, *nodes], loss)."""
    found = residual_equations(residual, fixed, warped, weight, blocks, reach_mm, of_fixed)
    return torch.cat([found.matrix, found.vector]), found.loss


def solve_nodes(system: Tensor, damping: float, longest_mm: float) -> Tensor:
    """d [3, *nodes] of a system [9, *nodes]; see Equations.solve."""
    return Equations(system[:6], system[6:], ONE, 0.0).solve(damping, longest_mm)


def _empty(
    shape: Sequence[int], blocks: Blocks, every: tuple[int, ...]
) -> tuple[Tensor, Tensor, NDArray[np.float64]]:
    wide = blocks.wide(every).nodes(shape)
    return torch.empty((6, *wide)), torch.empty((3, *blocks.nodes(shape))), np.zeros((wide[0], 2))


def _mean(loss: NDArray[np.float64]) -> float:
    total, weight = loss.sum(axis=0)
    return float(total / max(weight, 1e-12))


def _weights(weight: Tensor | None) -> NDArray[np.float32]:
    return np.zeros((1, 1, 1), np.float32) if weight is None else kernels.array(weight)
