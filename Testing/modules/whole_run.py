"""A whole job from the panel in a process of its own; what it found as one line of JSON.

python -m Testing.modules.whole_run FOLDER
"""

from __future__ import annotations

import json
import sys

import numpy as np

from Testing import harness
from Testing.modules import atlas
from Testing.modules.conftest import MODULES

HEAVY = ("torch", "numba", "scipy")
VOXELS = 48
SPACING_MM = 4.0
SHIFT_MM = (6.0, -3.0, 4.0)
"""From a fixed to the same moving point, RAS; the initial transform has half of it."""


def run(folder):
    """Register twice, into the scene and into `folder`; press every way to compare."""
    harness.start()
    import slicer

    module = harness.load_module(MODULES / "AtlasRegistration" / "AtlasRegistration.py")
    panel = harness.open_panel(module)
    with harness.no_hidden_errors():
        fixed, moving = volume("scan", phantom((0, 0, 0))), volume("atlas", phantom(SHIFT_MM))
        labels = [labels_of(node) for node in (fixed, moving)]
        mask = labels_of(fixed, -1)
        chosen = {"fixedLabels": labels[0], "movingLabels": segmentation(labels[1]), "fixedMask": mask}
        atlas.choose(panel, fixed, moving, **chosen, initial=grid_transform())
        with harness.LongestGap() as gap:
            atlas.apply_and_wait(panel, 240)
        first, words = panel.results.shown, [panel.errors.text]
        for button in panel.results.compare.buttons.values():
            button.click()
        panel.ui.folderEdit.currentPath = folder
        atlas.apply_and_wait(panel, 240)
        words.append(panel.errors.text)
    slicer.app.processEvents()
    return {
        "errors": [word for word in words if word],
        "loaded": [name for name in HEAVY if name in sys.modules],
        "gap_ms": gap.ms,
        "busy_ms": gap.busy_ms,
        "dice": first.record.metrics["dice_mean"],
        "warnings": [*first.record.warnings, *first.notes],
        "moved_mm": moved(first.node("displacement")),
    }


def phantom(shift_mm):
    """Three blobs of different widths, moved: [Z, Y, X] int16."""
    places = (np.arange(VOXELS) - (VOXELS - 1) / 2) * SPACING_MM
    z, y, x = np.meshgrid(places - shift_mm[2], places - shift_mm[1], places - shift_mm[0], indexing="ij")
    blobs = ((0, 0, 0, 40), (45, 20, -30, 18), (-30, -50, 30, 24))
    return sum(
        800 * np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / w**2) for a, b, c, w in blobs
    ).astype(np.int16)


def volume(name, values, kind="vtkMRMLScalarVolumeNode"):
    """A volume node about the origin, made by numpy alone."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    node.SetSpacing([SPACING_MM] * 3)
    node.SetOrigin([-(VOXELS - 1) / 2 * SPACING_MM] * 3)
    slicer.util.updateVolumeFromArray(node, values)
    node.CreateDefaultDisplayNodes()
    return node


def labels_of(node, above=400):
    """The voxels above a value as a label map."""
    values = (atlas.values(node) > above).astype(np.uint8)
    return volume(f"{node.GetName()} above {above}", values, "vtkMRMLLabelMapVolumeNode")


def segmentation(labels):
    """A label map as a segmentation; the label map goes."""
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", labels.GetName())
    node.CreateDefaultDisplayNodes()
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    slicer.mrmlScene.RemoveNode(labels)
    return node


def grid_transform():
    """Half of the shift as a displacement field to the parent: its inverse is what is wanted of it."""
    import slicer
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    image = vtk.vtkImageData()
    image.SetDimensions(12, 12, 12)
    image.SetSpacing(30, 30, 30)
    image.SetOrigin(-165, -165, -165)
    image.AllocateScalars(vtk.VTK_FLOAT, 3)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = -np.array(SHIFT_MM) / 2
    field = slicer.vtkOrientedGridTransform()
    field.SetDisplacementGridData(image)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "start")
    node.SetAndObserveTransformToParent(field)
    return node


def moved(node):
    """Where the middle of the fixed space lies in the moving one, RAS mm."""
    import vtk

    general = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(general)
    return list(general.TransformPoint(0.0, 0.0, 0.0))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(sys.argv[1])) + "\n")
