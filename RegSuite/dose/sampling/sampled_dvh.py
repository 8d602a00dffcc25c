"""SampledDvh: a structure's DVH in every sample, and the bands that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.dose.fractionation import BASE_GY
from RegSuite.dose.histogram import DoseHistogram
from RegSuite.dose.metrics import Metric, metric_value
from RegSuite.errors import DoseError

Floats = NDArray[np.float64]

PERCENTILES = (5.0, 50.0, 95.0)
KNOWN_SHARE = 0.95
"""Share of the samples in which something must be known for its percentiles to be given."""


@dataclass(frozen=True, eq=False)
class SampledDvh:
    """Cumulative DVHs of n samples: above_cc [n, b] with dose_gy [b] or more; straight between these.

    volume_cc: of the whole structure. covered_cc [n]: of the part whose dose is known in that sample;
    everything else is of that part alone. mean_gy, min_gy, max_gy [n]: NaN where nothing is known.
    alpha_beta_gy: of an EQD2; None of the physical dose. eqd2: the same structure's EQD2, formed per
    fraction and point, where it was asked for. points: how many stand for the structure; apart: their
    largest deviation from `structure_dvh` in the nominal dose (None where it has none).
    """

    name: str
    volume_cc: float
    dose_gy: Floats
    above_cc: NDArray[np.float32]
    covered_cc: Floats
    mean_gy: Floats
    min_gy: Floats
    max_gy: Floats
    alpha_beta_gy: float | None = None
    eqd2: SampledDvh | None = None
    points: int = 0
    apart: float | None = None

    def __len__(self) -> int:
        return len(self.covered_cc)

    @property
    def coverage(self) -> Floats:
        """[n] share of the volume whose dose is known, 0..1."""
        return np.asarray(np.minimum(self.covered_cc / self.volume_cc, 1.0))

    def histogram(self, k: int) -> DoseHistogram:
        """Sample k."""
        return DoseHistogram(
            self.dose_gy, self.above_cc[k].astype(float), self.volume_cc, float(self.covered_cc[k]),
            float(self.mean_gy[k]), float(self.min_gy[k]), float(self.max_gy[k]),
        )  # fmt: skip

    def volumes_cc(self, dose_gy: ArrayLike) -> Floats:
        """[n, m] cc with the doses [m] or more, in each sample."""
        at = np.atleast_1d(np.asarray(dose_gy, float))
        return np.stack([self.histogram(k).volume_cc_at(at) for k in range(len(self))])

    def band_cc(self, dose_gy: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """p05, p50 and p95 [m] over the samples of the cc with doses [m] or more (paper 11's band)."""
        low, middle, high = np.percentile(self.volumes_cc(dose_gy), PERCENTILES, axis=0)
        return low, middle, high

    def band_percent(self, dose_gy: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """As `band_cc`, each sample's volume in percent of what is known in it (NaN: nothing in any)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = 100 * self.volumes_cc(dose_gy) / self.covered_cc[:, None]
        some = np.isfinite(share).all(axis=1)
        if not some.any():
            nothing = np.full(share.shape[1], np.nan)
            return nothing, nothing, nothing
        low, middle, high = np.percentile(share[some], PERCENTILES, axis=0)
        return low, middle, high

    def values(self, metric: Metric) -> Floats:
        """[n] the metric in each sample, in its unit; NaN where a sample cannot have it.

        EQD2 and BED are of the EQD2 that was formed per fraction; BED = EQD2 (1 + 2 / (alpha/beta)).
        Raises DoseError for these where no alpha/beta was given.
        """
        if metric.effective is not None:
            return self._effective(metric.effective).values(replace(metric, effective=None))
        found = [metric_value(metric, self.histogram(k)) for k in range(len(self))]
        return np.array([np.nan if value is None else value for value in found])

    def percentiles(self, metric: Metric) -> tuple[float, float, float] | None:
        """p05, p50 and p95 of a metric over the samples; None where fewer than 95 % of them have it."""
        values = self.values(metric)
        known = values[np.isfinite(values)]
        if len(known) < KNOWN_SHARE * len(values):
            return None
        low, middle, high = np.percentile(known, PERCENTILES)
        return float(low), float(middle), float(high)

    def _effective(self, kind: str) -> SampledDvh:
        if self.eqd2 is None or self.eqd2.alpha_beta_gy is None:
            raise DoseError(
                f"{kind} of samples without an alpha/beta",
                where=f"structure {self.name!r}",
                mend="give eqd2: {alpha_beta_gy: ...}",
            )
        if kind == "EQD2":
            return self.eqd2
        factor = 1 + BASE_GY / self.eqd2.alpha_beta_gy
        doses = {n: factor * getattr(self.eqd2, n) for n in ("dose_gy", "mean_gy", "min_gy", "max_gy")}
        return replace(self.eqd2, **doses)
