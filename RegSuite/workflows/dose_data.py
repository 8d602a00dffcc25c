"""A course as it was read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.workflows.inputs import Reader

if TYPE_CHECKING:
    from RegSuite.dose.mapping.density import DensityTable
    from RegSuite.dose.region import Region
    from RegSuite.geometry import DoseImage, Grid, Image, Structure
    from RegSuite.io.course_checks import FractionFrames
    from RegSuite.io.image_series import ImageSeries
    from RegSuite.workflows.course import Course, FractionInput
    from RegSuite.workflows.dose_given import GivenDeformation
    from RegSuite.workflows.dose_volumes import StructureVoxels


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
    def frames(self) -> FractionFrames:
        """The frames of reference that it names."""
        from RegSuite.io.course_checks import FractionFrames

        given = self.deformation
        return FractionFrames(
            name=self.name,
            image=None if self.series is None else self.series.frame_of_reference,
            dose=self.dose.frame_of_reference,
            registered=None if given is None else given.registered_frame,
            source=None if given is None else given.source_frame,
            has_transform=given is not None,
        )

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
