"""The deformation of one fraction: registered here, or as another system gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid, Image
    from RegSuite.methods.base import Progress
    from RegSuite.methods.choice import Choice
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_data import CourseData, FractionData
    from RegSuite.workflows.dose_given import GivenDeformation
    from RegSuite.workflows.register import RegisterParameters
    from RegSuite.workflows.run import Run


@dataclass(frozen=True, eq=False)
class FoundDeformation:
    """How planning points move in a fraction. source: the method that found it, or the given file.

    measure: the similarity by which before and after are compared. settings: of the registration.
    """

    source: str
    measure: str
    transform: Transform | None = None
    given: GivenDeformation | None = None
    settings: Mapping[str, Any] | None = None

    def displacement(self, grid: Grid) -> Tensor:
        """u [3, *shape] at the voxels of `grid`, LPS mm; NaN where it is not known."""
        if self.given is not None:
            return self.given.displacement(grid)
        assert self.transform is not None
        return self.transform.displacement(grid)


def register_parameters(course: Course, seed: int) -> RegisterParameters:
    """The course's registration for `regsuite register`. Raises InputError for what does not exist."""
    from RegSuite.validation import validated
    from RegSuite.workflows.register import RegisterParameters

    asked = course.registration
    values = {"method": asked.method, "preset": asked.preset, "parameters": asked.parameters, "seed": seed}
    return validated(RegisterParameters, values, "the course's registration")


def found_deformation(
    fraction: FractionData, image: Image | None, data: CourseData, progress: Progress, run: Run
) -> FoundDeformation:
    """The given deformation, or the one that a registration of the fraction's image finds."""
    if fraction.deformation is not None:
        return FoundDeformation(fraction.deformation.words, "mi", given=fraction.deformation)
    assert image is not None  # the course was checked: a fraction without a transform has an image
    choice = choice_for(data.planning, image, data.course, run.seed)
    return registered(choice, fraction, image, data, progress, run)


def choice_for(planning: Image, image: Image, course: Course, seed: int) -> Choice:
    """The method with its parameters for a fraction's image."""
    from RegSuite.workflows.register import chosen_by_look, chosen_by_name

    parameters = register_parameters(course, seed)
    return chosen_by_name(parameters) or chosen_by_look(planning, image, parameters)


def registered(
    choice: Choice, fraction: FractionData, image: Image, data: CourseData, progress: Progress, run: Run
) -> FoundDeformation:
    """A registration of the fraction's image to the planning image, with what it has to say."""
    from RegSuite.methods.choice import run_choice
    from RegSuite.workflows.dose_calibration import settings_of
    from RegSuite.workflows.estimate import check_resources
    from RegSuite.workflows.quality import measure_name

    for sentence in choice.notes:
        note = f"{fraction.name}: {sentence}"
        if note not in run.notes:
            run.say(note)
    check_resources(choice, data.planning, image, run)
    found = run_choice(choice, data.planning.to(run.device), image.to(run.device), progress)
    run.notes.extend(f"{fraction.name}: {sentence}" for sentence in found.notes)
    for sentence in found.warnings:
        run.warn(f"{fraction.name}: {sentence}")
    return FoundDeformation(
        choice.name, measure_name(choice), transform=found.transform, settings=settings_of(choice)
    )


def check_folding(data: CourseData) -> None:
    """Refuse given deformations that fold within a structure, unless the course says `folding: mark`.

    What folds outside of structures is marked and told. Raises GeometryError with the structures' shares.
    """
    from RegSuite.numerics.jacobian import jacobian_determinant
    from RegSuite.workflows.dose_volumes import structure_shares

    if data.course.folding == "mark":
        return
    for fraction in data.fractions:
        if fraction.deformation is None:
            continue
        folded = jacobian_determinant(fraction.deformation.displacement(data.grid), data.grid) <= 0
        if not bool(folded.any()):
            continue
        shares = structure_shares(folded.numpy(), data.volumes)
        within = {name: share for name, share in shares.items() if share > 0}
        if within:
            words = ", ".join(f"{100 * share:.2g} % of {name}" for name, share in within.items())
            raise GeometryError(
                f"the transform folds (its Jacobian is not positive) in {int(folded.sum())} voxels: {words}",
                where=f"fraction {fraction.name}: {fraction.deformation.words}",
                mend="give another transform, let RegSuite register the fraction, or say `folding: mark`: "
                "the voxels are then marked and left out",
            )
