"""SSD: mean squared difference of intensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from RegSuite.similarity.base import Similarity
from RegSuite.similarity.pair import make_pair


@dataclass(frozen=True)
class SSD(Similarity):
    """Mean over mask and channels of (warped - fixed)^2, in squared intensity units.

    For images of one modality with equal intensities. 0 is a perfect match.
    """

    name: ClassVar[str] = "ssd"
    higher_is_better: ClassVar[bool] = False

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean squared difference: a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        return pair.mean((pair.warped - pair.fixed).square()).mean()

    @torch.no_grad()
    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """The value, and 2 w (warped - fixed) / (C sum w) for weights w."""
        pair = make_pair(fixed, warped, mask)
        difference = pair.warped - pair.fixed
        value = float(pair.mean(difference.square()).mean())
        gradient = pair.weigh(difference).mul_(2 / (pair.channels * float(pair.total)))
        return value, gradient.to(warped.dtype)
