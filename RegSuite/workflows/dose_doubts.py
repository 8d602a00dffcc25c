"""What is refused or doubted of a course's doses as they were read: holes, counts, doubles, coarse voxels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import DoseError
from RegSuite.workflows.dose_grid import accumulation_grid

if TYPE_CHECKING:
    from RegSuite.geometry import DoseImage, Grid
    from RegSuite.report.result import InputRecord
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.run import Run

LITTLE_GY = 0.5
"""A file of several fractions that gives less a fraction is asked about."""
WORSE = 0.98
"""Share of the mutual information that interpolation alone may cost."""
COARSE = 2.0
"""A voxel so many times larger than the one taken by itself is warned of."""


def check_known(doses: Sequence[DoseImage], names: Sequence[str]) -> None:
    """Refuse doses with NaN: where a fraction's own dose is not known, no mapping can say what adds up."""
    for dose, name in zip(doses, names, strict=True):
        unknown = int(dose.image.data.isnan().sum())
        if unknown:
            raise DoseError(
                f"the dose of {unknown} voxels is not known (-1 in the file)",
                where=f"fraction {name}",
                mend="give a dose that is known everywhere on its grid; an accumulated one is no fraction's",
            )


def doubt_counts(course: Course, names: Sequence[str], doses: Sequence[DoseImage], run: Run) -> None:
    """Warn of files that seem to hold one fraction where several are said: doses are not multiplied."""
    for name, dose, fraction in zip(names, doses, course.fractions, strict=True):
        largest = float(dose.image.data.max())
        if fraction.fractions > 1 and largest / fraction.fractions < LITTLE_GY:
            run.warn(
                f"{name}: `fractions: {fraction.fractions:g}` says that the file holds the dose of all of "
                f"them, which is {largest:.3g} Gy at most; it is not multiplied. If it is the dose of one "
                "fraction, give the sum"
            )


def doubt_doubles(course: Course, names: Sequence[str], run: Run) -> None:
    """Warn where two fractions have the same dose at the same place in the patient: both are counted."""
    seen: dict[tuple[object, ...], str] = {}
    for number, name in enumerate(names, start=1):
        key = tuple(
            _mark_of(getattr(course.fractions[number - 1], what), run.inputs.get(f"{what}_{number}"))
            for what in ("dose", "image", "transform")
        )
        if key in seen:
            run.warn(
                f"{seen[key]} and {name} have the same dose, image and transform, and both are counted; if "
                "they are one entry written twice, take one out"
            )
        seen.setdefault(key, name)


def _mark_of(given: Any, record: InputRecord | None) -> object:
    """By which two inputs are known to be the same: what is in the file, or which object it is."""
    return id(given) if record is None or record.sha256 is None else record.sha256


def doubt_direction(name: str, similarity: Mapping[str, Any], run: Run) -> None:
    """Warn of a given transform under which the images fit worse than without it."""
    if similarity and similarity["after"] < WORSE * similarity["before"]:
        run.warn(
            f"{name}: through the given transform the images fit worse than without it (mutual information "
            f"{similarity['before']:.3g} before, {similarity['after']:.3g} after); does it lead from "
            "planning points to fraction points, and not back?"
        )


def doubt_coarse(course: Course, planning: Grid, doses: Sequence[DoseImage], grid: Grid, run: Run) -> None:
    """Warn of grid_mm so large that between its voxels neither doses nor deformations are seen."""
    if course.spacing_mm is None:
        return
    own = accumulation_grid(planning, [d.image.grid for d in doses]).spacing
    if (np.asarray(grid.spacing) > COARSE * np.asarray(own)).any():
        asked, usual = (" x ".join(f"{v:.3g}" for v in spacing) for spacing in (grid.spacing, own))
        run.warn(
            f"voxels of {asked} mm (grid_mm) against {usual} mm of the doses and the scan: deformations are "
            "read at them and are straight between, so that doses and DVHs may be far off"
        )
