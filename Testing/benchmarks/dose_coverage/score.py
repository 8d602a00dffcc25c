"""What one setting gives on one draw: bands against the true DVH, vectors, landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.coverage import NOMINALS, bootstrap, vector_coverage
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.dose.uncertainty.likelihood import constant_fit, errors_and_sds, log_densities, trimmed_mean
from RegSuite.geometry import Image
from Testing.benchmarks.dose_coverage.bands import Fraction, sampled_doses
from Testing.benchmarks.dose_coverage.cases import Case

SAMPLES = 100
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """scale, floor_mm, correlation_mm as Calibration has them; same: fractions err alike."""

    scale: float = 1.0
    floor_mm: float = 0.0
    correlation_mm: float = 15.0
    same: bool = False

    def calibration(self, words: str) -> Calibration:
        return Calibration(words, self.scale, self.floor_mm, self.correlation_mm)


def bands_row(case: Case, raw: Sequence[DeformationUncertainty], setting: Setting) -> dict[str, float]:
    """Of each structure the share of its volume axis on which the truth lies in the 5 to 95 % band."""
    applied = setting.calibration("")
    fractions = [
        Fraction(dose, one.displacement.data, applied.applied(one.sigma_mm.data))
        for dose, one in zip(case.doses, raw, strict=True)
    ]
    doses = sampled_doses(
        fractions,
        case.points,
        correlation_mm=setting.correlation_mm,
        n=SAMPLES,
        seed=case.seed,
        same=setting.same,
    )
    found = {}
    for name, sampled in case.points.of_volume(doses).items():
        low, high = np.quantile(sampled, [0.05, 0.95], axis=1)
        found[name] = float(((low <= case.truth[name]) & (case.truth[name] <= high)).mean())
    return found


def others_row(
    case: Case, raw: Sequence[DeformationUncertainty], setting: Setting, others: Mapping[str, Any]
) -> Row:
    """How much of the DVHs by other registrations' displacements lies in the band (paper 11's measure)."""
    applied = setting.calibration("")
    own = [
        Fraction(dose, one.displacement.data, applied.applied(one.sigma_mm.data))
        for dose, one in zip(case.doses, raw, strict=True)
    ]
    doses = sampled_doses(own, case.points, correlation_mm=setting.correlation_mm, n=SAMPLES, seed=case.seed)
    bands = {n: np.quantile(d, [0.05, 0.95], axis=1) for n, d in case.points.of_volume(doses).items()}
    found: Row = {}
    for method, displacements in others.items():
        theirs = [Fraction(dose, u.data, u.data) for dose, u in zip(case.doses, displacements, strict=True)]
        mapped = case.points.of_volume(sampled_doses(theirs, case.points, correlation_mm=15.0, n=0))
        found[method] = {
            n: float(((bands[n][0] <= d[:, 0]) & (d[:, 0] <= bands[n][1])).mean()) for n, d in mapped.items()
        }
    return found


def vectors_row(case: Case, raw: Sequence[DeformationUncertainty], setting: Setting) -> Row:
    """Coverage of components in the body, and at the landmarks errors and SDs (mm, rounded)."""
    applied = setting.calibration("")
    body = case.course.labels.data[0].numpy() > 0
    shares, errors, sds = [], [], []
    for fraction, one in zip(case.course.fractions, raw, strict=True):
        stated = _with(one, applied)
        shares.append(vector_coverage(stated, fraction.displacement, body))
        error, sd = errors_and_sds(stated, case.course.landmarks.points, fraction.landmarks.points)
        errors.append(error)
        sds.append(sd)
    rounded = [np.round(np.concatenate(v), 3).tolist() for v in (errors, sds)]
    return {"vectors": np.mean(shares, axis=0).tolist(), "errors": rounded[0], "sds": rounded[1]}


def _with(one: DeformationUncertainty, applied: Calibration) -> DeformationUncertainty:
    sd = Image(applied.applied(one.sigma_mm.data), one.sigma_mm.grid)
    return DeformationUncertainty(one.displacement, sd, applied.correlation_mm)


def share_by_kind(row: Mapping[str, float], kind_of: Mapping[str, str]) -> dict[str, float]:
    """A case's mean share over its organs, and over its targets."""
    kinds = {"organ": "organs", "target": "targets"}
    return {
        word: float(np.mean([v for name, v in row.items() if kind_of[name] == kind] or [np.nan]))
        for kind, word in kinds.items()
    }


def calibration_of(rows: Sequence[Row], setting: Setting, words: str) -> Calibration:
    """All that was measured, as the source's calibration."""
    errors, sds = (np.concatenate([np.asarray(row[key]) for row in rows]) for key in ("errors", "sds"))
    known = np.isfinite(errors + sds).all(axis=1)
    vectors = np.array([row["vectors"] for row in rows])
    return Calibration(
        measured_on=words,
        scale=setting.scale,
        floor_mm=setting.floor_mm,
        correlation_mm=setting.correlation_mm,
        vectors=tuple(bootstrap(vectors[:, k], nominal) for k, nominal in enumerate(NOMINALS)),
        dvh={kind: bootstrap([row[kind] for row in rows], 0.9) for kind in ("organs", "targets")},
        log_likelihood=trimmed_mean(log_densities(errors[known], sds[known])),
        log_likelihood_constant=constant_fit(errors[known])[1],
    )
