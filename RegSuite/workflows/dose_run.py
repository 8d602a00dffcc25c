"""The steps of an accumulation: read, each fraction, samples, histograms, comparison, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.workflows.dose_result import DoseCourseResult

if TYPE_CHECKING:
    from RegSuite.dose.mapping.accumulate import AccumulatedDose, DoseSum
    from RegSuite.dose.metrics import Metric
    from RegSuite.geometry import Image
    from RegSuite.quality import Limits
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose import DoseParameters
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.dose_parts import FractionResult
    from RegSuite.workflows.dose_shelf import Shelf
    from RegSuite.workflows.run import Run


@dataclass(frozen=True)
class Shares:
    """Where each step ends, 0..1 of the run."""

    read: float = 0.05
    fractions: float = 0.60
    samples: float = 0.84
    dvh: float = 0.90
    compared: float = 0.92


SHARES = Shares()


@dataclass(frozen=True)
class Asked:
    """What is to be done, checked without any file of the course but its limits and its model."""

    course: Course
    limits: Limits
    metrics: tuple[Metric, ...]


def accumulated(given: Any, parameters: DoseParameters, run: Run) -> DoseCourseResult:
    """The whole workflow. Everything that can be refused is refused before anything is computed."""
    from RegSuite.workflows.dose_settings import settings_of
    from RegSuite.workflows.dose_shelf import Shelf
    from RegSuite.workflows.reproducible import reproducible

    asked = _asked(given, parameters, run)
    run.method = asked.course.mapping
    run.parameters = {**run.parameters, "course": settings_of(asked.course)}
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, SHARES.read):
            data = _read(asked.course, run)
        shelf = Shelf()
        total, other, fractions = _fractions(data, parameters, shelf, run)
        return _result(asked, data, (total, other), fractions, shelf, parameters, run)


def _asked(given: Any, parameters: DoseParameters, run: Run) -> Asked:
    from RegSuite.workflows.course import course_of
    from RegSuite.workflows.dose_deformation import register_parameters
    from RegSuite.workflows.dose_histograms import asked_metrics
    from RegSuite.workflows.dose_uncertainty import check_source
    from RegSuite.workflows.inputs import is_file_name
    from RegSuite.workflows.limits import dose_metrics, limits_of
    from RegSuite.workflows.register import chosen_by_name

    if is_file_name(given):
        from RegSuite.report.provenance import input_record

        course = course_of(given)
        run.inputs["course"] = input_record(str(given))
    else:
        course = course_of(given)
    course = course.with_settings(parameters.settings(course))
    limits = limits_of(None if course.limits is None else str(course.limits))
    metrics = asked_metrics(course, dose_metrics(limits))
    chosen_by_name(register_parameters(course, run.seed))  # refuses what does not exist
    check_source(course)
    return Asked(course, limits, metrics)


def _read(course: Course, run: Run) -> CourseData:
    from RegSuite.workflows.dose_deformation import check_folding
    from RegSuite.workflows.dose_read import read_course

    try:
        data = read_course(course, run)
    except OSError as error:  # what no reader has put into words: a name that is too long, a dying disk
        where = "" if error.filename is None else str(error.filename)
        raise InputError(f"cannot be read: {error.strerror}", where=where, mend="check the file") from error
    check_folding(data)
    grid = " x ".join(f"{s:.3g}" for s in data.grid.spacing)
    run.say(f"{len(data.fractions)} doses onto {' x '.join(map(str, data.grid.size))} voxels of {grid} mm")
    return data


def _fractions(
    data: CourseData, parameters: DoseParameters, shelf: Shelf, run: Run
) -> tuple[AccumulatedDose, AccumulatedDose | None, tuple[FractionResult, ...]]:
    """One fraction after the other: its result, and the sums by the mapping asked for and by the other."""
    from RegSuite.dose.mapping.accumulate import DoseSum
    from RegSuite.workflows.dose_compare import can_compare
    from RegSuite.workflows.dose_fraction import run_fraction

    eqd2 = () if data.course.eqd2 is None else data.course.eqd2.distinct
    total = DoseSum(data.grid.shape, eqd2)
    other: DoseSum | None = None
    if parameters.compare and can_compare(data, run):
        other = DoseSum(data.grid.shape)
    done = []
    step = (SHARES.fractions - SHARES.read) / len(data.fractions)
    for index, fraction in enumerate(data.fractions):
        begin = SHARES.read + index * step
        with run.stage("fractions", begin, begin + step) as progress:
            done.append(run_fraction(fraction, data, (total, other), shelf, progress, run))
    return total.result(), None if other is None else other.result(), tuple(done)


def _result(
    asked: Asked,
    data: CourseData,
    totals: tuple[AccumulatedDose, AccumulatedDose | None],
    fractions: tuple[FractionResult, ...],
    shelf: Shelf,
    parameters: DoseParameters,
    run: Run,
) -> DoseCourseResult:
    """What the sums come to: samples, histograms, the other mapping, verdicts."""
    from RegSuite.workflows.dose_compare import compared
    from RegSuite.workflows.dose_histograms import curves, map_dvhs, metric_rows
    from RegSuite.workflows.dose_sampling import sampled
    from RegSuite.workflows.dose_verdicts import course_metrics, course_verdicts

    total, other = totals
    course = asked.course
    with run.stage("samples", SHARES.fractions, SHARES.samples) as progress:
        nominal, probabilistic = sampled(data, fractions, progress, run)
    with run.stage("dvh", SHARES.samples, SHARES.dvh) as progress:
        dvhs = map_dvhs(data, total, progress, run)
        drawn = curves(nominal, course.bin_width_gy, probabilistic)
        rows = metric_rows(asked.metrics, nominal, probabilistic)
    comparison = None
    if other is not None:
        with run.stage("compare", SHARES.dvh, SHARES.compared):
            comparison = compared(total.dose_gy, other.dose_gy, data, run)
    run.metrics.update(course_metrics(rows, fractions))
    return DoseCourseResult(
        course=course,
        data=data,
        fractions=fractions,
        dose=_image(total.dose_gy, data, "accumulated dose"),
        eqd2={ab: _image(v, data, f"EQD2, alpha/beta {ab:g} Gy") for ab, v in total.eqd2_gy.items()},
        marks=_image(total.marks, data, "marks"),
        probabilistic=probabilistic,
        dvhs=dvhs,
        curves=drawn,
        rows=tuple(rows),
        comparison=comparison,
        verdicts=course_verdicts(asked.limits, data, rows, nominal, run),
        parameters=parameters,
        run=run,
        shelf=shelf,
    )


def _image(values: np.ndarray, data: CourseData, name: str) -> Image:
    import torch

    from RegSuite.geometry import Image

    return Image(torch.from_numpy(np.ascontiguousarray(values))[None], data.grid, name=name)
