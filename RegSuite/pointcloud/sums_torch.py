"""Posterior sums in torch: on a GPU, and the twin that the compiled ones are compared with."""

from __future__ import annotations

import torch
from torch import Tensor

from RegSuite.pointcloud.sums import NEVER, Mixture, PosteriorSums

PAIRS_AT_ONCE = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Pairs held at once, 4 or 8 bytes each, a few times over."""


class TorchPairs:
    """All pairs, in blocks of target points; logarithms in `dtype`, sums in float64."""

    def __init__(
        self,
        target: Tensor,
        target_organs: Tensor,
        source_organs: Tensor,
        log_transition: Tensor,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._target = target.to(device, torch.float64)
        self._centre = self._target.mean(dim=0)
        self._near = (self._target - self._centre).to(dtype)
        self._target_organs, self._source_organs = target_organs.to(device), source_organs.to(device)
        self._log_u = log_transition.to(device, dtype)
        self._one = bool((log_transition == 0).all())

    def sums(self, mixture: Mixture, truncation: float = 0.0) -> PosteriorSums:
        """All pairs, whatever `truncation` would allow to leave out."""
        moved = (mixture.moved - self._centre).to(self._near.dtype)
        evidence = torch.zeros(len(moved), dtype=torch.float64, device=moved.device)
        apart = torch.zeros_like(mixture.moved)
        squared = torch.zeros((), dtype=torch.float64, device=moved.device)
        total, inlier = torch.empty_like(mixture.inlier), torch.empty_like(mixture.inlier)
        for part in self._blocks(len(moved)):
            terms = self._terms(part, moved, mixture)
            inside = mixture.inlier[part] + torch.logsumexp(terms, dim=0).double()
            inside = torch.where(inside < NEVER / 2, -torch.inf, inside)
            total[part] = torch.logaddexp(inside, mixture.outlier[part])
            inlier[part] = torch.exp(inside - total[part]).nan_to_num_(nan=0.0)
            level = (mixture.inlier[part] - total[part]).clamp(max=-NEVER).to(terms.dtype)
            p = terms.add_(level).clamp_(max=0).exp_()
            evidence += p.sum(dim=1, dtype=torch.float64)
            for a in range(moved.shape[1]):
                difference = self._near[part, a] - moved[:, a, None]
                apart[:, a] += (p * difference).sum(dim=1, dtype=torch.float64)
                squared += difference.square_().mul_(p).sum(dtype=torch.float64)
        return PosteriorSums(evidence, apart, float(squared), total, inlier)

    def best(self, mixture: Mixture) -> tuple[Tensor, Tensor]:
        moved = (mixture.moved - self._centre).to(self._near.dtype)
        best = torch.empty(len(self._near), dtype=torch.int64, device=moved.device)
        value = torch.empty_like(mixture.inlier)
        for part in self._blocks(len(moved)):
            largest = self._terms(part, moved, mixture).max(dim=0)
            value[part] = largest.values.double()
            best[part] = torch.where(value[part] < NEVER / 2, -1, largest.indices)
        return best, value

    def _terms(self, part: slice, moved: Tensor, mixture: Mixture) -> Tensor:
        """Logarithms [M, n] of the terms of some targets, less what depends on the target alone."""
        squared = torch.zeros((len(moved), len(self._near[part])), dtype=moved.dtype, device=moved.device)
        for a in range(moved.shape[1]):  # differences first: no digits are lost between far points
            squared += (moved[:, a, None] - self._near[part, a]).square_()
        terms = squared.mul_(-0.5 / mixture.variance).add_(mixture.bias.to(moved.dtype)[:, None])
        if self._one:
            return terms
        return terms.add_(self._log_u.T[self._source_organs][:, self._target_organs[part]])

    def _blocks(self, m_count: int) -> list[slice]:
        n_count = len(self._near)
        step = max(1, PAIRS_AT_ONCE.get(self._near.device.type, 1 << 22) // max(m_count, 1))
        return [slice(first, min(first + step, n_count)) for first in range(0, n_count, step)]
