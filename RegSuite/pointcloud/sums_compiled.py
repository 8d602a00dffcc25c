"""Posterior sums compiled for the CPU: all pairs, or those of neighbouring cubes where that is less work."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.cubes import Cubes
from RegSuite.pointcloud.kernels_full import best_partners, full_sums
from RegSuite.pointcloud.kernels_near import count_pairs, near_sums, near_totals
from RegSuite.pointcloud.sums import NEVER, Mixture, PosteriorSums

FloatArray = NDArray[np.float64]

RUNS = 16
"""Runs of targets that are summed on their own: the bound of threads at work, whose number changes no bit."""

FEW_PAIRS = 250_000
"""Pairs that are all looked at sooner than cubes are made."""

NEAR_COST = 2
"""What a pair of neighbouring cubes costs, in pairs of the kernel over all."""

LEFT_TO_OTHERS = -1e30
"""Logarithm of the weight of a target point that is summed elsewhere."""


@dataclass(frozen=True)
class _Terms:
    """A mixture as the kernels take it: sources by organ [4, M] float32 about the centre."""

    source: NDArray[np.float32]
    half: np.float32
    inlier: FloatArray
    outlier: FloatArray
    mass: float


class CompiledPairs:
    """Distances in float32 about the target's centre, sums in float64; threads change no bit."""

    def __init__(
        self, target: Tensor, target_organs: Tensor, source_organs: Tensor, log_transition: Tensor
    ) -> None:
        points = target.numpy()
        self._centre = points.mean(axis=0)
        self._ndim = points.shape[1]
        self._target = np.zeros((len(points), 3), dtype=np.float32)
        self._target[:, : self._ndim] = points - self._centre
        self._organs = np.ascontiguousarray(target_organs.numpy())
        self._log_u = np.ascontiguousarray(log_transition.numpy().astype(np.float32))
        organs = source_organs.numpy()
        self._order = np.argsort(organs, kind="stable")
        self._source_organs = organs[self._order]
        self._begins = np.searchsorted(self._source_organs, np.arange(len(self._log_u) + 1))
        possible = self._log_u > NEVER / 3
        counts = np.bincount(self._organs, minlength=len(possible))
        self._pairs = int(counts @ possible @ np.diff(self._begins))

    def sums(self, mixture: Mixture, truncation: float = 0.0) -> PosteriorSums:
        terms = self._terms(mixture)
        if truncation > 0 and self._pairs > FEW_PAIRS:
            found = self._near(terms, truncation)
            if found is not None:
                return self._given(*found, terms, truncation)
        total = np.empty(len(self._target))
        sums, squared = self._full(terms, slice(None), total)
        return self._given(sums, squared, total, terms, 0.0)

    def best(self, mixture: Mixture) -> tuple[Tensor, Tensor]:
        terms = self._terms(mixture)
        best = np.empty(len(self._target), dtype=np.int64)
        value = np.empty(len(self._target))
        best_partners(
            terms.source, self._begins, self._target, self._organs, self._log_u, terms.half, best, value
        )
        found = np.where(best >= 0, self._order[best], -1)
        return torch.from_numpy(found), torch.from_numpy(value)

    def _terms(self, mixture: Mixture) -> _Terms:
        bias = mixture.bias.numpy()
        source = np.zeros((4, len(bias)), dtype=np.float32)
        source[: self._ndim] = (mixture.moved.numpy() - self._centre)[self._order].T
        source[3] = bias[self._order]
        return _Terms(
            source,
            np.float32(0.5 / mixture.variance),
            mixture.inlier.numpy(),
            mixture.outlier.numpy(),
            float(np.logaddexp.reduce(bias)),
        )

    def _full(
        self, terms: _Terms, which: slice | NDArray[np.int64], total: FloatArray
    ) -> tuple[FloatArray, float]:
        """Sums [4, M] over all sources of some targets, whose log-densities are put into `total`."""
        target, organs = self._target[which], self._organs[which]
        runs = max(1, min(RUNS, self._pairs // 20_000, len(target)))
        parts, squared = np.zeros((runs, *terms.source.shape)), np.zeros(runs)
        full_sums(
            terms.source,
            self._begins,
            target,
            organs,
            self._log_u,
            terms.inlier[which],
            terms.outlier[which],
            terms.half,
            parts,
            squared,
            total,
        )
        return np.asarray(parts.sum(axis=0)), float(squared.sum())

    def _near(self, terms: _Terms, truncation: float) -> tuple[FloatArray, float, FloatArray] | None:
        """Sums [4, M] and log-densities [N] from neighbouring cubes; None where all pairs are less work.

        A pair beyond the radius r has a term below exp(inlier_n + bias_m - r^2 / (2 sigma^2)). With the
        outliers' density as the least that a target has, r keeps all of them together below `truncation` of
        it; a target whose density is less (possible only where outliers are not) is summed over all pairs.
        """
        least = float(terms.outlier.min())
        highest = float(terms.inlier.max()) + terms.mass
        needed = highest - math.log(truncation) - (least if math.isfinite(least) else highest - 20.0)
        radius = math.sqrt(max(needed, 1.0) / float(terms.half))
        sources = Cubes.of(terms.source[:3].T, self._source_organs, len(self._log_u), self._target, radius)
        if sources is None:
            return None
        targets = sources.sorted(self._target, self._organs)
        counted = count_pairs(sources.begins, targets.cell, targets.organs, self._log_u, sources.size)
        if NEAR_COST * int(counted.sum()) > self._pairs:
            return None
        inlier, outlier = terms.inlier[targets.order], terms.outlier[targets.order]
        source = np.ascontiguousarray(terms.source[:, sources.order])
        total = np.empty(len(self._target))
        at = (targets.points, targets.cell, targets.organs, self._log_u, inlier, outlier)
        near_totals(source, sources.begins, *at, sources.size, terms.half, total)
        left_out = inlier + terms.mass - float(terms.half) * sources.side**2
        far = np.flatnonzero(left_out > total + math.log(truncation))
        level = np.where(np.isfinite(total), inlier - total, LEFT_TO_OTHERS).astype(np.float32)
        level[far] = LEFT_TO_OTHERS
        by_cube = np.empty((5, source.shape[1]))
        at_source = (source, sources.cell, sources.organs, self._log_u)
        columns = np.ascontiguousarray(targets.points.T)
        near_sums(columns, targets.begins, level, *at_source, sources.size, terms.half, by_cube)
        sums, log_density = np.empty((4, source.shape[1])), np.empty_like(total)
        sums[:, sources.order], log_density[targets.order] = by_cube[:4], total
        squared = float(by_cube[4].sum())
        if far.size:
            which = targets.order[far]
            again = np.empty(len(which))
            rest, more = self._full(terms, which, again)
            sums, squared = sums + rest, squared + more
            log_density[which] = again
        return sums, squared, log_density

    def _given(
        self, sums: FloatArray, squared: float, total: FloatArray, terms: _Terms, left_out: float
    ) -> PosteriorSums:
        """The sums in the caller's order."""
        back = np.empty_like(sums)
        back[:, self._order] = sums
        known = np.isfinite(total)
        inlier = np.zeros_like(total)
        inlier[known] = -np.expm1(np.minimum(terms.outlier[known] - total[known], 0.0))
        return PosteriorSums(
            torch.from_numpy(back[0].copy()),
            torch.from_numpy(np.ascontiguousarray(back[1 : 1 + self._ndim].T)),
            squared,
            torch.from_numpy(total),
            torch.from_numpy(inlier),
            left_out,
        )
