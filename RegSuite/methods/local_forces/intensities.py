"""Intensities brought to one scale before they are compared."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from RegSuite.methods.local_forces.pair import Pair
from RegSuite.numerics.smoothing import gaussian, sigmas_voxels

Matching = Literal["histogram", "linear", "local", "none"]

QUANTILES = 64
MOST_SAMPLES = 200_000
FLAT = 1e-3
"""Local variance (image range 0..1) below which a neighbourhood counts as flat."""


def unit_range(pair: Pair) -> Pair:
    """Each channel of each image scaled so that its 0.5 and 99.5 percentiles are 0 and 1."""
    values = [
        torch.stack([_scaled(channel, mask) for channel in data])
        for data, mask in ((pair.fixed, pair.fixed_mask), (pair.moving, pair.moving_mask))
    ]
    return pair.with_values(*values)


def matched(pair: Pair, matching: Matching, local_mm: float) -> Pair:
    """Both images in units of the fixed image's standard deviation, the moving one's brought to it.

    histogram: equal quantiles; linear: equal mean and standard deviation; local: each less its
    Gaussian mean and over its Gaussian standard deviation (sigma `local_mm`); none: as they are.
    """
    if matching == "local":
        pair = unit_range(pair)
        return pair.with_values(
            _locally_normalised(pair.fixed, local_mm, pair.fixed_grid.spacing),
            _locally_normalised(pair.moving, local_mm, pair.moving_grid.spacing),
        )
    fixed, moving = [], []
    for f, m in zip(pair.fixed, pair.moving, strict=True):
        of_fixed, of_moving = _samples(f, pair.fixed_mask), _samples(m, pair.moving_mask)
        mean, sd = of_fixed.mean(), of_fixed.std().clamp(min=1e-12)
        if matching == "histogram":
            m = _through_quantiles(m, of_moving, of_fixed)
        elif matching == "linear":
            m = (m - of_moving.mean()) * (sd / of_moving.std().clamp(min=1e-12)) + mean
        fixed.append((f - mean) / sd)
        moving.append((m - mean) / sd)
    return pair.with_values(torch.stack(fixed), torch.stack(moving))


def _samples(channel: Tensor, mask: Tensor | None) -> Tensor:
    """At most MOST_SAMPLES values [n] within the mask, evenly strided."""
    values = channel.flatten() if mask is None else channel[mask]
    return values[:: max(1, len(values) // MOST_SAMPLES)]


def _scaled(channel: Tensor, mask: Tensor | None) -> Tensor:
    values = _samples(channel, mask)
    low, high = values.quantile(torch.tensor([0.005, 0.995], device=values.device)).tolist()
    if not high > low:  # nearly all voxels alike
        low, high = float(values.min()), float(values.max())
    scaled: Tensor = (channel - low) / max(high - low, 1e-12)
    return scaled


def _through_quantiles(channel: Tensor, of_moving: Tensor, of_fixed: Tensor) -> Tensor:
    """The channel with its quantiles moved to the fixed image's, linearly between and beyond them."""
    levels = torch.linspace(0.0, 1.0, QUANTILES + 1, device=channel.device)
    source, target = of_moving.quantile(levels), of_fixed.quantile(levels)
    keep = torch.cat([torch.ones_like(source[:1], dtype=torch.bool), source[1:] > source[:-1]])
    source, target = source[keep], target[keep]
    if len(source) < 2:
        return channel
    cell = torch.bucketize(channel.contiguous(), source).clamp(1, len(source) - 1)
    slope = (target[1:] - target[:-1]) / (source[1:] - source[:-1])
    out: Tensor = target[cell - 1] + slope[cell - 1] * (channel - source[cell - 1])
    return out


def _locally_normalised(values: Tensor, sigma_mm: float, spacing: tuple[float, ...]) -> Tensor:
    sigmas = sigmas_voxels(sigma_mm, spacing)
    mean = gaussian(values, sigmas)
    variance = gaussian((values - mean).square(), sigmas)
    deviation = (variance + FLAT).sqrt()
    return torch.div(values - mean, deviation)
