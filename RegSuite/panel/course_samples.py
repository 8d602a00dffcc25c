"""A course as sample data, made on the spot: a chest that breathes, with a known accumulated dose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import slicer

from RegSuite.panel.course_state import FractionRow
from RegSuite.panel.samples import CATEGORY, run_aside

_MAKE = """
import json, sys
from pathlib import Path
from RegSuite.backend.exchange import finish, write_item_in_steps
from RegSuite.errors import RegSuiteError
from RegSuite.phantoms.thorax import thorax_draw
folder, voxels, spacing, fractions = Path(sys.argv[1]), *map(float, sys.argv[2:])
try:
    size = (round(voxels * 1.15), round(voxels), round(voxels * 0.7))
    course = thorax_draw(3, size, spacing, fractions=round(fractions))
except RegSuiteError as error:
    sys.exit(error.what)
content = {
    "planning": course.planning,
    "structures": course.structures,
    "fractions": [[f.image, f.dose.image, f.displacement, f.count] for f in course.fractions],
}
described = finish(write_item_in_steps(content, folder, "course"))
(folder / "course.json").write_text(json.dumps(described))
"""


@dataclass(frozen=True)
class CourseSample:
    """A phantom course as Sample Data offers it. truth: with the true deformations as transforms."""

    name: str
    voxels: int
    spacing_mm: float
    fractions: int
    truth: bool = False
    thumbnail: str = "DoseAccumulation.png"


@dataclass(frozen=True, eq=False)
class CourseNodes:
    """The nodes of a sample, and the dose in Gy that its target was prescribed."""

    planning: Any
    structures: Any
    fractions: Sequence[FractionRow]
    prescribed_gy: float = 60.0

    @property
    def all(self) -> list[Any]:
        """Every node."""
        rows = [n for row in self.fractions for n in (row.image, row.dose, row.transform) if n is not None]
        return [self.planning, self.structures, *rows]


THORAX = CourseSample("RegSuite thorax course", 64, 4.0, 3)
COARSE_THORAX = CourseSample("RegSuite coarse thorax", 32, 7.0, 2, truth=True)
"""For tests: made and accumulated in seconds."""


def register_course_samples(samples: Sequence[CourseSample], icons: str) -> None:
    """Tell the module Sample Data of the samples; thumbnails lie in the folder `icons`."""
    import SampleData  # type: ignore[import-not-found]  # Slicer's module

    for sample in samples:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris="",
            fileNames="",
            nodeNames="Thorax planning scan",
            customDownloader=lambda _source, sample=sample: load_course(sample).all,
            thumbnailFileName=str(Path(icons) / sample.thumbnail),
        )


def load_course(sample: CourseSample) -> CourseNodes:
    """Make the phantom in a process of its own and put it into the scene, doses as SlicerRT marks them.

    Slicer's window stays alive meanwhile. Missing packages are asked for first. Raises MethodFailed with
    the process's last words.
    """
    from RegSuite.backend.exchange import read_item
    from RegSuite.panel import dependencies

    dependencies.ensure()
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as above:
        folder = Path(above)
        numbers = [str(sample.voxels), str(sample.spacing_mm), str(sample.fractions)]
        run_aside(_MAKE, [str(folder), *numbers], folder, sample.name)
        described = json.loads((folder / "course.json").read_text(encoding="utf-8"))
        return _nodes(read_item(described, folder, arrays=True), sample)


def _nodes(content: Any, sample: CourseSample) -> CourseNodes:
    from RegSuite.mrml.display import own_window, show_grey, show_labels
    from RegSuite.mrml.dose_display import show_dose
    from RegSuite.mrml.dose_volumes import mark_dose
    from RegSuite.mrml.segmentations import refer_to_volume
    from RegSuite.mrml.slabs import finish
    from RegSuite.mrml.structure_making import segmentation_of_structures
    from RegSuite.mrml.transforms import transform_in_steps
    from RegSuite.mrml.volumes import volume_from_image
    from RegSuite.transforms.arrays import ArrayField

    planning = volume_from_image(content["planning"], name="Thorax planning scan")
    show_grey(planning, own_window(planning))
    structures = finish(segmentation_of_structures(content["structures"], name="Thorax structures"))
    show_labels(structures, filled=False)
    refer_to_volume(structures, planning)
    rows = []
    for number, (image, dose, displacement, count) in enumerate(content["fractions"], start=1):
        scan = volume_from_image(image, name=f"Thorax day {number}")
        show_grey(scan, own_window(planning))
        volume = volume_from_image(dose, name=f"Thorax dose {number}")
        mark_dose(volume)
        show_dose(volume)
        transform = None
        if sample.truth:
            field = ArrayField(displacement.values, displacement.grid)
            transform = finish(transform_in_steps(field, name=f"Thorax motion {number}"))
        rows.append(FractionRow(scan, volume, transform, float(count)))
    return CourseNodes(planning, structures, rows)
