"""Small nodes for tests of panels; made inside a test, when Slicer stands."""

from __future__ import annotations

import numpy as np


def a_volume(name="scan", shape=(6, 8, 10), spacing=(1.0, 2.0, 3.0), origin=(5.0, -7.0, 11.0), kind="Scalar"):
    """A volume (shape z, y, x) of random numbers; origin in RAS."""
    import slicer

    values = np.random.default_rng(len(name)).integers(0, 200, shape).astype(np.int16)
    return filled(
        slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}VolumeNode", name), values, spacing, origin
    )


def a_label_map(name="labels", shape=(6, 8, 10), spacing=(1.0, 2.0, 3.0), origin=(5.0, -7.0, 11.0)):
    import slicer

    values = np.zeros(shape, np.uint8)
    values[2:4, 2:5, 3:6] = 1
    return filled(
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name), values, spacing, origin
    )


def filled(node, values, spacing, origin):
    import slicer

    slicer.util.updateVolumeFromArray(node, values)
    node.SetSpacing(*spacing)
    node.SetOrigin(*origin)
    return node


def landmarks(name, count):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    for i in range(count):
        node.AddControlPoint(float(i), 2.0, 3.0)
    return node


def a_segmentation(name="organs"):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.GetSegmentation().AddEmptySegment("liver", "liver")
    return node


def a_transform(name="start", kind="Linear", shift=(0.0, 0.0, 0.0)):
    """A transform whose map FROM the parent moves points by `shift` (RAS mm)."""
    import slicer
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}TransformNode", name)
    if kind == "Linear":
        matrix = vtk.vtkMatrix4x4()
        for axis in range(3):
            matrix.SetElement(axis, 3, shift[axis])
        node.SetMatrixTransformFromParent(matrix)
    return node


def parameters_for(workflow):
    """A new parameter node of a workflow, wrapped."""
    import slicer

    from RegSuite.panel.parameter_node import parameter_node_class

    return parameter_node_class(workflow)(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
