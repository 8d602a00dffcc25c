"""How sure the deformation of one fraction is, by the source that the course names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_data import CourseData, FractionData
    from RegSuite.workflows.run import Run

STIFFER_VOXELS = 2.5
"""Smoothing of the stiff member of an ensemble, in planning voxels (the method's own is 0.8)."""


def ensemble_settings(planning: Image) -> tuple[Mapping[str, Any], ...]:
    """Parameters of `deformable` that make an ensemble: other measures, and one stiffer."""
    stiff = STIFFER_VOXELS * min(planning.grid.spacing)
    return (
        {"measure": "lncc"},
        {"measure": "mind"},
        {"measure": "lncc", "smoothness_mm": stiff},
        {"measure": "ssd"},
    )


def check_source(course: Course) -> None:
    """Refuse, before anything is computed, a source that the course cannot have: no images, no model."""
    source, model = course.uncertainty.source, course.uncertainty.model
    if source == "none":
        return
    without = [str(n) for n, f in enumerate(course.fractions, start=1) if f.image is None]
    if without:
        raise InputError(
            f"the source {source} looks at the images, and fraction {', '.join(without)} has none",
            where="uncertainty",
            mend="give the image, or `uncertainty: none`",
        )
    if source == "network":
        from RegSuite.learning.uncertainty.model_file import load_model

        load_model(None if model is None else Path(model))
    elif source == "laplace":
        from RegSuite.dose.uncertainty.shipped import shipped_calibration

        shipped_calibration(source)


def deformation_uncertainty(
    fraction: FractionData,
    image: Image | None,
    displacement: Image,
    data: CourseData,
    progress: Progress,
    run: Run,
) -> DeformationUncertainty | None:
    """The displacement with its SD on the accumulation grid; None where the course asks for none."""
    source = data.course.uncertainty.source
    if source == "none" or image is None:
        return None
    if source == "laplace":
        from RegSuite.dose.uncertainty.laplace import laplace_uncertainty

        progress(0.0, f"{fraction.name}: uncertainty", {})
        return laplace_uncertainty(data.planning, image, displacement)
    if source == "network":
        from RegSuite.learning.uncertainty.predict import network_uncertainty

        model = data.course.uncertainty.model
        return network_uncertainty(
            data.planning,
            image,
            displacement,
            model=None if model is None else Path(model),
            device=run.device,
            progress=progress,
        )
    return _ensemble(fraction, image, displacement, data, progress, run)


def _ensemble(
    fraction: FractionData,
    image: Image,
    displacement: Image,
    data: CourseData,
    progress: Progress,
    run: Run,
) -> DeformationUncertainty:
    """The spread of further registrations about the displacement that the dose is mapped by."""
    from RegSuite.dose.uncertainty.ensemble import ensemble_uncertainty
    from RegSuite.geometry import Image as EngineImage
    from RegSuite.methods.choice import choice_of
    from RegSuite.workflows.dose_deformation import choice_for, registered

    own = choice_for(data.planning, image, data.course, run.seed)
    start = "affine" if own.start == "identity" else own.start
    members = []
    settings = ensemble_settings(data.planning)
    for number, values in enumerate(settings):

        def part(fraction_: float, stage: str, metrics: Mapping[str, float], n: int = number) -> None:
            words = f"{fraction.name}: ensemble {n + 1} of {len(settings)}, {stage}"
            progress((n + fraction_) / len(settings), words, metrics)

        choice = choice_of("deformable", values, start=start, seed=run.seed)
        found = registered(choice, fraction, image, data, part, run)
        members.append(EngineImage(found.displacement(data.grid), data.grid, name=f"member {number + 1}"))
    return ensemble_uncertainty(members, displacement=displacement)
