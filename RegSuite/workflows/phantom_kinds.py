"""How each kind of phantom is made from what a user says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.report.result import InputRecord

if TYPE_CHECKING:
    from RegSuite.phantoms.abdomen import AbdomenPhantom
    from RegSuite.phantoms.phantom import Phantom
    from RegSuite.phantoms.thorax.course import ThoraxCourse
    from RegSuite.phantoms.tumor.phantom import TumorPhantom

GROWTH_TIMES = 10
"""Masks of a tumour's growth."""


def no_labels_alone(labels: Any) -> None:
    """Raises InputError for labels without a scan."""
    if labels is not None:
        raise InputError("labels without a scan", where="--labels", mend="pass --from IMAGE as well")


def thorax(
    image: Any,
    labels: Any,
    names: Any,
    fractions: int | None,
    spacing_mm: float | None,
    seed: int,
    records: dict[str, InputRecord] | None,
) -> ThoraxCourse:
    """A course: a drawn chest, or a CT with its structures."""
    from RegSuite.workflows.inputs import Reader

    if image is None:
        from RegSuite.phantoms.thorax.draw import default_grid, thorax_course

        no_labels_alone(labels)
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


def abdomen(
    image: Any,
    labels: Any,
    ndim: int | None,
    spacing_mm: float | None,
    days: bool,
    label_error: float | None,
    seed: int,
) -> AbdomenPhantom:
    """Two people's, or two days', five organs."""
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


def toy(image: Any, labels: Any) -> TumorPhantom:
    """The triangle that pushes ovals."""
    from RegSuite.phantoms.tumor import toy_phantom

    if image is not None or labels is not None:
        raise InputError("a toy of a scan", where="--toy", mend="leave out --from and --labels, or --toy")
    return toy_phantom(growth_times=GROWTH_TIMES)


def tumor(
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
        no_labels_alone(labels)
        return tumor_phantom(seed, spacing_mm=spacing_mm, **given)
    if spacing_mm is not None:
        raise InputError("a spacing for a scan", where="spacing", mend="leave it out: the scan has its own")
    reader = Reader({} if records is None else records, [])
    scan = reader.registrable(image, "image")
    found, known = reader.labels(labels, "labels", scan.grid, names)
    return tumor_phantom(seed, scan=scan, labels=found, label_names=dict(known), **given)


def shapes(shape: str, ndim: int, spacing_mm: float | None) -> Phantom:
    """Shapes that a small deformation cannot match."""
    from RegSuite.phantoms.shapes import SHAPES, shapes_phantom

    if shape not in SHAPES:
        raise InputError(f"there is no shape {shape!r}", where="shape", mend="shapes: " + ", ".join(SHAPES))
    size = 128 if ndim == 2 else 64
    return shapes_phantom(shape, size, spacing_mm or 1.0, ndim)


def brain(max_displacement_mm: float, spacing_mm: float | None, ndim: int, seed: int) -> Phantom:
    """A drawn head and its copy."""
    from RegSuite.geometry import Grid
    from RegSuite.phantoms.brain import brain_phantom, default_grid

    grid = default_grid(ndim=ndim)
    if spacing_mm is not None:
        if not spacing_mm > 0:
            raise InputError(f"a spacing of {spacing_mm} mm", where="spacing", mend="give a positive number")
        size = [max(8, round(extent / spacing_mm)) for extent in grid.extent_mm]
        grid = Grid.make(size, spacing_mm, [-(n - 1) / 2 * spacing_mm for n in size])
    return brain_phantom(grid, max_displacement_mm, seed)


def from_scan(
    image: Any,
    labels: Any,
    names: Any,
    max_displacement_mm: float,
    seed: int,
    records: dict[str, InputRecord] | None,
) -> Phantom:
    """A scan and its copy under a known deformation."""
    from RegSuite.phantoms.known_field import known_field_phantom
    from RegSuite.workflows.inputs import Reader

    reader = Reader({} if records is None else records, [])
    scan = reader.registrable(image, "image")
    found, known = reader.labels(labels, "labels", scan.grid, names)
    return known_field_phantom(scan, found, max_displacement_mm, seed, label_names=dict(known))
