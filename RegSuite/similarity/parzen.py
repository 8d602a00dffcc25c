"""Joint histograms with a cubic B-spline window on one side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.similarity.pair import accumulator

Range = tuple[float, float]
"""Lowest and highest intensity of a histogram."""

PADDING = 2
"""Bins of margin at either end, so that the window of every value fits in."""

TAPS = 4
"""Bins that the cubic window of one value covers."""


@dataclass(frozen=True, eq=False)
class JointSamples:
    """N voxels of two images as a joint histogram takes them.

    first: [N] flat index (row of the fixed bin, first column of the moving window).
    place: [N] where in its window each moving value lies, 0..1. weights: [N] with sum 1, or None.
    moves: [N] whether the moving value lies within the range (else it is clamped).
    index: [N] flat voxel indices, None for all voxels in order. bin_width: of the moving side.
    """

    first: Tensor
    place: Tensor
    weights: Tensor | None
    moves: Tensor | None
    index: Tensor | None
    bin_width: float
    bins: int

    @classmethod
    def take(
        cls,
        fixed: Tensor,
        warped: Tensor,
        weights: Tensor | None,
        index: Tensor | None,
        bins: int,
        fixed_range: Range | None,
        warped_range: Range | None,
    ) -> JointSamples:
        """The samples of one channel [*shape] at the voxels `index` (all of them if None)."""
        inside = None if weights is None else weights > 0
        fixed_term, _, _ = _bin_coordinate(fixed, inside, index, bins, fixed_range)
        warped_term, moves, width = _bin_coordinate(warped, inside, index, bins, warped_range)
        row = _whole(fixed_term, bins)
        column = _whole(warped_term, bins)
        place = warped_term - column
        if weights is not None:
            weights = _at(weights, index).to(place.dtype)
            weights = weights / weights.sum()
        return cls(row * bins + column.long() - 1, place, weights, moves, index, width, bins)

    def pull(self, derivative: Tensor) -> Tensor:
        """d value / d warped at each sample [N], of `derivative` = d value / d histogram [bins, bins]."""
        table = derivative.flatten()
        out = torch.zeros_like(self.place)
        for tap in range(TAPS):
            out.addcmul_(_window_slope(self.place, tap), table[self.first + tap])
        scale = 1 / self.bin_width
        out.mul_(scale / self.place.numel() if self.weights is None else self.weights * scale)
        return out if self.moves is None else out.mul_(self.moves)


def joint_histogram(samples: JointSamples) -> Tensor:
    """Probabilities [bins, bins] (fixed, moving), sum 1; differentiable in the moving values."""
    size = samples.bins**2
    histogram = torch.zeros(size, dtype=samples.place.dtype, device=samples.place.device)
    for tap in range(TAPS):
        window = _window(samples.place, tap)
        weighed = window / window.numel() if samples.weights is None else window * samples.weights
        if weighed.requires_grad or weighed.dtype != torch.float64:
            histogram = histogram.index_add(0, samples.first + tap, weighed)
        else:  # the quick way, which has no derivative
            histogram += torch.bincount(samples.first + tap, weighed, size)
    return histogram.reshape(samples.bins, samples.bins)


def _bin_coordinate(
    image: Tensor, inside: Tensor | None, index: Tensor | None, bins: int, limits: Range | None
) -> tuple[Tensor, Tensor | None, float]:
    """Position of each sample in bins, whether it lies within the limits, and the bin width."""
    if limits is None:
        values = image.detach()[inside] if inside is not None else image.detach()
        low, high = (float(v) for v in values.aminmax())
        if not math.isfinite(high - low):
            raise InputError(
                f"intensities from {low} to {high} have no histogram", mend="mask or replace NaN and infinity"
            )
    else:
        low, high = limits
    width = (high - low) / (bins - 2 * PADDING) or 1.0
    sampled = _at(image, index).to(accumulator(image.device))
    moves = None if limits is None else (sampled >= low) & (sampled <= high)
    sampled = sampled.clamp(low, high)
    return (sampled - low) / width + PADDING, moves, width


def _at(image: Tensor, index: Tensor | None) -> Tensor:
    return image.flatten() if index is None else image.flatten()[index]


def _whole(term: Tensor, bins: int) -> Tensor:
    """The bin that a position falls in, [N] int64; the highest value belongs to the last bin inside."""
    return term.detach().floor().clamp_(PADDING, bins - PADDING - 1).long()


def _window(place: Tensor, tap: int) -> Tensor:
    """Cubic B-spline weight of bin number `tap` - 1 from the one that the value lies in."""
    t = place
    if tap == 0:
        return (1 - t) ** 3 / 6
    if tap == 1:
        return (3 * t**3 - 6 * t**2 + 4) / 6
    if tap == 2:
        return (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
    return t**3 / 6


def _window_slope(place: Tensor, tap: int) -> Tensor:
    """Derivative of `_window` with respect to place."""
    t = place
    if tap == 0:
        return -((1 - t) ** 2) / 2
    if tap == 1:
        return (3 * t**2 - 4 * t) / 2
    if tap == 2:
        return (-3 * t**2 + 2 * t + 1) / 2
    return t**2 / 2
