"""A scan and an atlas whose relation is known, as nodes, and what tests ask of a panel."""

import os
from pathlib import Path

import numpy as np

SHIFT_MM = (8.0, -5.0, 6.0)
"""LPS: a point x of the scan is at x + SHIFT_MM in the atlas."""


def a_pair(spacing_mm=6.0, shift_mm=SHIFT_MM, names=("scan", "atlas")):
    """Nodes of a scan and of an atlas: the same brain, elsewhere in space."""
    from dataclasses import replace

    from RegSuite.geometry import Grid
    from RegSuite.mrml.volumes import volume_from_image
    from RegSuite.phantoms.brain import brain_image

    size = [round(n / spacing_mm) for n in (150, 186, 150)]
    origin = [-(n - 1) / 2 * spacing_mm for n in size]
    fixed, _labels = brain_image(Grid.make(size, spacing_mm, origin))
    grid = Grid.make(size, spacing_mm, [o + s for o, s in zip(origin, shift_mm, strict=True)])
    moving = replace(fixed, grid=grid, name=names[1])
    return volume_from_image(fixed, name=names[0]), volume_from_image(moving, name=names[1])


def its_labels(volume, name):
    """Labels on a volume: what is brighter than a half, as a label map with one name."""
    from RegSuite.mrml.volumes import image_from_volume, label_volume_from_image

    image = image_from_volume(volume)
    bright = image.with_data((image.data > 0.5 * image.data.max()).int())
    return label_volume_from_image(bright, {1: "bright"}, name=name)


def values(node):
    """The voxels of a volume node."""
    import slicer

    return np.array(slicer.util.arrayFromVolume(node), dtype=float)


def choose(panel, fixed, moving, method="rigid", **fields):
    """Fill the panel in as a user does: by its selectors."""
    panel.ui.fixedSelector.setCurrentNode(fixed)
    panel.ui.movingSelector.setCurrentNode(moving)
    parameters = panel.logic.getParameterNode()
    parameters.method = method
    for name, value in fields.items():
        setattr(parameters, name, value)


def apply_and_wait(panel, seconds=120):
    """Press Apply and wait for the end."""
    from Testing import harness

    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, seconds)


def wait_for_worker(panel, fraction=0.0, seconds=120):
    """Wait until the worker computes; gives its process number."""
    from Testing import harness

    def computing():
        assert panel.control.running, panel.errors.text
        run = panel.control._run
        return (
            run is not None
            and run.job is not None
            and run.job.state == "running"
            and run.job.fraction > fraction
        )

    harness.wait_until(computing, seconds)
    return panel.control._run.job.pid


def is_alive(pid):
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def job_files():
    """What jobs keep in Slicer's temporary folder."""
    import slicer

    return sorted(p.name for p in Path(slicer.app.temporaryPath).glob("regsuite-job-*"))


def data_nodes(scene):
    """Names of the volumes, transforms, segmentations and tables in the scene."""
    classes = ("vtkMRMLVolumeNode", "vtkMRMLTransformNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode")
    import slicer

    return sorted(n.GetName() for kind in classes for n in slicer.util.getNodesByClass(kind))
