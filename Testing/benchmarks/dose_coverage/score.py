"""What one setting gives on one draw: bands against the true DVH, vectors, landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.coverage import NOMINALS, bootstrap
from RegSuite.dose.uncertainty.likelihood import constant_fit, log_densities, trimmed_mean
from RegSuite.geometry import Grid
from Testing.benchmarks.dose_coverage.bands import Curves, Floats, mapped_doses, of_volume, sampled_doses
from Testing.benchmarks.dose_coverage.measured import Measured

SAMPLES = 100
LEAST_GY = 0.5
"""Volume with less than this (of 60 Gy prescribed) does not count."""
KINDS = {"organ": "organs", "target": "targets"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """scale, floor_mm, correlation_mm as Calibration has them; same: fractions err alike."""

    scale: float
    floor_mm: float
    correlation_mm: float
    same: bool

    @classmethod
    def parsed(cls, text: str) -> Setting:
        """From "SCALE,FLOOR,CORRELATION,same|independent"."""
        scale, floor, correlation, between = text.split(",")
        return cls(float(scale), float(floor), float(correlation), between == "same")

    def __str__(self) -> str:
        between = "same" if self.same else "independent"
        return f"{self.scale:g},{self.floor_mm:g},{self.correlation_mm:g},{between}"

    def applied(self, raw_mm: Floats) -> Floats:
        """As Calibration.applied."""
        return np.sqrt((self.scale * raw_mm) ** 2 + self.floor_mm**2)


def judged(found: Measured, setting: Setting, others: dict[str, Measured]) -> Row:
    """Shares of the volume axis inside the bands (of structures and kinds), vectors and landmarks."""
    bands = _bands(found, setting)
    truth = of_volume(found.truth_gy, found.names)
    shares = _shares_inside(bands, truth, LEAST_GY)
    z = np.abs(found.body_errors) / setting.applied(found.body_sds)
    errors, sds = found.marks_errors.reshape(-1, 3), setting.applied(found.marks_sds).reshape(-1, 3)
    known = np.isfinite(errors + sds).all(axis=1)
    return {
        **_by_kind(shares, found),
        "vectors": [float(np.nanmean(z <= NormalDist().inv_cdf(0.5 + n / 2))) for n in NOMINALS],
        "errors": np.round(errors[known], 3).tolist(),
        "sds": np.round(sds[known], 3).tolist(),
        "bands": shares,
        "bands_with_nil": _shares_inside(bands, truth, 0.0),
        "others": {name: _other(bands, other) for name, other in others.items()},
    }


def _bands(found: Measured, setting: Setting) -> Curves:
    """5th and 95th percentile of each structure's D(v) over the samples: [2, POINTS]."""
    doses = sampled_doses(
        found.dose, found.counts, found.places, found.means, setting.applied(found.sds),
        Grid(**found.grid), correlation_mm=setting.correlation_mm, same=setting.same,
        n=SAMPLES, seed=found.seed,
    )  # fmt: skip
    return {name: np.quantile(d, [0.05, 0.95], axis=1) for name, d in of_volume(doses, found.names).items()}


def _other(bands: Curves, other: Measured) -> dict[str, float]:
    """How much of the DVHs by another registration lies in the band (paper 11's measure)."""
    doses = mapped_doses(other.dose, other.counts, other.places, other.means)
    return _by_kind(_shares_inside(bands, of_volume(doses, other.names), LEAST_GY), other)


def _shares_inside(bands: Curves, curves: Curves, least_gy: float) -> dict[str, float]:
    """Of each structure the share of its volume axis on which a D(v) lies within the band.

    What gets less than least_gy of the curve and in 95 % of the samples counts in neither way: far from all
    beams every dose is nil and every band right. NaN of a structure with less than 5 % left.
    """
    found = {}
    for name, (low, high) in bands.items():
        curve = curves[name]
        counts = np.maximum(curve, high) >= least_gy
        inside = (low <= curve) & (curve <= high)
        found[name] = float(inside[counts].mean()) if counts.mean() >= 0.05 else float("nan")
    return found


def _by_kind(shares: dict[str, float], found: Measured) -> dict[str, float]:
    """A case's mean share over its organs, and over its targets."""
    out = {}
    for kind, word in KINDS.items():
        values = [shares[n] for n, k in zip(found.names, found.kinds, strict=True) if k == kind]
        known = [v for v in values if np.isfinite(v)]
        out[word] = float(np.mean(known)) if known else float("nan")
    return out


def calibration_of(rows: Sequence[Row], setting: Setting, words: str) -> Calibration:
    """All that was measured, as the source's calibration."""
    errors, sds = (np.concatenate([np.asarray(row[key]) for row in rows]) for key in ("errors", "sds"))
    vectors = np.array([row["vectors"] for row in rows])
    return Calibration(
        measured_on=words,
        scale=setting.scale,
        floor_mm=setting.floor_mm,
        correlation_mm=setting.correlation_mm,
        vectors=tuple(bootstrap(vectors[:, k], nominal) for k, nominal in enumerate(NOMINALS)),
        dvh={kind: bootstrap([row[kind] for row in rows], 0.9) for kind in KINDS.values()},
        log_likelihood=trimmed_mean(log_densities(errors, sds)),
        log_likelihood_constant=constant_fit(errors)[1],
    )
