"""DVHs and metrics of an accumulated course: the nominal ones, and with the bands of the samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.dose.metrics import ALWAYS, Metric, parse_metric
from RegSuite.errors import InputError
from RegSuite.report.dose_content import DoseMetric
from RegSuite.workflows.dose_parts import Curve

if TYPE_CHECKING:
    from RegSuite.dose.dvh import StructureDvh
    from RegSuite.dose.mapping.accumulate import AccumulatedDose
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.dose.sampling.sampled_dvh import SampledDvh
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.run import Run

ALWAYS_EFFECTIVE = ("EQD2", "EQD2(D2)", "EQD2(D95)", "EQD2(D0.03cc)")
"""Given unasked beside dvh's, where the course forms EQD2."""


def asked_metrics(course: Course, also: Iterable[Metric] = ()) -> tuple[Metric, ...]:
    """The metrics of the course, each once: those given always, its own, and `also` (of limits).

    Raises InputError for a name that is none, and for EQD2 or BED of a course without `eqd2`.
    """
    always = (*ALWAYS, *(ALWAYS_EFFECTIVE if course.eqd2 is not None else ()))
    found = {name: parse_metric(name) for name in (*always, *course.metrics)}
    for metric in also:
        found.setdefault(metric.name, metric)
    effective = [m.name for m in found.values() if m.effective]
    if effective and course.eqd2 is None:
        raise InputError(
            f"{effective[0]} needs alpha/beta",
            where="metrics",
            mend="give `eqd2: {alpha_beta_gy: {default: 3}}`",
        )
    return tuple(found.values())


def map_dvhs(
    data: CourseData, total: AccumulatedDose, progress: Progress, run: Run
) -> tuple[StructureDvh, ...]:
    """Of each structure in the accumulated map: what `regsuite dvh` makes of the written file."""
    from RegSuite.dose.dvh import structure_dvh
    from RegSuite.workflows.dvh import warn_of_structures

    course, found = data.course, []
    for number, region in enumerate(data.regions):
        progress(number / len(data.regions), f"dvh {region.structure.name}", {})
        found.append(
            structure_dvh(
                region.structure,
                total.dose_gy,
                data.grid,
                bin_width_gy=course.bin_width_gy,
                end_slices=course.end_slices,
                device=run.device,
            )
        )
    warn_of_structures(found, run)
    return tuple(found)


def curves(nominal: ProbabilisticDose, width_gy: float, found: ProbabilisticDose | None) -> tuple[Curve, ...]:
    """Every structure's cumulative DVH at multiples of the bin width, as far as it or its band reaches."""
    out = []
    for kind in ("physical", "eqd2"):
        for dvh in nominal.dvhs:
            band = None if found is None else found.dvh(dvh.name)
            one, other = (
                (dvh, band) if kind == "physical" else (dvh.eqd2, None if band is None else band.eqd2)
            )
            if one is not None:
                out.append(_curve(one, kind, width_gy, other))
    return tuple(out)


def _curve(dvh: SampledDvh, kind: str, width_gy: float, band: SampledDvh | None) -> Curve:
    histogram = dvh.histogram(0)
    reach = [0.0, histogram.max_gy] if band is None else [0.0, histogram.max_gy, *band.max_gy]
    largest = float(np.nanmax(reach))
    dose = width_gy * np.arange(int(np.floor(largest / width_gy)) + 2, dtype=np.float64)
    if not histogram.covered_cc > 0:
        nothing = np.full_like(dose, np.nan)
        return Curve(dvh.name, kind, dose, nothing, nothing)
    volume = np.asarray(histogram.volume_cc_at(dose))
    curve = Curve(dvh.name, kind, dose, 100 * volume / histogram.covered_cc, volume)
    if band is None:
        return curve
    p05, _, p95 = band.band_percent(dose)
    return replace(curve, p05_percent=p05, p95_percent=p95)


def metric_rows(
    metrics: Sequence[Metric], nominal: ProbabilisticDose, found: ProbabilisticDose | None
) -> list[DoseMetric]:
    """A row for each structure and metric that it can have, with percentiles where it was sampled."""
    out = []
    for dvh in nominal.dvhs:
        for metric in metrics:
            value = float(dvh.values(metric)[0])
            if not np.isfinite(value):
                continue
            row = DoseMetric(dvh.name, metric.name, metric.unit, value)
            band = None
            if found is not None and metric.kind != "volume":
                band = found.dvh(dvh.name).percentiles(metric)
            out.append(row if band is None else replace(row, p05=band[0], p50=band[1], p95=band[2]))
    return out
