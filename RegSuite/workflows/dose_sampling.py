"""Samples of the course's dose: what each fraction hands over, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from RegSuite.workflows.dose_inputs import values_of

if TYPE_CHECKING:
    from RegSuite.dose.sampling.fraction import SampledFraction
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.dose_parts import FractionResult
    from RegSuite.workflows.dose_read import CourseData, FractionData
    from RegSuite.workflows.run import Run


def sampled(
    data: CourseData, fractions: Sequence[FractionResult], progress: Progress, run: Run
) -> ProbabilisticDose | None:
    """The course's dose over samples of its deformations; None where the course asks for no uncertainty.

    On the processor: the same seed gives the same bits for any number of threads.
    """
    from RegSuite.dose.sampling.course import sample_course

    course = data.course
    handed = [_handed(one, found) for one, found in zip(data.fractions, fractions, strict=True)]
    known = [one for one in handed if one is not None]
    if len(known) < len(handed):
        return None
    found = sample_course(
        known,
        data.grid,
        [region.structure for region in data.regions],
        n=course.samples,
        seed=run.seed,
        correlation=course.correlation,
        mapping=course.mapping,
        alpha_beta=None if course.eqd2 is None else dict(course.eqd2.alpha_beta_gy),
        end_slices=course.end_slices,
        bin_width_gy=course.bin_width_gy,
        workers=run.threads,
        progress=progress,
    )
    for sentence in found.warnings:
        run.warn(sentence)
    return found


def _handed(fraction: FractionData, found: FractionResult) -> SampledFraction | None:
    """A fraction as sample_course takes it; None without an uncertainty."""
    from RegSuite.dose.sampling.fraction import SampledFraction

    if found.uncertainty is None:
        return None
    density = None if found.density is None else (found.density.data[0].numpy(), found.density.grid)
    return SampledFraction(
        dose_gy=values_of(fraction.dose),
        dose_grid=fraction.dose.image.grid,
        uncertainty=found.uncertainty,
        count=found.count,
        density=density,
        name=found.name,
    )
