"""Whether a source's calibration says anything of this course: it was measured with one registration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.methods.choice import Choice
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_parts import FractionResult


def settings_of(choice: Choice) -> dict[str, Any]:
    """Method, start and parameters of a registration, the seed apart: what its errors depend on."""
    parameters = choice.parameters.model_dump(mode="json", exclude={"seed"})
    return {"method": choice.name, "start": choice.start, "parameters": parameters}


def calibration_doubts(
    course: Course, fractions: Sequence[FractionResult], known: Sequence[DeformationUncertainty]
) -> list[str]:
    """Sentences: bands that are not calibrated, or were by another registration or for other draws."""
    if any(one.calibration is None for one in known):
        return [
            f"the uncertainty of source {known[0].source} is not calibrated: whether its bands are too "
            "narrow or too wide was not measured"
        ]
    calibration = known[0].calibration if known else None
    if calibration is None:
        return []
    doubts = []
    if calibration.preset:
        wanted = _settings_of_preset(calibration.preset)
        others = [f.name for f in fractions if f.quality.get("settings") != wanted]
        if others:
            doubts.append(
                f"the bands were calibrated on registrations by preset {calibration.preset} alone, and "
                f"{', '.join(others)} was not registered so: they may be too narrow"
            )
    if len(fractions) > 1 and calibration.fractions not in ("", course.correlation):
        doubts.append(
            f"the bands were calibrated with `correlation: {calibration.fractions}`, and the course says "
            f"{course.correlation}: they may be too narrow"
        )
    return doubts


def _settings_of_preset(name: str) -> Mapping[str, Any]:
    from RegSuite.methods.choice import choice_of
    from RegSuite.presets import load_preset

    preset = load_preset(name)
    return settings_of(choice_of(preset.method, {}, preset=preset))
