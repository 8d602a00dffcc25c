"""Tally: what is gathered over the slabs, and what it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.histogram import from_ramps
from RegSuite.dose.sampling.fraction import Drawn
from RegSuite.dose.sampling.maps import DoseMaps
from RegSuite.dose.sampling.quadrature import Quadrature
from RegSuite.dose.sampling.sampled_dvh import SampledDvh

Floats = NDArray[np.float64]

BINS_A_BIN = 5
MOST_BINS, FEWEST_BINS = 4000, 500
MOST_COUNTS = 400_000
"""Bins times samples of a structure: 3 MB each of physical dose and EQD2."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Kinds: physical dose, and EQD2 where asked for. first, width [kinds]: of the dose bins.

    limits [kinds, 2]: least and largest dose that the fractions can add up to. ramps [S, kinds, n, b]:
    cc by dose, as the cumulative's second derivative (kernels.spread). sums [S, kinds, n, 4]: cc known,
    Gy cc, least and largest Gy. maps: physical, then of each alpha/beta. folded [n]: voxels with a
    folding mark, over all fractions.
    """

    limits: Floats
    first: Floats
    width: Floats
    ramps: Floats
    sums: Floats
    maps: tuple[DoseMaps, ...]
    folded: NDArray[np.int64]

    @classmethod
    def empty(
        cls, drawn: Sequence[Drawn], structures: int, alpha_betas: Sequence[float], bin_width_gy: float
    ) -> Tally:
        """Bins for every dose that the fractions can add up to, bin_width_gy / 5 wide where that fits."""
        n, shape = drawn[0].n, drawn[0].job.grid.shape
        limits = np.zeros((2, 2))
        for fraction in drawn:
            least, most = float(fraction.job.dose_gy.min()), float(fraction.job.dose_gy.max())
            limits[0] += least, most
            # EQD2 over the dose is (d + a) / (2 + a): below 1 up to 2 Gy a fraction
            limits[1, 1] += max(
                [most * max((most / fraction.count + a) / (2 + a), 1) for a in alpha_betas] + [0]
            )
        limits = limits[: 2 if alpha_betas else 1]
        count = int(np.clip(MOST_COUNTS // n, FEWEST_BINS, MOST_BINS))
        width = np.maximum((limits[:, 1] - limits[:, 0]) / count, bin_width_gy / BINS_A_BIN)
        bins = int(np.ceil(((limits[:, 1] - limits[:, 0]) / width).max())) + 6
        sums = np.tile(np.array([0.0, 0.0, np.inf, -np.inf]), (structures, len(limits), n, 1))
        maps = tuple(DoseMaps.empty(shape) for _ in range(1 + len(alpha_betas)))
        ramps = np.zeros((structures, len(limits), n, bins))
        return cls(limits, limits[:, 0] - 2 * width, width, ramps, sums, maps, np.zeros(n, np.int64))

    def dvhs(self, found: Sequence[Quadrature], alpha_betas: Sequence[float]) -> tuple[SampledDvh, ...]:
        """Each structure's DVHs, with its EQD2's where it has an alpha/beta (0: it has none)."""
        out = []
        for s, (quadrature, alpha_beta) in enumerate(zip(found, alpha_betas, strict=True)):
            eqd2 = self._dvh(s, 1, quadrature, None, alpha_beta) if alpha_beta > 0 else None
            out.append(self._dvh(s, 0, quadrature, eqd2, None))
        return tuple(out)

    def _dvh(
        self, s: int, kind: int, quadrature: Quadrature, eqd2: SampledDvh | None, alpha_beta: float | None
    ) -> SampledDvh:
        first, width = float(self.first[kind]), float(self.width[kind])
        rows = [
            from_ramps(ramp, sums[None] * [1000, 1000, 1, 1], first, width, 0.0)
            for ramp, sums in zip(1000 * self.ramps[s, kind], self.sums[s, kind], strict=True)
        ]
        covered, mean, least, most = (
            np.array([getattr(row, name) for row in rows])
            for name in ("covered_cc", "mean_gy", "min_gy", "max_gy")
        )
        filled = int(np.ceil((np.nanmax(most, initial=first) - first) / width)) + 2
        above = np.stack([row.above_cc[:filled] for row in rows]).astype(np.float32)
        return SampledDvh(
            quadrature.name, quadrature.total_cc, rows[0].dose_gy[:filled], above, covered, mean, least, most,
            alpha_beta, eqd2, len(quadrature.cells.place), quadrature.apart,
        )  # fmt: skip
