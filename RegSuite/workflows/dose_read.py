"""What a course needs, read and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.io.write_image import WRITABLE
from RegSuite.workflows.dose_checks import check_doses, check_frames, check_names, check_reach
from RegSuite.workflows.dose_data import CourseData, FractionData
from RegSuite.workflows.dose_doubts import check_known, doubt_coarse, doubt_counts, doubt_doubles
from RegSuite.workflows.dose_given import read_given
from RegSuite.workflows.dose_grid import accumulation_grid
from RegSuite.workflows.dose_inputs import read_the_dose, structures_in_frame
from RegSuite.workflows.dose_volumes import structure_voxels
from RegSuite.workflows.inputs import Reader, is_file_name

if TYPE_CHECKING:
    from RegSuite.dose.mapping.density import DensityTable
    from RegSuite.dose.region import Region
    from RegSuite.geometry import DoseImage, Image, Structure
    from RegSuite.io.image_series import ImageSeries
    from RegSuite.workflows.course import Course, FractionInput
    from RegSuite.workflows.run import Run


def read_course(course: Course, run: Run) -> CourseData:
    """Everything that a course names, checked; run.inputs gets a record of each.

    Raises InputError, GeometryError or DoseError, with the file and the mend, for what cannot be
    accumulated. Images of fractions are read to be checked and not kept.
    """
    doubts: list[str] = []
    planning = Reader(run.inputs, doubts).registrable(course.planning.image, "planning_image")
    if planning.ndim != 3 or planning.channels != 1:
        raise GeometryError(
            f"the planning image is {planning.ndim}D with {planning.channels} value(s) a voxel",
            where="planning: image",
            mend="give a CT (or MR) volume",
        )
    series = _series(course.planning.image)
    frame = None if series is None else series.frame_of_reference
    structures = structures_in_frame(
        course.planning.structures,
        course.planning.structure_names,
        course.planning.structures_space,
        ("planning image", frame),
        run,
    )
    regions = _regions(structures, planning, course, run)
    check_names(course, structures)
    density = _density(course)
    names = _names(course.fractions)
    doses = [
        read_the_dose(f.dose, f"dose_{n}", f.dose_unit, run) for n, f in enumerate(course.fractions, start=1)
    ]
    check_known(doses, names)
    check_doses(course, names, doses, doubts)
    grid = accumulation_grid(planning.grid, [d.image.grid for d in doses], course.spacing_mm)
    fractions = tuple(
        _fraction(n, names[n - 1], course, doses[n - 1], planning, doubts, run)
        for n in range(1, len(names) + 1)
    )
    check_frames(frame, [f.frames for f in fractions])
    for sentence in doubts:
        run.warn(sentence)
    doubt_counts(course, names, doses, run)
    doubt_doubles(course, names, run)
    doubt_coarse(course, planning.grid, doses, grid, run)
    volumes = structure_voxels(regions, grid)
    return CourseData(course, planning, series, structures, regions, fractions, grid, volumes, density)


def _series(given: Any) -> ImageSeries | None:
    """The DICOM series of a file name; None of what is no DICOM."""
    from RegSuite.io.dicom_file import is_dicom
    from RegSuite.io.image_series import image_series

    if not is_file_name(given):
        return None
    path = Path(given)
    if path.is_dir() or (path.is_file() and is_dicom(path)):
        return image_series(path, required=False)
    return None


def _regions(
    structures: Sequence[Structure], planning: Image, course: Course, run: Run
) -> tuple[Region, ...]:
    """The structures with a volume; the others are left out with a warning, all of them refused."""
    from RegSuite.dose.region import region_of

    found, reasons = [], []
    for structure in structures:
        try:
            thick = float(planning.grid.spacing[2])
            found.append(region_of(structure, planning.grid, course.end_slices, single_mm=thick))
        except GeometryError as error:
            reasons.append(error)
            run.warn(f"structure {structure.name!r} is left out: {error.what}")
    if not found:
        raise reasons[0]
    return tuple(found)


def _density(course: Course) -> DensityTable | None:
    """The table of the course, read; None where none was named."""
    from RegSuite.dose.mapping.density import DensityTable
    from RegSuite.io.course_file import DEFAULT_WORD
    from RegSuite.io.density_table import read_density_table

    given = course.density_table
    if given is None or isinstance(given, DensityTable):
        return given
    if given == DEFAULT_WORD:
        return DensityTable.default()
    if not is_file_name(given):
        raise InputError(
            f"{type(given).__name__} is no density table",
            where="density_table",
            mend="give a CSV of hu,density",
        )
    return read_density_table(Path(given))


def _names(fractions: Sequence[FractionInput]) -> list[str]:
    """A name for each fraction, all different: its own, else its image's or dose's file, else its number."""
    found: list[str] = []
    for number, fraction in enumerate(fractions, start=1):
        named = next((g for g in (fraction.image, fraction.dose) if is_file_name(g)), None)
        name = fraction.name or (f"fraction {number}" if named is None else _without_ending(named))
        found.append(name if name and name not in found else f"{name} ({number})")
    return found


def _without_ending(given: Any) -> str:
    """A file's name without its ending; a folder's as it is."""
    name = Path(given).name
    ending = next((e for e in (*WRITABLE, ".mhd", ".nhdr", ".dcm") if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)]


def _fraction(
    number: int,
    name: str,
    course: Course,
    dose: DoseImage,
    planning: Image,
    doubts: list[str],
    run: Run,
) -> FractionData:
    """One fraction, its image and its given transform checked and let go of."""
    from RegSuite.io.checks import check_pair
    from RegSuite.workflows.dose_deformation import choice_for

    given, image = course.fractions[number - 1], None
    if given.image is not None:
        image = Reader(run.inputs, doubts).registrable(given.image, f"image_{number}")
        if image.ndim != 3 or image.channels != 1:
            raise GeometryError(
                f"the image is {image.ndim}D with {image.channels} value(s) a voxel",
                where=f"fraction {name}",
                mend="give a volume of one value a voxel",
            )
        check_reach(name, image.grid, "its image", dose)
    series = _series(given.image)
    deformation = None
    if given.transform is not None:
        source = series.frame_of_reference if series is not None else dose.frame_of_reference
        deformation = read_given(given.transform, f"transform_{number}", source, run)
        check_reach(name, planning.grid, "the planning image through the transform", dose, deformation)
    elif image is not None:
        doubts += [f"{name}: {sentence}" for sentence in check_pair(planning, image)]
        choice_for(planning, image, course, run.seed)  # refuses parameters that the chosen method has not
    return FractionData(number, name, given, dose, None if image is None else image.grid, series, deformation)
