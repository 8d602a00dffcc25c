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
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.numerics import kernels, kernels_lncc, kernels_residual


@dataclass(frozen=True)
class Blocks:
    """How voxels are gathered to nodes: spacing in mm and voxels a block, both x, y, z."""

    spacing: tuple[float, ...]
    strides: tuple[int, ...]

    def nodes(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Shape (z, y, x) of the node lattice of an image of `shape`."""
        return tuple(-(-n // s) for n, s in zip(shape, self.strides[::-1], strict=True))

    def wide(self, every: Sequence[int]) -> Blocks:
        """Blocks of `every` (x, y, z) of these."""
        return Blocks(self.spacing, tuple(s * e for s, e in zip(self.strides, every, strict=True)))

    @property
    def per_mm(self) -> NDArray[np.float32]:
        """1 / spacing."""
        return (1.0 / np.asarray(self.spacing)).astype(np.float32)


@dataclass(frozen=True)
class LocalStatistics:
    """Mean and 1 / sqrt(variance + floor) of the fixed image in windows of 2 radius + 1 voxels."""

    mean: Tensor
    precision: Tensor
    radius: int
    floor: float


def local_statistics(image: Tensor, radius: int, floor: float) -> LocalStatistics:
    """Statistics of image [Z, Y, X]; at a border the voxels that exist count."""
    if kernels.serves(image):
        mean, precision = torch.empty(image.shape), torch.empty(image.shape)
        kernels_lncc.local_mean_and_precision(
            kernels.array(image), radius, np.float32(floor), mean.numpy(), precision.numpy()
        )
        return LocalStatistics(mean, precision, radius, floor)
    mean = _window_mean(image, radius)
    variance = (_window_mean(image * image, radius) - mean * mean).clamp(min=0)
    return LocalStatistics(mean, (variance + floor).rsqrt(), radius, floor)


@dataclass(frozen=True)
class Equations:
    """matrix [6, *wide nodes], vector [3, *nodes], loss: the mean weighted r^2.

    A block of `every` (x, y, z) nodes shares one matrix: it varies less than the vector does,
    and six of the nine channels are then an eighth of the work.
    """

    matrix: Tensor
    vector: Tensor
    every: tuple[int, ...]
    loss: float

    def add(self, other: Equations) -> Equations:
        """The equations of both together (the loss is summed too)."""
        return Equations(
            self.matrix + other.matrix, self.vector + other.vector, self.every, self.loss + other.loss
        )

    def solve(self, damping: float, longest_mm: float) -> Tensor:
        """d [3, *nodes] with (matrix + damping I) d = vector node by node, at most `longest_mm` long."""
        if not kernels.serves(self.matrix, self.vector):
            return _solve_plain(self, damping, longest_mm)
        out = torch.empty_like(self.vector, memory_format=torch.contiguous_format)
        kernels_residual.solve_nodes(
            kernels.array(self.matrix),
            kernels.array(self.vector),
            np.asarray(self.every),
            np.float32(damping),
            np.float32(longest_mm),
            out.numpy(),
        )
        return out


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
        return _lncc_plain(fixed, statistics, warped, weight, blocks, reach_mm, robust, every)
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
        return _residual_plain(residual, fixed, warped, weight, blocks, reach_mm, of_fixed, every)
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


def _solve_plain(equations: Equations, damping: float, longest_mm: float) -> Tensor:
    matrix = equations.matrix
    for axis, every in enumerate(equations.every):
        dim = 3 - axis
        matrix = matrix.repeat_interleave(every, dim).narrow(dim, 0, equations.vector.shape[dim])
    h = matrix[[0, 3, 4, 3, 1, 5, 4, 5, 2]].movedim(0, -1).reshape(*matrix.shape[1:], 3, 3)
    h = h + damping * torch.eye(3, dtype=h.dtype, device=h.device)
    d = torch.linalg.solve(h, equations.vector.movedim(0, -1)).movedim(-1, 0)
    length = d.square().sum(dim=0).sqrt()
    limited: Tensor = d * (longest_mm / length.clamp(min=longest_mm))
    return limited


def _empty(
    shape: Sequence[int], blocks: Blocks, every: tuple[int, ...]
) -> tuple[Tensor, Tensor, NDArray[np.float64]]:
    wide = blocks.wide(every).nodes(shape)
    return torch.empty((6, *wide)), torch.empty((3, *blocks.nodes(shape))), np.zeros((wide[0], 2))


def _lncc_plain(
    fixed: Tensor,
    statistics: LocalStatistics,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    robust: float,
    every: tuple[int, ...],
) -> Equations:
    mean, radius = statistics.mean, statistics.radius
    mean_w = _window_mean(warped, radius)
    variance = (_window_mean(warped * warped, radius) - mean_w * mean_w).clamp(min=0)
    covariance = _window_mean(warped * fixed, radius) - mean_w * mean
    slope = covariance.clamp(min=0) / (variance + statistics.floor)
    r = statistics.precision * ((fixed - mean) - slope * (warped - mean_w))
    q = torch.ones_like(r) if robust == 0 else 1 / (1 + (r / robust) ** 2)
    if weight is not None:
        q = q * weight
    g = 0.5 * statistics.precision * (slope * _gradient(warped, blocks) + _gradient(fixed, blocks))
    correlation2 = (slope * statistics.precision).square() * (variance + statistics.floor)
    found = _collect(g, r, q * correlation2, blocks, reach_mm, every)
    return replace(found, loss=_weighted_mean(r, q))


def _residual_plain(
    residual: Tensor,
    fixed: Tensor,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    of_fixed: float,
    every: tuple[int, ...],
) -> Equations:
    q = torch.ones_like(residual[0]) if weight is None else weight
    parts = []
    for r, f, w in zip(residual, fixed, warped, strict=True):
        g = of_fixed * _gradient(f, blocks) + (1 - of_fixed) * _gradient(w, blocks)
        parts.append(_collect(g, r, q, blocks, reach_mm, every))
    total = parts[0]
    for part in parts[1:]:
        total = total.add(part)
    return Equations(total.matrix, total.vector, every, total.loss / len(parts))


def _collect(
    g: Tensor, r: Tensor, q: Tensor, blocks: Blocks, reach_mm: float, every: tuple[int, ...]
) -> Equations:
    """Sums over blocks of q (g g^T + r^2 / reach^2 I) and q r g, with the mean of q r^2."""
    bound = r * r / reach_mm**2
    x, y, z = g
    products = [x * x + bound, y * y + bound, z * z + bound, x * y, x * z, y * z]
    matrix = _block_sums(torch.stack([q * part for part in products]), blocks.wide(every).strides)
    vector = _block_sums(torch.stack([q * r * part for part in (x, y, z)]), blocks.strides)
    return Equations(matrix, vector, every, _weighted_mean(r, q))


def _weighted_mean(r: Tensor, q: Tensor) -> float:
    return float((q * r * r).sum() / q.sum().clamp(min=1e-12))


def _block_sums(values: Tensor, strides: tuple[int, ...]) -> Tensor:
    pad: list[int] = []
    for count, stride in zip(values.shape[:0:-1], strides, strict=True):
        pad += [0, -count % stride]
    kernel = strides[::-1]
    return nnf.avg_pool3d(nnf.pad(values, pad)[None], kernel, kernel)[0] * float(np.prod(strides))


def _gradient(image: Tensor, blocks: Blocks) -> Tensor:
    """Half the difference of both neighbours over the spacing; the border voxel is its own neighbour."""
    parts = []
    for axis, spacing in enumerate(blocks.spacing):
        dim = 2 - axis
        count = image.shape[dim]
        index = torch.arange(count, device=image.device)
        after = image.index_select(dim, (index + 1).clamp(max=count - 1))
        before = image.index_select(dim, (index - 1).clamp(min=0))
        parts.append((after - before) * (0.5 / spacing))
    return torch.stack(parts)


def _window_mean(image: Tensor, radius: int) -> Tensor:
    """Means over windows of 2 radius + 1 voxels; at a border, of the voxels that exist."""
    pad = (radius,) * 6  # not avg_pool3d's own padding: it refuses images thinner than the window
    both = torch.stack([image, torch.ones_like(image)])
    sums, counts = nnf.avg_pool3d(nnf.pad(both, pad)[:, None], 2 * radius + 1, 1)[:, 0]
    mean: Tensor = sums / counts
    return mean


def _mean(loss: NDArray[np.float64]) -> float:
    total, weight = loss.sum(axis=0)
    return float(total / max(weight, 1e-12))


def _weights(weight: Tensor | None) -> NDArray[np.float32]:
    return np.zeros((1, 1, 1), np.float32) if weight is None else kernels.array(weight)
