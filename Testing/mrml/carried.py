"""Nodes written to a file by Slicer, and read into an empty scene."""

from __future__ import annotations

from Testing.mrml.gate import slicer

LOAD = {
    "vtkMRMLScalarVolumeNode": "VolumeFile",
    "vtkMRMLVectorVolumeNode": "VolumeFile",
    "vtkMRMLLabelMapVolumeNode": "VolumeFile",
    "vtkMRMLSegmentationNode": "SegmentationFile",
    "vtkMRMLMarkupsFiducialNode": "MarkupsFile",
    "vtkMRMLModelNode": "ModelFile",
    "vtkMRMLTableNode": "TableFile",
    "vtkMRMLSequenceNode": "SequenceFile",
}
"""Slicer's file type by the class of a node; all others are transforms."""


def carried(node, ending, folder):
    """The node after a save and a load by `ending` (a file of its own, or the whole scene as .mrb or .mrml).

    The scene is emptied in between; the node given must not be used afterwards.
    """
    kind, name = node.GetClassName(), node.GetName()
    path = folder / f"{name}{ending}"
    whole = ending in (".mrb", ".mrml")
    if ending == ".mrml":
        assert slicer.util.saveNode(node, str(folder / f"{name}{_own_ending(node)}"), {})
    assert slicer.util.saveScene(str(path), {}) if whole else slicer.util.saveNode(node, str(path), {})
    slicer.mrmlScene.Clear(0)
    if whole:
        slicer.util.loadScene(str(path), {})
        return slicer.util.getFirstNodeByClassByName(kind, name)
    given = {"labelmap": kind == "vtkMRMLLabelMapVolumeNode", "singleFile": True}
    return slicer.util.loadNodeFromFile(str(path), LOAD.get(kind, "TransformFile"), given)


def _own_ending(node):
    """What Slicer writes a node as when nothing else is asked."""
    from RegSuite.mrml.application.writing import formats

    first = formats(node)[0]
    return first[first.index("(") + 1 : -1]
