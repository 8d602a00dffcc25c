"""Whether an input still is what was read: place and voxels count, looks and names do not."""

import numpy as np
import pytest
import vtk

from Testing.panel import nodes


@pytest.fixture
def volume(scene):
    return nodes.a_volume("scan")


def state(node):
    from RegSuite.panel.still import state_of

    return state_of(node)


def test_looks_and_names_are_no_change(volume):
    before = state(volume)
    volume.SetName("other")
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().SetWindowLevelMinMax(0, 5)
    volume.GetImageData().GetScalarRange()
    assert state(volume) == before


def test_new_voxels_are_a_change(volume):
    import slicer

    before = state(volume)
    slicer.util.arrayFromVolume(volume)[:] += 1
    slicer.util.arrayFromVolumeModified(volume)
    assert state(volume) != before
    before = state(volume)
    slicer.util.updateVolumeFromArray(volume, np.zeros((2, 2, 2), np.int16))
    assert state(volume) != before


def test_another_origin_is_a_change(volume):
    before = state(volume)
    volume.SetOrigin(1, 2, 3)
    assert state(volume) != before


def test_a_transform_above_counts_for_what_it_does(volume, scene):
    above = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume.SetAndObserveTransformNodeID(above.GetID())
    before = state(volume)
    above.SetName("renamed")
    assert state(volume) == before
    moved = vtk.vtkMatrix4x4()
    moved.SetElement(2, 3, 9.0)
    above.SetMatrixTransformToParent(moved)
    assert state(volume) != before


def test_landmarks_under_a_bending_transform_notice_when_it_bends_otherwise(scene):
    marks = nodes.landmarks("a", 3)
    above = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    marks.SetAndObserveTransformNodeID(above.GetID())
    spline = vtk.vtkThinPlateSplineTransform()
    above.SetAndObserveTransformToParent(spline)
    before = state(marks)
    assert state(marks) == before
    spline.SetSigma(2.0)
    assert state(marks) != before
