"""A healthy brain and one with a tumour as sample data, made on the spot, with a known deformation."""

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
from RegSuite.phantoms.tumor import tumor_phantom
folder, seed, spacing = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
try:
    made = tumor_phantom(seed, spacing_mm=spacing)
except RegSuiteError as error:
    sys.exit(error.what)
names = ("template", "template_labels", "target", "target_labels", "tumor", "oedema")
content = {name: getattr(made, name) for name in names}
content["label_names"] = dict(made.label_names)
described = finish(write_item_in_steps(content, folder, "brain"))
(folder / "brain.json").write_text(json.dumps(described))
"""


@dataclass(frozen=True)
class TumorSample:
    """A phantom as Sample Data offers it."""

    name: str
    seed: int
    spacing_mm: float
    template: str
    target: str
    thumbnail: str = "TumorMetamorphosis.png"


@dataclass(frozen=True, eq=False)
class TumorNodes:
    """The nodes of a sample; tumor: a segmentation with the segments 'tumour core' and 'oedema'."""

    template: Any
    target: Any
    template_labels: Any
    target_labels: Any
    tumor: Any

    @property
    def all(self) -> list[Any]:
        """Every node."""
        return [self.template, self.target, self.template_labels, self.target_labels, self.tumor]


TUMOR = TumorSample("RegSuite brain with a tumour", 4, 2.0, "Healthy template", "Brain with a tumour")
COARSE_TUMOR = TumorSample("RegSuite coarse tumour", 4, 5.0, "Coarse template", "Coarse patient")
"""For tests: made and registered in seconds."""


def register_tumor_samples(samples: Sequence[TumorSample], icons: str) -> None:
    """Tell the module Sample Data of the samples; thumbnails lie in the folder `icons`."""
    import SampleData  # type: ignore[import-not-found]  # Slicer's module

    for sample in samples:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris="",
            fileNames="",
            nodeNames=sample.target,
            customDownloader=lambda _source, sample=sample: load_tumor(sample).all,
            thumbnailFileName=str(Path(icons) / sample.thumbnail),
        )


def load_tumor(sample: TumorSample) -> TumorNodes:
    """Make the phantom in a process of its own and put it into the scene.

    Slicer's window stays alive meanwhile. Missing packages are asked for first. Raises MethodFailed with
    the process's last words.
    """
    from RegSuite.backend.exchange import read_item
    from RegSuite.panel import dependencies

    dependencies.ensure()
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as above:
        folder = Path(above)
        numbers = [str(sample.seed), str(sample.spacing_mm)]
        run_aside(_MAKE, [str(folder), *numbers], folder, sample.name)
        described = json.loads((folder / "brain.json").read_text(encoding="utf-8"))
        return _nodes(read_item(described, folder, arrays=True), sample)


def _nodes(content: Any, sample: TumorSample) -> TumorNodes:
    from RegSuite.mrml.display import own_window, show_grey, show_labels
    from RegSuite.mrml.segmentations import refer_to_volume, segmentation_from_labels
    from RegSuite.mrml.tumor_results import REGIONS
    from RegSuite.mrml.volumes import volume_from_image

    volumes = {}
    for role in ("template", "target"):
        volumes[role] = volume_from_image(content[role], name=getattr(sample, role))
        show_grey(volumes[role], own_window(volumes[role]))
    labels = {}
    for role, volume in volumes.items():
        node = segmentation_from_labels(
            content[f"{role}_labels"], content["label_names"], name=f"{volume.GetName()} labels"
        )
        show_labels(node, filled=False)
        node.GetDisplayNode().SetVisibility(False)
        refer_to_volume(node, volume)
        labels[role] = node
    core = content["tumor"]
    both = (core.values > 0) + 2 * ((content["oedema"].values > 0) & (core.values == 0))
    names = {label: name for label, (name, _) in REGIONS.items()}
    tumor = segmentation_from_labels(
        core.with_values(both.astype("uint8")), names, name=f"{sample.target} tumour"
    )
    for label, (_, colour) in REGIONS.items():
        tumor.GetSegmentation().GetSegment(f"label_{label}").SetColor(*colour)
    show_labels(tumor, filled=False)
    refer_to_volume(tumor, volumes["target"])
    return TumorNodes(volumes["template"], volumes["target"], labels["template"], labels["target"], tumor)
