"""Points through a transform node as Slicer moves them, and transforms given to nodes, all in RAS."""

from __future__ import annotations

import numpy as np

from Testing.mrml.gate import slicer, vtk


def from_world(node, points_lps):
    """LPS points [n, d] from the world into the node's space, as a node under it is resampled."""
    whole = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(whole)
    solid = np.zeros((len(points_lps), 3))
    solid[:, : points_lps.shape[1]] = points_lps
    signs = np.array([-1.0, -1.0, 1.0])
    return np.array([whole.TransformPoint(*p) for p in solid * signs]) * signs


def a_linear(matrix, name="linear", parent=None):
    """A linear transform node whose to-parent matrix (RAS) is `matrix`."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    vmatrix = vtk.vtkMatrix4x4()
    vmatrix.DeepCopy(np.asarray(matrix, dtype=float).ravel().tolist())
    node.SetMatrixTransformToParent(vmatrix)
    if parent is not None:
        node.SetAndObserveTransformNodeID(parent.GetID())
    return node


def a_thin_plate_spline(name="spline"):
    """A node whose to-parent map is a thin plate spline that bends a box of 60 mm by some mm."""
    corners = np.array([[x, y, z] for x in (-60, 60) for y in (-60, 60) for z in (-60, 60)], dtype=float)
    before, after = vtk.vtkPoints(), vtk.vtkPoints()
    for number, corner in enumerate([*corners, np.zeros(3)]):
        before.InsertNextPoint(*corner)
        after.InsertNextPoint(*(corner + [3.0 * np.sin(number), 2.0, -1.5 * np.cos(number)]))
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetSourceLandmarks(before)
    spline.SetTargetLandmarks(after)
    spline.SetBasisToR()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    node.SetAndObserveTransformToParent(spline)
    return node
