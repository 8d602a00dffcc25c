"""Mutual information by Parzen windows, after Mattes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.similarity.base import Similarity
from RegSuite.similarity.pair import Pair, make_pair
from RegSuite.similarity.parzen import PADDING, JointSamples, Range, joint_histogram


@dataclass(frozen=True)
class MutualInformation(Similarity):
    """Mutual information of two images in nats, averaged over channels.

    I = sum_ab p(a,b) log(p(a,b) / (p(a) p(b))) over a joint histogram of `bins` x `bins`: zero
    order window on the fixed side, cubic B-spline on the moving side, two bins of margin at
    either end (so bins - 4 span the range), as ITK's Mattes metric has it.

    normalised: (H(a) + H(b)) / H(a,b) instead, 1 (independent) to 2, without unit (Studholme).
    fixed_range, warped_range: intensities (low, high) that the histogram spans; None takes the
    smallest and largest value over the mask (all voxels, before sampling), held constant in the
    gradient. Values beyond a given range are clamped to it and get no gradient.
    sampling_fraction: part of the mask's voxels that is looked at, drawn anew at every call from
    `generator`; without a generator always the same, evenly scattered voxels.
    Unchanged under linear intensity changes; with inverted contrast as good (equal up to the
    binning). An image that is constant gives 0 (normalised: 1) and no gradient.
    Memory: about 7 float64 numbers a voxel (with a mask 16). Not differentiable with respect to `fixed`.
    Source: Mattes et al., IEEE TMI 22 (2003) 120-128, doi:10.1109/TMI.2003.809072, equations
    5-9; Studholme et al., Pattern Recognition 32 (1999) 71-86, doi:10.1016/S0031-3203(98)00091-0.
    """

    bins: int = 32
    normalised: bool = False
    sampling_fraction: float = 1.0
    fixed_range: Range | None = None
    warped_range: Range | None = None
    generator: torch.Generator | None = field(default=None, repr=False, compare=False)

    name: ClassVar[str] = "mi"
    higher_is_better: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.bins < 2 * PADDING + 2:
            raise InputError(
                f"{self.bins} bins are too few: {2 * PADDING} of them are margin", mend="give 32 to 64"
            )
        if not 0 < self.sampling_fraction <= 1:
            raise InputError(
                f"sampling_fraction {self.sampling_fraction} is not in 0..1", mend="give 1 for all voxels"
            )
        for what, limits in (("fixed_range", self.fixed_range), ("warped_range", self.warped_range)):
            if limits is not None and not limits[0] < limits[1]:
                raise InputError(f"{what} {limits} has no width", mend="give (low, high) with low < high")

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mutual information: a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        values = [self._measure(joint_histogram(samples)) for samples in self._samples(pair)]
        return torch.stack(values).mean()

    @torch.no_grad()
    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """-value and its gradient: each voxel reads its bins of d value / d p."""
        pair = make_pair(fixed, warped, mask)
        gradient = torch.zeros(pair.warped.shape, dtype=pair.warped.dtype, device=warped.device)
        total = 0.0
        for channel, samples in zip(gradient, self._samples(pair), strict=True):
            joint = joint_histogram(samples)
            total += float(self._measure(joint))
            pull = samples.pull(self._derivative(joint)).mul_(-1 / pair.channels).to(channel.dtype)
            if samples.index is None:
                channel.copy_(pull.reshape(channel.shape))
            else:
                channel.view(-1).index_add_(0, samples.index, pull)
        return -total / pair.channels, gradient.to(warped.dtype)

    def _samples(self, pair: Pair) -> Iterator[JointSamples]:
        """The samples of each channel, all at the same voxels."""
        index = self._chosen(pair)
        for fixed, warped in zip(pair.fixed, pair.warped, strict=True):
            yield JointSamples.take(
                fixed, warped, pair.weights, index, self.bins, self.fixed_range, self.warped_range
            )

    def _chosen(self, pair: Pair) -> Tensor | None:
        """Flat indices of the voxels to look at, None for all."""
        device = pair.fixed.device
        inside = None if pair.weights is None else pair.weights.flatten().nonzero().squeeze(1)
        if self.sampling_fraction == 1:
            return inside
        n = pair.fixed[0].numel() if inside is None else inside.numel()
        wanted = max(1, round(self.sampling_fraction * n))
        if self.generator is None:
            golden = (5**0.5 - 1) / 2  # multiples of it, modulo 1, spread evenly and follow no row
            place = torch.arange(wanted, dtype=torch.float64) * golden % 1
            chosen = (place * n).long().clamp_(max=n - 1)
        else:
            chosen = torch.randint(n, (wanted,), generator=self.generator, device=self.generator.device)
        chosen = chosen.to(device)
        return chosen if inside is None else inside[chosen]

    def _measure(self, joint: Tensor) -> Tensor:
        """The value of a joint histogram [bins, bins] whose sum is 1."""
        of_fixed, of_warped, both = _entropy(joint.sum(1)), _entropy(joint.sum(0)), _entropy(joint)
        if not self.normalised:
            return of_fixed + of_warped - both
        return torch.where(both > 0, (of_fixed + of_warped) / both.clamp(min=1e-12), 1)

    def _derivative(self, joint: Tensor) -> Tensor:
        """d value / d p(a,b), up to a constant of each row a (which no voxel changes)."""
        log_joint, log_warped = _log(joint), _log(joint.sum(0))
        if not self.normalised:
            return log_joint - log_warped
        both = _entropy(joint)
        if float(both) == 0:
            return torch.zeros_like(joint)
        return (self._measure(joint) * log_joint - log_warped) / both


def _log(probability: Tensor) -> Tensor:
    """Logarithm, 0 where the probability is 0."""
    return torch.where(probability > 0, probability, 1).log()


def _entropy(probability: Tensor) -> Tensor:
    """-sum p log p in nats."""
    return -(probability * _log(probability)).sum()
