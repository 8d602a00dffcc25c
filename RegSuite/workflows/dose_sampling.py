"""Samples of the course's dose: what each fraction hands over, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from RegSuite.workflows.dose_calibration import calibration_doubts
from RegSuite.workflows.dose_inputs import values_of

if TYPE_CHECKING:
    from RegSuite.dose.sampling.fraction import SampledFraction
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.dose_parts import FractionResult
    from RegSuite.workflows.run import Run

NOMINAL_SHARE = 0.15
"""Of the time that samples take."""


def sampled(
    data: CourseData, fractions: Sequence[FractionResult], progress: Progress, run: Run
) -> tuple[ProbabilisticDose, ProbabilisticDose | None]:
    """The dose by the found deformations themselves, and over samples of their errors (None without).

    Both are read at the same points of the structures, so that a curve and its band differ by the
    deformation alone. On the processor the same seed gives the same bits for any number of threads; a GPU's
    sums differ by float32's rounding.
    """
    known = [f.uncertainty for f in fractions if f.uncertainty is not None]
    some = len(known) == len(fractions)

    def part(begin: float, end: float) -> Progress:
        def told(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
            progress(begin + (end - begin) * fraction, stage, metrics)

        return told

    still = [_certain(f.displacement) for f in fractions]
    nominal = _run(data, fractions, still, 2, part(0.0, NOMINAL_SHARE if some else 1.0), run)
    if not some:
        return nominal, None
    found = _run(data, fractions, known, data.course.samples, part(NOMINAL_SHARE, 1.0), run)
    for sentence in found.warnings:
        run.warn(sentence)
    for sentence in calibration_doubts(data.course, fractions, known):
        run.warn(sentence)
    return nominal, found


def _run(
    data: CourseData,
    fractions: Sequence[FractionResult],
    uncertainties: Sequence[DeformationUncertainty],
    samples: int,
    progress: Progress,
    run: Run,
) -> ProbabilisticDose:
    from RegSuite.dose.sampling.course import sample_course

    course = data.course
    handed = [
        _handed(data, index, found, uncertainty)
        for index, (found, uncertainty) in enumerate(zip(fractions, uncertainties, strict=True))
    ]
    return sample_course(
        handed,
        data.grid,
        [region.structure for region in data.regions],
        n=samples,
        seed=run.seed,
        correlation=course.correlation,
        mapping=course.mapping,
        alpha_beta=None if course.eqd2 is None else dict(course.eqd2.alpha_beta_gy),
        end_slices=course.end_slices,
        bin_width_gy=course.bin_width_gy,
        workers=run.threads,
        device=run.device,
        progress=progress,
    )


def _handed(
    data: CourseData, index: int, found: FractionResult, uncertainty: DeformationUncertainty
) -> SampledFraction:
    """A fraction as sample_course takes it."""
    from RegSuite.dose.sampling.fraction import SampledFraction

    dose = data.fractions[index].dose
    density = None if found.density is None else (found.density.data[0].numpy(), found.density.grid)
    return SampledFraction(values_of(dose), dose.image.grid, uncertainty, found.count, density, found.name)


def _certain(displacement: Image) -> DeformationUncertainty:
    """The displacement without any error; the zeros take no memory."""
    import torch

    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty

    zeros = torch.zeros(()).expand(displacement.data.shape)
    return DeformationUncertainty(displacement, displacement.with_data(zeros))
