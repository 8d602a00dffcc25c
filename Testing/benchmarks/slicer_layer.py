"""What the Slicer layer costs: nodes, the panel's event loop, cancelling, scenes.

python -m Testing.benchmarks.slicer_layer [--data FOLDER]        (make bench-slicer)
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from Testing import harness
from Testing.modules import atlas
from Testing.modules.conftest import MODULES

SHAPE = (300, 512, 512)
REPEATS = 5


def main(data: Path | None) -> None:
    """Print the table, a row as soon as it is measured."""
    harness.start()
    print("| what | median | worst | of |\n|---|---|---|---|")
    for type_name in ("int16", "float32"):
        nodes(type_name)
    panel = harness.open_panel(harness.load_module(MODULES / "AtlasRegistration" / "AtlasRegistration.py"))
    gaps(panel, "2 mm brain phantom", lambda: atlas.a_pair(2.0))
    gaps(panel, "1 mm brain phantom", lambda: atlas.a_pair(1.0))
    if data is not None:
        gaps(panel, "`vxm_scan` to `mni_brain`, 1 mm", lambda: real_pair(data))
    cancel(panel)
    scene(data)


def row(what: str, values: list[float], unit: str) -> None:
    """One row: median and worst."""
    number = ".0f" if unit == "ms" else ".2f"
    middle, worst = (f"{value:{number}} {unit}" for value in (statistics.median(values), max(values)))
    print(f"| {what} | {middle} | {worst} | {len(values)} |", flush=True)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds and what came of it."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def nodes(type_name: str) -> None:
    """A CT's worth of voxels into a node and back."""
    import slicer
    import torch

    from RegSuite.geometry import Grid, Image
    from RegSuite.mrml.volumes import image_from_volume, volume_from_image

    values = (np.arange(np.prod(SHAPE), dtype=np.int64) % 4000 - 1000).astype(type_name).reshape(1, *SHAPE)
    image = Image(torch.from_numpy(values), Grid.make(SHAPE[::-1], (0.9, 0.9, 1.5)))
    there, back = [], []
    for _ in range(REPEATS):
        seconds, node = timed(lambda: volume_from_image(image, name="CT"))
        there.append(seconds)
        back.append(timed(lambda node=node: image_from_volume(node))[0])
        slicer.mrmlScene.RemoveNode(node)
    row(f"512x512x300 {type_name}: image to node", there, "s")
    row(f"512x512x300 {type_name}: node to image", back, "s")


def real_pair(data: Path) -> tuple[object, object]:
    """Two brains of the real data as nodes."""
    import slicer

    folder = data / "brain_t1"
    names = ("mni_brain.nii.gz", "vxm_scan.nii.gz")
    fixed, moving = (slicer.util.loadVolume(str(next(folder.rglob(name)))) for name in names)
    return fixed, moving


def gaps(panel: object, name: str, pair: Callable[[], tuple[object, object]]) -> None:
    """The longest time in which the event loop stood still, from Apply to the shown result."""
    import slicer

    found = []
    slicer.mrmlScene.Clear(0)
    atlas.choose(panel, *pair(), method="affine")
    for _ in range(3):
        with harness.LongestGap() as gap:
            atlas.apply_and_wait(panel, 300)
        found.append(gap.ms)
    row(f"longest wait of the panel's event loop, {name}", found, "ms")


def cancel(panel: object) -> None:
    """From the press of Cancel to the end of everything."""
    import slicer

    slicer.mrmlScene.Clear(0)
    atlas.choose(panel, *atlas.a_pair(1.0), method="deformable")
    found = []
    for index in range(REPEATS):
        panel.ui.applyButton.click()
        atlas.wait_for_worker(panel, 0.1 * index)
        start = time.perf_counter()
        panel.ui.applyButton.click()
        harness.wait_until(lambda: not panel.control.running, 30)
        found.append(time.perf_counter() - start)
        assert atlas.job_files() == []
    row("Cancel to the end of the worker and its files", found, "s")


def scene(data: Path | None) -> None:
    """scene.mrb of a registration."""
    import RegSuite
    from RegSuite.mrml.scene import MrmlScene

    if data is None:
        fixed, moving = atlas.a_pair(1.0)
    else:
        fixed, moving = real_pair(data)
    result = RegSuite.register(fixed, moving, "affine")
    content, found = result.scene_content(result.record), []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(3):
            path = Path(folder) / f"{index}.mrb"
            found.append(timed(lambda path=path: MrmlScene().write(content, path))[0])
        megabytes = path.stat().st_size / 1e6
    row(f"scene.mrb of that pair written ({megabytes:.0f} MB)", found, "s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder of real data")
    main(parser.parse_args().data)
