"""Small nodes of every kind that Slicer saves."""

from __future__ import annotations

import numpy as np

from Testing.mrml.gate import slicer, vtk

VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def a_volume(name="scan"):
    node = slicer.util.addVolumeFromArray(VALUES.copy(), nodeClassName="vtkMRMLScalarVolumeNode")
    node.SetName(name)
    node.SetSpacing(0.5, 0.75, 2.0)
    node.SetOrigin(1.0, -2.0, 3.0)
    return node


def a_transform():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 5.0)
    node.SetMatrixTransformToParent(matrix)
    return node


def a_segmentation():
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    slicer.util.updateVolumeFromArray(labels, (VALUES > 30).astype(np.uint8))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, node)
    return node


def a_markups():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "landmarks")
    node.AddControlPoint(1.0, 2.0, 3.0, "tip")
    return node


def a_model():
    sphere = vtk.vtkSphereSource()
    sphere.Update()
    return slicer.modules.models.logic().AddModel(sphere.GetOutput())


def a_table():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "metrics")
    slicer.util.updateTableFromArray(node, np.array([[1.5, 2.5]]), ["dice", "tre"])
    return node


def a_sequence():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "phases")
    for value in ("0", "1"):
        node.SetDataNodeAtValue(a_volume(), value)
    return node


def a_text():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "note")
    node.SetText("seen by nobody")
    return node
