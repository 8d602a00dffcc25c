"""The normal equations of local_systems in plain torch: for any device, and the reference in the tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from RegSuite.numerics.equations import Blocks, Equations, LocalStatistics


def local_statistics_plain(image: Tensor, radius: int, floor: float) -> LocalStatistics:
    """The statistics in plain torch."""
    mean = _window_mean(image, radius)
    variance = (_window_mean(image * image, radius) - mean * mean).clamp(min=0)
    return LocalStatistics(mean, (variance + floor).rsqrt(), radius, floor)


def lncc_equations_plain(
    fixed: Tensor,
    statistics: LocalStatistics,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    robust: float,
    every: tuple[int, ...],
) -> Equations:
    """`local_systems.lncc_equations` in plain torch."""
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


def residual_equations_plain(
    residual: Tensor,
    fixed: Tensor,
    warped: Tensor,
    weight: Tensor | None,
    blocks: Blocks,
    reach_mm: float,
    of_fixed: float,
    every: tuple[int, ...],
) -> Equations:
    """`local_systems.residual_equations` in plain torch."""
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
