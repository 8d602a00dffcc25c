"""Sample data that are made on the spot: phantoms with a known answer, nothing is downloaded."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import slicer
from slicer.i18n import tr as _

from RegSuite.errors import MethodFailed

CATEGORY = "RegSuite"
_MAKE = """
import sys
from RegSuite.errors import RegSuiteError
from RegSuite.workflows.phantom import phantom, phantom_folder
try:
    phantom_folder(phantom(sys.argv[1], spacing_mm=float(sys.argv[2])), sys.argv[3])
except RegSuiteError as error:
    sys.exit(error.what)
"""


@dataclass(frozen=True)
class Sample:
    """A phantom as Sample Data offers it. kind: as `regsuite phantom` knows it."""

    name: str
    kind: str
    spacing_mm: float
    fixed: str
    moving: str
    thumbnail: str


SAMPLES = {
    "brain": Sample(
        name="RegSuite brain phantom",
        kind="brain",
        spacing_mm=2.0,
        fixed="Phantom scan",
        moving="Phantom atlas",
        thumbnail="AtlasRegistration.png",
    )
}

COARSE_BRAIN = Sample("RegSuite coarse brain", "brain", 6.0, "Coarse scan", "Coarse atlas", "")
"""For tests: made and registered in seconds."""


def register_samples(samples: Sequence[Sample], icons: str) -> None:
    """Tell the module Sample Data of the samples; thumbnails lie in the folder `icons`."""
    import SampleData  # type: ignore[import-not-found]  # Slicer's module

    for sample in samples:
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris="",
            fileNames="",
            nodeNames=sample.fixed,
            customDownloader=lambda _source, sample=sample: [*load_sample(sample).values()],
            thumbnailFileName=str(Path(icons) / sample.thumbnail),
        )


def load_sample(sample: Sample) -> dict[str, Any]:
    """Make the phantom in a process of its own and put it into the scene; nodes by role of `register`.

    Slicer's window stays alive meanwhile. Missing packages are asked for first.
    Raises MethodFailed with the process's last words.
    """
    from RegSuite.panel import dependencies

    dependencies.ensure()
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as above:
        folder = Path(above) / "phantom"
        run_aside(_MAKE, [sample.kind, str(sample.spacing_mm), str(folder)], Path(above), sample.name)
        return _load(sample, folder)


def run_aside(code: str, arguments: Sequence[str], folder: Path, what: str) -> None:
    """Run Python code in a process of its own while the window lives.

    folder: of its words; what: is made, for the message. Raises MethodFailed with its last words.
    """
    from RegSuite.backend.interpreter import apart, interpreter, worker_environment

    words = folder / "words.txt"
    with words.open("wb") as file:
        command = [interpreter(), "-c", code, *arguments]
        process = subprocess.Popen(command, stdout=file, stderr=file, env=worker_environment(), **apart())
        while process.poll() is None:
            slicer.app.processEvents()
            time.sleep(0.02)
    if process.returncode != 0:
        last = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise MethodFailed(
            _("the phantom could not be made: {words}").format(words=" ".join(last)), where=what
        )


def _load(sample: Sample, folder: Path) -> dict[str, Any]:
    """Nodes of fixed and moving image, their labels and, where there are any, landmarks."""
    from RegSuite.io.images import read_image
    from RegSuite.io.labels import read_label_names, read_labels
    from RegSuite.io.points import read_points
    from RegSuite.mrml.display import show_labels
    from RegSuite.mrml.markups import markups_from_points
    from RegSuite.mrml.segmentations import segmentation_from_labels
    from RegSuite.mrml.volumes import volume_from_image

    nodes: dict[str, Any] = {}
    for role, name in (("fixed", sample.fixed), ("moving", sample.moving)):
        file = folder / f"{role}.nii.gz"
        nodes[role] = volume_from_image(read_image(file), name=name)
        labels = folder / f"{role}_labels.nii.gz"
        names = read_label_names(labels, None)
        segmentation = segmentation_from_labels(read_labels(labels), names, name=f"{name} labels")
        show_labels(segmentation, filled=False)
        segmentation.GetDisplayNode().SetVisibility(role == "fixed")
        nodes[f"{role}_labels"] = segmentation
        points = folder / f"{role}_points.csv"
        if points.is_file():
            nodes[f"{role}_points"] = markups_from_points(read_points(points), name=f"{name} landmarks")
    return nodes
