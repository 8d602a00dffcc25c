"""The measures of an accumulated course as result.json has them, and their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.quality import Limits, Verdict
    from RegSuite.report.dose_content import DoseMetric
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.dose_parts import FractionResult
    from RegSuite.workflows.run import Run


def course_metrics(rows: Sequence[DoseMetric], fractions: Sequence[FractionResult]) -> dict[str, Any]:
    """result.json's `metrics`: dvh {structure: {metric: value}}, the bands, the worst fraction's Jacobian."""
    dvh: dict[str, dict[str, float]] = {}
    bands: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        dvh.setdefault(row.structure, {})[row.metric] = row.value
        if row.p05 is not None and row.p50 is not None and row.p95 is not None:
            found = {"p05": row.p05, "p50": row.p50, "p95": row.p95}
            bands.setdefault(row.structure, {})[row.metric] = found
    out: dict[str, Any] = {"dvh": dvh}
    if bands:
        out["dvh_bands"] = bands
    jacobians = [f.quality["jacobian"] for f in fractions if "jacobian" in f.quality]
    if jacobians:
        worst = {"min": min, "max": max, "percent_nonpositive": max, "sd_log": max}
        out["jacobian"] = {
            key: pick(j[key] for j in jacobians if key in j)
            for key, pick in worst.items()
            if any(key in j for j in jacobians)
        }
    return out


def course_verdicts(
    limits: Limits, data: CourseData, rows: Sequence[DoseMetric], nominal: ProbabilisticDose, run: Run
) -> tuple[Verdict, ...]:
    """On doses by the course's limits, and on the deformations, of which the worst fraction counts.

    nominal: whose DVHs say how much of each structure has a known dose.
    """
    from RegSuite.quality.dose_limits import Measured, judge_doses
    from RegSuite.workflows.limits import verdicts_on

    covered = {dvh.name: float(dvh.coverage.min()) for dvh in nominal.dvhs}
    found = {
        (r.structure, r.metric): Measured(r.value, r.p05, r.p95, covered.get(r.structure, 1.0)) for r in rows
    }
    there = {region.structure.name for region in data.regions}
    absent = sorted({limit.structure for limit in limits.dose} - there)
    if absent:
        run.notes.append(f"limits on structures that are not there are not measured: {', '.join(absent)}")
    doses = judge_doses(found, limits.dose, limits.source or limits.name)
    deformations = verdicts_on({"jacobian": run.metrics.get("jacobian", {})}, limits, data.grid)
    return (*doses, *deformations)
