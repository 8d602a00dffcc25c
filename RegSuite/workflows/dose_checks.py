"""What makes a course impossible or doubtful, found before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError, InputError

if TYPE_CHECKING:
    from RegSuite.geometry import DoseImage, Grid, Structure
    from RegSuite.io.course_checks import FractionFrames
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_given import GivenDeformation

MUCH_GY = 20.0
"""A fraction that gives more to a point is asked about where EQD2 is formed."""


def check_names(course: Course, structures: Sequence[Structure]) -> None:
    """Refuse alpha/beta of structures that are not there."""
    if course.eqd2 is None:
        return
    there = [s.name for s in structures]
    unknown = [n for n in course.eqd2.alpha_beta_gy if n != "default" and n not in there]
    if unknown:
        raise InputError(
            f"there is no structure {', '.join(map(repr, unknown))}",
            where="eqd2: alpha_beta_gy",
            mend="structures: " + ", ".join(there[:20]),
        )


def check_doses(course: Course, names: Sequence[str], doses: Sequence[DoseImage], doubts: list[str]) -> None:
    """Refuse doses that do not add up to a course; warn where a file may hold several fractions."""
    from RegSuite.io.course_checks import check_doses as check

    check(doses, names, doubts)
    if course.eqd2 is None:
        return
    effective = [name for name, dose in zip(names, doses, strict=True) if dose.dose_type == "EFFECTIVE"]
    if effective:
        raise InputError(
            f"EQD2 of a dose that is EFFECTIVE already ({', '.join(effective)})",
            where="eqd2",
            mend="give physical doses, or leave eqd2 out",
        )
    for name, dose, fraction in zip(names, doses, course.fractions, strict=True):
        largest = float(dose.image.data.max()) / fraction.fractions
        if largest > MUCH_GY:
            doubts.append(
                f"{name}: up to {largest:.0f} Gy in one fraction; if the file holds several, say so with "
                "`fractions: N` (EQD2 depends on it)"
            )


def check_reach(
    name: str, grid: Grid, what: str, dose: DoseImage, through: GivenDeformation | None = None
) -> None:
    """Refuse a dose that lies beside what it belongs to."""
    from RegSuite.io.checks import NO_OVERLAP_FRACTION, overlap_fraction

    transform = None if through is None else through.transform
    if overlap_fraction(grid, dose.image.grid, transform, probes=16) >= NO_OVERLAP_FRACTION:
        return
    raise GeometryError(
        f"the dose does not reach {what}: dose {dose.image.grid}; {grid}",
        where=f"fraction {name}",
        mend="check which image the dose belongs to, and that a transform leads from planning to fraction",
    )


def check_frames(planning: str | None, fractions: Sequence[FractionFrames]) -> None:
    """Refuse frames of reference that nothing brings together."""
    from RegSuite.io.course_checks import check_frames as check

    check(planning, fractions)
