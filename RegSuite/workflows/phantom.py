"""Pairs of images whose true displacement is known, as a folder to register and judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.report.result import InputRecord
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows import phantom_kinds

if TYPE_CHECKING:
    from RegSuite.phantoms.abdomen import AbdomenPhantom
    from RegSuite.phantoms.phantom import Phantom
    from RegSuite.phantoms.thorax.course import ThoraxCourse
    from RegSuite.phantoms.tumor.phantom import TumorPhantom

KINDS: Mapping[str, str] = {
    "brain": "a head drawn from formulas, or (--from IMAGE) a scan, and its copy under a known deformation",
    "thorax": "a course of radiotherapy: a chest drawn from formulas, or (--from IMAGE) a CT, days and doses",
    "tumor": "a brain drawn from formulas, or (--from IMAGE --labels F) a scan, and its copy with a tumour",
    "abdomen": "five organs that slide past each other, of two people or two days, drawn from formulas",
    "shapes": "c-to-disc, j-to-v or triangle: shapes that a small deformation cannot match",
}


def phantom(
    kind: str,
    *,
    image: Any = None,
    labels: Any = None,
    label_names: Any = None,
    max_displacement_mm: float | None = None,
    spacing_mm: float | None = None,
    shape: str = "c-to-disc",
    ndim: int | None = None,
    fractions: int | None = None,
    radius_mm: float | None = None,
    push: float | None = None,
    toy: bool = False,
    days: bool = False,
    label_error: float | None = None,
    seed: int = 0,
    records: dict[str, InputRecord] | None = None,
) -> Phantom | ThoraxCourse | TumorPhantom | AbdomenPhantom:
    """The phantom called `kind` (see KINDS): fixed and moving image, labels, and the exact displacement.

    Of kind thorax a ThoraxCourse: planning scan, structures, days with doses, and the exact accumulated
    dose. Of kind tumor a TumorPhantom: template, target, masks and the map between them; radius_mm, push:
    see `tumor_phantom`; toy: the triangle that pushes ovals. Of kind abdomen an AbdomenPhantom: scans,
    labels, surface points and landmarks of two people, or (days) of one on two days, and the exact map
    between them; label_error: share of points whose label is swapped. image, labels: of kinds brain,
    thorax and tumor, a scan (and its label map) instead of the analytic one. fractions: of kind thorax,
    how many days; 4, of a scan 2. max_displacement_mm: of kind brain, 8 (analytic) or 10 (scan) if None;
    of kind tumor, of what makes the target another person: 6. spacing_mm: of the analytic phantoms.
    shape: of kind shapes. ndim: of kinds brain, tumor (3) and shapes (2). records: is filled with the
    inputs. Same seed, same bits.
    Raises InputError for a kind or a shape that does not exist, or values that cannot be.
    """
    if kind == "shapes":
        return phantom_kinds.shapes(shape, ndim or 2, spacing_mm)
    if kind == "thorax":
        return phantom_kinds.thorax(image, labels, label_names, fractions, spacing_mm, seed, records)
    if kind == "abdomen":
        return phantom_kinds.abdomen(image, labels, ndim, spacing_mm, days, label_error, seed)
    if kind == "tumor":
        if toy:
            return phantom_kinds.toy(image, labels)
        wanted = {"radius_mm": radius_mm, "push": push, "variation_mm": max_displacement_mm}
        return phantom_kinds.tumor(image, labels, label_names, ndim or 3, spacing_mm, wanted, seed, records)
    if kind != "brain":
        raise InputError(
            f"there is no phantom {kind!r}", where="phantom", mend="phantoms: " + ", ".join(KINDS)
        )
    if image is None:
        phantom_kinds.no_labels_alone(labels)
        return phantom_kinds.brain(max_displacement_mm or 8.0, spacing_mm, ndim or 3, seed)
    return phantom_kinds.from_scan(image, labels, label_names, max_displacement_mm or 10.0, seed, records)


def phantom_folder(
    made: Phantom | ThoraxCourse | TumorPhantom | AbdomenPhantom,
    folder: Path | str,
    *,
    overwrite: bool = False,
    dicom: bool = False,
    inputs: Mapping[str, InputRecord] | None = None,
) -> ResultRecord:
    """Write a phantom's files and result.json; gives its content. Raises OutputError, DiskFull.

    dicom: of a course, also as DICOM. Raises InputError where it is asked of another phantom.
    """
    from RegSuite.phantoms.thorax.course import ThoraxCourse
    from RegSuite.report.folder import ResultFolder
    from RegSuite.report.provenance import versions

    with ResultFolder(folder, overwrite=overwrite) as target:
        if not isinstance(made, ThoraxCourse):
            files = _pair_to_folder(made, target.path, dicom)
        else:
            from RegSuite.phantoms.write_course import course_to_folder

            files = course_to_folder(made, target.path, dicom=dicom)
        roles = {name: role for role, name in files.items()}
        written = sorted(path.name for path in target.path.iterdir())
        record = ResultRecord(
            workflow="phantom",
            status="completed",
            inputs=dict(inputs or {}),
            parameters={"phantom": made.name, **made.parameters},
            seed=made.seed,
            versions=versions(),
            files={roles.get(name, name.partition(".")[0] + "_table"): name for name in written},
        )
        target.complete(record)
    return record


def _pair_to_folder(
    made: Phantom | TumorPhantom | AbdomenPhantom, folder: Path, dicom: bool
) -> dict[str, str]:
    from RegSuite.phantoms.abdomen.phantom import AbdomenPhantom
    from RegSuite.phantoms.phantom import Phantom

    if dicom:
        raise InputError(f"the phantom {made.name} as DICOM", where="dicom", mend="only thorax is written so")
    if isinstance(made, Phantom):
        from RegSuite.phantoms.write import phantom_to_folder

        return phantom_to_folder(made, folder)
    if isinstance(made, AbdomenPhantom):
        from RegSuite.phantoms.write_abdomen import abdomen_to_folder

        return abdomen_to_folder(made, folder)
    from RegSuite.phantoms.write_tumor import tumor_to_folder

    return tumor_to_folder(made, folder)
