"""NCC: the correlation coefficient of two images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from RegSuite.similarity.base import Similarity
from RegSuite.similarity.pair import Pair, make_pair, per_channel

CONSTANT = 1e-6
"""An image whose standard deviation is at most this part of its root mean square counts as constant."""


@dataclass(frozen=True)
class NCC(Similarity):
    """Pearson's correlation coefficient over the mask, averaged over channels: -1 to 1.

    Unchanged when an image's intensities are scaled (by a positive factor) and shifted.
    squared: give r^2 (0 to 1) instead, for which inverted contrast is as good.
    An image that is constant (see CONSTANT) has r = 0 and no gradient.
    """

    squared: bool = False

    name: ClassVar[str] = "ncc"
    higher_is_better: ClassVar[bool] = True

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """r (or r^2): a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        r = _Moments(pair).r
        return (r.square() if self.squared else r).mean()

    @torch.no_grad()
    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """-r and its gradient -w (f / (sf sg) - r g / sg^2) / sum w, f and g centred."""
        pair = make_pair(fixed, warped, mask)
        m = _Moments(pair)
        outer = 2 * m.r if self.squared else torch.ones_like(m.r)
        scale = -torch.where(m.varies, outer, 0) / (pair.channels * pair.total)
        of_fixed = per_channel(scale / m.sd_product, pair.warped)
        of_warped = per_channel(scale * m.r / m.warped_variance, pair.warped)
        gradient = pair.weigh(of_fixed * m.fixed - of_warped * m.warped)
        value = (m.r.square() if self.squared else m.r).mean()
        return -float(value), gradient.to(warped.dtype)


class _Moments:
    """Centred images and, for each channel, r; the denominators are 1 where an image is constant."""

    def __init__(self, pair: Pair) -> None:
        self.fixed = pair.centred(pair.fixed)
        self.warped = pair.centred(pair.warped)
        fixed_variance = pair.mean(self.fixed.square())
        warped_variance = pair.mean(self.warped.square())
        self.varies = (fixed_variance > CONSTANT**2 * pair.mean(pair.fixed.square())) & (
            warped_variance > CONSTANT**2 * pair.mean(pair.warped.square())
        )
        self.warped_variance = torch.where(self.varies, warped_variance, 1)
        self.sd_product = torch.where(self.varies, fixed_variance * warped_variance, 1).sqrt()
        covariance = pair.mean(self.fixed * self.warped)
        self.r = torch.where(self.varies, covariance / self.sd_product, 0)
