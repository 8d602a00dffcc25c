"""Pairs of images whose true displacement is known, as a folder to register and judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.report.result import InputRecord
from RegSuite.report.result import Result as ResultRecord

if TYPE_CHECKING:
    from RegSuite.phantoms.abdomen import AbdomenPhantom
    from RegSuite.phantoms.phantom import Phantom
    from RegSuite.phantoms.thorax.course import ThoraxCourse
    from RegSuite.phantoms.tumor.phantom import TumorPhantom

GROWTH_TIMES = 10
"""Masks of a tumour's growth."""

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
        return _shapes(shape, ndim or 2, spacing_mm)
    if kind == "thorax":
        return _thorax(image, labels, label_names, fractions, spacing_mm, seed, records)
    if kind == "abdomen":
        return _abdomen(image, labels, ndim, spacing_mm, days, label_error, seed)
    if kind == "tumor":
        if toy:
            return _toy(image, labels)
        wanted = {"radius_mm": radius_mm, "push": push, "variation_mm": max_displacement_mm}
        return _tumor(image, labels, label_names, ndim or 3, spacing_mm, wanted, seed, records)
    if kind != "brain":
        raise InputError(
            f"there is no phantom {kind!r}", where="phantom", mend="phantoms: " + ", ".join(KINDS)
        )
    if image is None:
        _no_labels_alone(labels)
        return _brain(max_displacement_mm or 8.0, spacing_mm, ndim or 3, seed)
    return _from_scan(image, labels, label_names, max_displacement_mm or 10.0, seed, records)


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


def _no_labels_alone(labels: Any) -> None:
    if labels is not None:
        raise InputError("labels without a scan", where="--labels", mend="pass --from IMAGE as well")


def _thorax(
    image: Any,
    labels: Any,
    names: Any,
    fractions: int | None,
    spacing_mm: float | None,
    seed: int,
    records: dict[str, InputRecord] | None,
) -> ThoraxCourse:
    from RegSuite.workflows.inputs import Reader

    if image is None:
        from RegSuite.phantoms.thorax.draw import default_grid, thorax_course

        _no_labels_alone(labels)
        return thorax_course(
            default_grid(spacing_mm), fractions=4 if fractions is None else fractions, seed=seed
        )
    from RegSuite.phantoms.thorax.from_scan import course_from_scan

    if spacing_mm is not None:
        raise InputError("a spacing for a scan", where="spacing", mend="leave it out: the scan has its own")
    reader = Reader({} if records is None else records, [])
    scan = reader.registrable(image, "image")
    found, known = reader.labels(labels, "labels", scan.grid, names)
    days = 2 if fractions is None else fractions
    return course_from_scan(scan, found, dict(known), fractions=days, seed=seed)


def _abdomen(
    image: Any,
    labels: Any,
    ndim: int | None,
    spacing_mm: float | None,
    days: bool,
    label_error: float | None,
    seed: int,
) -> AbdomenPhantom:
    from RegSuite.phantoms.abdomen import abdomen_pair

    if image is not None or labels is not None:
        raise InputError("an abdomen from a scan", where="--from", mend="leave out --from and --labels")
    return abdomen_pair(
        seed,
        ndim=ndim or 3,
        spacing_mm=spacing_mm or 3.0,
        between="days" if days else "people",
        label_error=label_error or 0.0,
    )


def _toy(image: Any, labels: Any) -> TumorPhantom:
    from RegSuite.phantoms.tumor import toy_phantom

    if image is not None or labels is not None:
        raise InputError("a toy of a scan", where="--toy", mend="leave out --from and --labels, or --toy")
    return toy_phantom(growth_times=GROWTH_TIMES)


def _tumor(
    image: Any,
    labels: Any,
    names: Any,
    ndim: int,
    spacing_mm: float | None,
    wanted: Mapping[str, float | None],
    seed: int,
    records: dict[str, InputRecord] | None,
) -> TumorPhantom:
    """wanted: what `tumor_phantom` takes where it is not None."""
    from RegSuite.phantoms.tumor import tumor_phantom
    from RegSuite.workflows.inputs import Reader

    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    given |= {"ndim": ndim, "growth_times": GROWTH_TIMES}
    if image is None:
        _no_labels_alone(labels)
        return tumor_phantom(seed, spacing_mm=spacing_mm, **given)
    if spacing_mm is not None:
        raise InputError("a spacing for a scan", where="spacing", mend="leave it out: the scan has its own")
    reader = Reader({} if records is None else records, [])
    scan = reader.registrable(image, "image")
    found, known = reader.labels(labels, "labels", scan.grid, names)
    return tumor_phantom(seed, scan=scan, labels=found, label_names=dict(known), **given)


def _shapes(shape: str, ndim: int, spacing_mm: float | None) -> Phantom:
    from RegSuite.phantoms.shapes import SHAPES, shapes_phantom

    if shape not in SHAPES:
        raise InputError(f"there is no shape {shape!r}", where="shape", mend="shapes: " + ", ".join(SHAPES))
    size = 128 if ndim == 2 else 64
    return shapes_phantom(shape, size, spacing_mm or 1.0, ndim)


def _brain(max_displacement_mm: float, spacing_mm: float | None, ndim: int, seed: int) -> Phantom:
    from RegSuite.geometry import Grid
    from RegSuite.phantoms.brain import brain_phantom, default_grid

    grid = default_grid(ndim=ndim)
    if spacing_mm is not None:
        if not spacing_mm > 0:
            raise InputError(f"a spacing of {spacing_mm} mm", where="spacing", mend="give a positive number")
        size = [max(8, round(extent / spacing_mm)) for extent in grid.extent_mm]
        grid = Grid.make(size, spacing_mm, [-(n - 1) / 2 * spacing_mm for n in size])
    return brain_phantom(grid, max_displacement_mm, seed)


def _from_scan(
    image: Any,
    labels: Any,
    names: Any,
    max_displacement_mm: float,
    seed: int,
    records: dict[str, InputRecord] | None,
) -> Phantom:
    from RegSuite.phantoms.known_field import known_field_phantom
    from RegSuite.workflows.inputs import Reader

    reader = Reader({} if records is None else records, [])
    scan = reader.registrable(image, "image")
    found, known = reader.labels(labels, "labels", scan.grid, names)
    return known_field_phantom(scan, found, max_displacement_mm, seed, label_names=dict(known))
