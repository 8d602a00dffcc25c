"""An accumulated course as DICOM: dose, EQD2, registrations, structures and marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.inputs import is_file_name

if TYPE_CHECKING:
    from RegSuite.io.image_series import ImageSeries
    from RegSuite.workflows.dose_data import FractionData
    from RegSuite.workflows.dose_result import DoseCourseResult


def export(result: DoseCourseResult, folder: Path) -> dict[str, str]:
    """Write the new folder and give {file name: SOP instance UID}; doubts become the run's warnings.

    What is no DICOM gets a frame of reference of its own, in the planning scan's study. Raises
    OutputError for a folder that is not empty.
    """
    from RegSuite.io.dicom_export import export_course_dicom

    found: list[str] = []
    reference = planning_series(result)
    fractions = result.data.fractions
    count = sum(f.count for f in fractions)
    written = export_course_dicom(
        folder,
        reference=reference,
        dose=result.dose,
        effective={f"EQD2_{alpha_beta:g}": image for alpha_beta, image in result.eqd2.items()},
        registrations=[
            (found_.displacement, _fraction_series(given, reference))
            for given, found_ in zip(fractions, result.fractions, strict=True)
        ],
        structures=result.structures,
        marks=result.marks,
        plans=_each(uid for f in fractions for uid in f.dose.plans),
        doses=_each(f.dose.sop_instance for f in fractions),
        fractions=round(count) if abs(count - round(count)) < 1e-9 else None,
        warnings=found,
    )
    for sentence in found:
        result.run.warn(sentence)
    return written


def planning_series(result: DoseCourseResult) -> ImageSeries:
    """Whose scan it is: the planning image's series, else the structure set's, else a new one."""
    from RegSuite.io.image_series import made_series

    if result.data.series is not None:
        return result.data.series
    of_structures = _of_file(result.course.planning.structures)
    return made_series(result.planning.grid) if of_structures is None else of_structures


def _fraction_series(fraction: FractionData, reference: ImageSeries) -> ImageSeries:
    """The image's series, else the dose's, else a new frame of reference in the planning scan's study."""
    from RegSuite.io.image_series import made_series

    found = fraction.series or _of_file(fraction.given.dose)
    if found is not None:
        return found
    new = made_series(fraction.image_grid)
    return replace(new, study=reference.study, header=reference.header)


def _of_file(given: Any) -> ImageSeries | None:
    """The series that a DICOM file names; None of other files and of objects."""
    from RegSuite.io.dicom_file import is_dicom
    from RegSuite.io.image_series import image_series

    if not is_file_name(given) or not Path(given).is_file() or not is_dicom(Path(given)):
        return None
    return image_series(Path(given), required=False)


def _each(uids: Iterable[str | None]) -> list[str]:
    """Every UID once, in order."""
    return list(dict.fromkeys(uid for uid in uids if uid))
