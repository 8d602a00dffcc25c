"""An abdomen on two days, five organs each, as sample data: made on the spot, with a known deformation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import slicer

from RegSuite.panel.samples import CATEGORY, run_aside

_MAKE = """
import json, sys
from pathlib import Path
from RegSuite.backend.exchange import finish, write_item_in_steps
from RegSuite.errors import RegSuiteError
from RegSuite.phantoms.abdomen import abdomen_pair
folder, seed, spacing, between = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
try:
    made = abdomen_pair(seed, spacing_mm=spacing, between=between)
except RegSuiteError as error:
    sys.exit(error.what)
content = {name: getattr(made, name) for name in ("source", "target", "source_labels", "target_labels")}
content |= {"source_points": made.clouds.source_landmarks, "target_points": made.clouds.target_landmarks}
content["label_names"] = dict(made.label_names)
described = finish(write_item_in_steps(content, folder, "abdomen"))
(folder / "abdomen.json").write_text(json.dumps(described))
"""

SIDES = ("source", "target")


@dataclass(frozen=True)
class OrganSample:
    """A phantom as Sample Data offers it. between: people, or days (of one person)."""

    name: str
    seed: int
    spacing_mm: float
    source: str
    target: str
    between: str = "people"
    thumbnail: str = "OrganRegistration.png"


@dataclass(frozen=True, eq=False)
class OrganNodes:
    """The nodes of a sample: scans, segmentations of five organs, landmarks, of both sides."""

    source: Any
    target: Any
    source_labels: Any
    target_labels: Any
    source_points: Any
    target_points: Any

    @property
    def all(self) -> list[Any]:
        """Every node."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


ABDOMEN = OrganSample("RegSuite abdomen", 3, 2.5, "Abdomen, other day", "Abdomen", "days")
COARSE_ABDOMEN = OrganSample("RegSuite coarse abdomen", 3, 8.0, "Coarse other day", "Coarse abdomen", "days")
"""For tests: made and registered in seconds."""


def register_organ_samples(samples: Sequence[OrganSample], icons: str) -> None:
    """Tell the module Sample Data of the samples; thumbnails lie in the folder `icons`."""
    import SampleData  # type: ignore[import-not-found]  # Slicer's module

    for sample in samples:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris="",
            fileNames="",
            nodeNames=sample.target,
            customDownloader=lambda _source, sample=sample: load_organs(sample).all,
            thumbnailFileName=str(Path(icons) / sample.thumbnail),
        )


def load_organs(sample: OrganSample) -> OrganNodes:
    """Make the phantom in a process of its own and put it into the scene.

    Slicer's window stays alive meanwhile. Missing packages are asked for first. Raises MethodFailed with
    the process's last words.
    """
    from RegSuite.backend.exchange import read_item
    from RegSuite.panel import dependencies

    dependencies.ensure()
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as above:
        folder = Path(above)
        told = [str(sample.seed), str(sample.spacing_mm), sample.between]
        run_aside(_MAKE, [str(folder), *told], folder, sample.name)
        described = json.loads((folder / "abdomen.json").read_text(encoding="utf-8"))
        return _nodes(read_item(described, folder, arrays=True), sample)


def _nodes(content: Any, sample: OrganSample) -> OrganNodes:
    from RegSuite.mrml.display import own_window, show_grey, show_labels, show_points
    from RegSuite.mrml.markups import markups_from_points
    from RegSuite.mrml.segmentations import refer_to_volume, segmentation_from_labels
    from RegSuite.mrml.volumes import volume_from_image

    made: dict[str, Any] = {}
    for side in SIDES:
        volume = volume_from_image(content[side], name=getattr(sample, side))
        show_grey(volume, own_window(volume))
        organs = segmentation_from_labels(
            content[f"{side}_labels"], content["label_names"], name=f"{volume.GetName()} organs"
        )
        show_labels(organs, filled=False)
        organs.GetDisplayNode().SetVisibility(side == "target")
        refer_to_volume(organs, volume)
        points = markups_from_points(content[f"{side}_points"], name=f"{volume.GetName()} landmarks")
        show_points(points, fixed=side == "target")
        made |= {side: volume, f"{side}_labels": organs, f"{side}_points": points}
    return OrganNodes(**made)
