"""DVHs and metrics of an accumulated course: the nominal ones, and with the bands of the samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.fractionation import BASE_GY
from RegSuite.dose.metrics import ALWAYS, Metric, parse_metric
from RegSuite.errors import InputError
from RegSuite.workflows.dose_parts import Curve, MetricRow

if TYPE_CHECKING:
    from RegSuite.dose.dvh import StructureDvh
    from RegSuite.dose.histogram import DoseHistogram
    from RegSuite.dose.mapping.accumulate import AccumulatedDose
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.dose.sampling.sampled_dvh import SampledDvh
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_read import CourseData
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


def nominal_dvhs(
    data: CourseData, total: AccumulatedDose, progress: Progress, run: Run
) -> tuple[tuple[StructureDvh, ...], tuple[StructureDvh, ...]]:
    """Of each structure in the accumulated dose, and in its own EQD2 (none where the course forms none)."""
    from RegSuite.dose.dvh import structure_dvh
    from RegSuite.workflows.dvh import warn_of_structures

    course, physical, effective = data.course, [], []
    for number, region in enumerate(data.regions):
        structure = region.structure
        progress(number / len(data.regions), f"dvh {structure.name}", {})

        def dvh(values: NDArray[np.float32], of: StructureDvh | None = None) -> StructureDvh:
            return structure_dvh(
                region.structure,  # noqa: B023  called at once
                values,
                data.grid,
                bin_width_gy=course.bin_width_gy,
                end_slices=course.end_slices,
                step_mm=None if of is None else of.step_mm,
            )

        physical.append(dvh(total.dose_gy))
        if course.eqd2 is not None:
            effective.append(dvh(total.eqd2_gy[course.eqd2.of(structure.name)], physical[-1]))
    warn_of_structures(physical, run)
    return tuple(physical), tuple(effective)


def curves(
    physical: Sequence[StructureDvh],
    effective: Sequence[StructureDvh],
    width_gy: float,
    found: ProbabilisticDose | None,
) -> tuple[Curve, ...]:
    """Every structure's cumulative DVH at multiples of the bin width, as far as it or its band reaches."""
    out = []
    for kind, dvhs in (("physical", physical), ("eqd2", effective)):
        for dvh in dvhs:
            band = None if found is None else found.dvh(dvh.name)
            out.append(_curve(dvh, kind, width_gy, band.eqd2 if band and kind == "eqd2" else band))
    return tuple(out)


def _curve(dvh: StructureDvh, kind: str, width_gy: float, band: SampledDvh | None) -> Curve:
    histogram = dvh.histogram
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
    metrics: Sequence[Metric],
    physical: Sequence[StructureDvh],
    effective: Sequence[StructureDvh],
    course: Course,
    found: ProbabilisticDose | None,
) -> list[MetricRow]:
    """A row for each structure and metric that it can have, with percentiles where it was sampled."""
    by_name = {dvh.name: dvh.histogram for dvh in effective}
    out = []
    for dvh in physical:
        for metric in metrics:
            value = _value(metric, dvh.histogram, by_name.get(dvh.name), course, dvh.name)
            if value is None:
                continue
            row = MetricRow(dvh.name, metric.name, metric.unit, value)
            band = None
            if found is not None and metric.kind != "volume":
                band = found.dvh(dvh.name).percentiles(metric)
            out.append(row if band is None else replace(row, p05=band[0], p50=band[1], p95=band[2]))
    return out


def _value(
    metric: Metric,
    physical: DoseHistogram,
    effective: DoseHistogram | None,
    course: Course,
    name: str,
) -> float | None:
    """The metric, where it is of EQD2 or BED in the dose that was formed so fraction by fraction."""
    from RegSuite.dose.metrics import metric_value

    if metric.effective is None:
        return metric_value(metric, physical)
    assert effective is not None
    assert course.eqd2 is not None
    plain = replace(metric, effective=None)
    if metric.effective == "EQD2":
        return metric_value(plain, effective)
    return metric_value(plain, as_bed(effective, course.eqd2.of(name)))


def as_bed(eqd2: DoseHistogram, alpha_beta_gy: float) -> DoseHistogram:
    """The histogram of BED that belongs to one of EQD2: a constant factor."""
    factor = 1 + BASE_GY / alpha_beta_gy
    doses = {n: factor * getattr(eqd2, n) for n in ("dose_gy", "mean_gy", "min_gy", "max_gy")}
    return replace(eqd2, **doses)
