"""What a course needs, read and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.workflows.dose_given import GivenDeformation, read_given
from RegSuite.workflows.dose_grid import accumulation_grid
from RegSuite.workflows.dose_inputs import read_the_dose, structures_in_frame
from RegSuite.workflows.dose_volumes import StructureVoxels, structure_voxels
from RegSuite.workflows.inputs import Reader, is_file_name

if TYPE_CHECKING:
    from RegSuite.dose.mapping.density import DensityTable
    from RegSuite.dose.region import Region
    from RegSuite.geometry import DoseImage, Grid, Image, Structure
    from RegSuite.io.image_series import ImageSeries
    from RegSuite.workflows.course import Course, FractionInput
    from RegSuite.workflows.run import Run

MUCH_GY = 20.0
"""A fraction that gives more to a point is asked about where EQD2 is formed."""


@dataclass(frozen=True, eq=False)
class FractionData:
    """A fraction as it was checked: its dose, and how to get at its image and its given deformation.

    number: 1, 2, ...; name: for people and warnings. series: of its image where that is DICOM.
    """

    number: int
    name: str
    given: FractionInput
    dose: DoseImage
    image_grid: Grid | None
    series: ImageSeries | None
    deformation: GivenDeformation | None

    @property
    def count(self) -> float:
        """How many equal fractions the dose holds."""
        return self.given.fractions

    def read_image(self) -> Image | None:
        """Its image, read anew where it is a file, so that one fraction's is in memory at a time."""
        return None if self.given.image is None else Reader({}, []).registrable(self.given.image, "image")


@dataclass(frozen=True, eq=False)
class CourseData:
    """A course as it was checked. regions: the structures that have a volume, made ready for lines.

    volumes: of these, by voxel of the accumulation grid.
    """

    course: Course
    planning: Image
    series: ImageSeries | None
    structures: tuple[Structure, ...]
    regions: tuple[Region, ...]
    fractions: tuple[FractionData, ...]
    grid: Grid
    volumes: Mapping[str, StructureVoxels]
    density: DensityTable | None


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
    _check_names(course, structures)
    density = _density(course)
    names = _names(course.fractions)
    doses = [
        read_the_dose(f.dose, f"dose_{n}", f.dose_unit, run) for n, f in enumerate(course.fractions, start=1)
    ]
    _check_doses(course, names, doses, doubts)
    grid = accumulation_grid(planning.grid, [d.image.grid for d in doses], course.spacing_mm)
    fractions = tuple(
        _fraction(n, names[n - 1], given, doses[n - 1], planning, doubts, run)
        for n, given in enumerate(course.fractions, start=1)
    )
    _check_frames(frame, fractions)
    for sentence in doubts:
        run.warn(sentence)
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


def _check_names(course: Course, structures: Sequence[Structure]) -> None:
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
        name = fraction.name or (f"fraction {number}" if named is None else Path(named).name.split(".")[0])
        found.append(name if name and name not in found else f"{name} ({number})")
    return found


def _check_doses(course: Course, names: Sequence[str], doses: Sequence[DoseImage], doubts: list[str]) -> None:
    """Refuse doses that do not add up to a course; warn where a file may hold several fractions."""
    from RegSuite.io.course_checks import check_doses

    check_doses(doses, names, doubts)
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


def _fraction(
    number: int,
    name: str,
    given: FractionInput,
    dose: DoseImage,
    planning: Image,
    doubts: list[str],
    run: Run,
) -> FractionData:
    """One fraction, its image and its given transform checked and let go of."""
    from RegSuite.io.checks import check_pair

    image = None
    if given.image is not None:
        image = Reader(run.inputs, doubts).registrable(given.image, f"image_{number}")
        if image.ndim != 3 or image.channels != 1:
            raise GeometryError(
                f"the image is {image.ndim}D with {image.channels} value(s) a voxel",
                where=f"fraction {name}",
                mend="give a volume of one value a voxel",
            )
        _check_reach(name, image.grid, "its image", dose)
    series = _series(given.image)
    deformation = None
    if given.transform is not None:
        source = series.frame_of_reference if series is not None else dose.frame_of_reference
        deformation = read_given(given.transform, f"transform_{number}", source, run)
        _check_reach(name, planning.grid, "the planning image through the transform", dose, deformation)
    elif image is not None:
        doubts += [f"{name}: {sentence}" for sentence in check_pair(planning, image)]
    return FractionData(number, name, given, dose, None if image is None else image.grid, series, deformation)


def _check_reach(
    name: str, grid: Grid, what: str, dose: DoseImage, through: GivenDeformation | None = None
) -> None:
    """Refuse a dose that lies beside what it belongs to."""
    from RegSuite.io.checks import NO_OVERLAP_FRACTION, overlap_fraction

    transform = None if through is None else through.transform
    if overlap_fraction(grid, dose.image.grid, transform) >= NO_OVERLAP_FRACTION:
        return
    raise GeometryError(
        f"the dose does not reach {what}: dose {dose.image.grid}; {grid}",
        where=f"fraction {name}",
        mend="check which image the dose belongs to, and that a transform leads from planning to fraction",
    )


def _check_frames(planning: str | None, fractions: Sequence[FractionData]) -> None:
    """Refuse frames of reference that nothing brings together."""
    from RegSuite.io.course_checks import FractionFrames, check_frames

    check_frames(
        planning,
        [
            FractionFrames(
                name=f.name,
                image=None if f.series is None else f.series.frame_of_reference,
                dose=f.dose.frame_of_reference,
                registered=None if f.deformation is None else f.deformation.registered_frame,
                source=None if f.deformation is None else f.deformation.source_frame,
                has_transform=f.deformation is not None,
            )
            for f in fractions
        ],
    )
