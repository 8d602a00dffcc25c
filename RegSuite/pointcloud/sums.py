"""Posterior sums: what every source point gets of the target points, without the matrix of all pairs.

The E-step of Bayesian coherent point drift (Hirose 2021, Eq. 20 to 22; labels: paper 13, Eq. 1):

p_mn = exp(inlier_n + bias_m + log U[l_n, l_m] - |x_n - y_m|^2 / (2 sigma^2) - total_n)

where total_n is the logarithm of the sum over m of the terms, and of exp(outlier_n). Memory is linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

NEVER = -3e30
"""Stands for the logarithm of 0 where infinities would make NaN of differences."""


@dataclass(frozen=True)
class PosteriorSums:
    """Sums over target points n of p: evidence [M] (nu) of p, apart [M, d] of p (x_n - y_m), mm.

    squared: of p |x_n - y_m|^2 over all pairs, mm^2. Differences, not p x itself: sigma^2 is made of them and
    would drown in the rounding of squares of whole coordinates. total [N]: log-density; inlier [N]: nu'.
    left_out: bound of the share of any target's density that truncation has left out (0: none).
    """

    evidence: Tensor
    apart: Tensor
    squared: float
    total: Tensor
    inlier: Tensor
    left_out: float = 0.0


@dataclass(frozen=True)
class Mixture:
    """The terms of one E-step, all float64 on one device.

    moved [M, d] mm; bias [M]: log of alpha, and the trace term -s^2 d Sigma_m / (2 sigma^2);
    variance: sigma^2 mm^2; inlier [N]: log of (1 - omega) (2 pi sigma^2)^(-d/2); outlier [N]: log of
    omega p_out, -inf for omega 0.
    """

    moved: Tensor
    bias: Tensor
    variance: float
    inlier: Tensor
    outlier: Tensor


class Pairs(Protocol):
    """Two clouds between which sums are made again and again."""

    def sums(self, mixture: Mixture, truncation: float = 0.0) -> PosteriorSums:
        """truncation: share of a target's density that may be left out; 0 takes all pairs."""
        ...

    def best(self, mixture: Mixture) -> tuple[Tensor, Tensor]:
        """The source point [N] of each target's largest term (-1: none can be) and that term's log [N]."""
        ...


def pairs_of(
    target: Tensor, target_organs: Tensor, source_organs: Tensor, transition: Tensor, device: str = "cpu"
) -> Pairs:
    """Pairs of target points [N, d] of organs [N] with source points of organs [M], on a device.

    transition: U [L, L], [target, source]. Compiled on the CPU, torch elsewhere.
    """
    log_u = torch.log(transition.double()).clamp(min=NEVER)
    if torch.device(device).type == "cpu":
        from RegSuite.pointcloud.sums_compiled import CompiledPairs

        return CompiledPairs(target, target_organs, source_organs, log_u)
    from RegSuite.pointcloud.sums_torch import TorchPairs

    return TorchPairs(target, target_organs, source_organs, log_u, device=device)
