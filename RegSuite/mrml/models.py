"""Surfaces as model nodes, and back: polydata in LPS mm outside, in RAS inside MRML."""

from __future__ import annotations

from typing import Any

import vtk

from RegSuite.errors import InputError
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.placed import is_above
from RegSuite.mrml.space import RAS_TO_LPS, matrix_of_array

MODEL = "vtkMRMLModelNode"


def surface_from_model(node: Any, role: str = "surface", *, inside: Any = None) -> Any:
    """A vtkPolyData of our own with the model where it is seen in the world, points and normals in LPS mm.

    Every parent transform is applied, non-linear ones too; inside: a transform node that is not
    (nor what is above it). Raises InputError for None, another class or a model without points.
    """
    check_node(node, role, MODEL)
    mesh = node.GetPolyData()
    if mesh is None or mesh.GetNumberOfPoints() == 0:
        raise InputError(
            f"'{node.GetName()}' has no points",
            where=f"{role} '{node.GetName()}'",
            mend="choose another model",
        )
    whole = vtk.vtkGeneralTransform()
    whole.PostMultiply()
    parent = node.GetParentTransformNode()
    if parent is not None and parent is not inside:
        placing = vtk.vtkGeneralTransform()
        parent.GetTransformToNode(inside if is_above(inside, parent) else None, placing)
        whole.Concatenate(placing)
    whole.Concatenate(matrix_of_array(RAS_TO_LPS))
    return _through(mesh, whole)


def model_from_surface(surface: Any, *, name: str | None = None, node: Any = None) -> Any:
    """A model node with its own copy of a vtkPolyData in LPS mm.

    node: an output node that is filled instead; its parent transform is removed.
    """
    turned = vtk.vtkTransform()
    turned.SetMatrix(matrix_of_array(RAS_TO_LPS))
    out = node_for(MODEL, name, node, "surface")
    was = out.StartModify()
    try:
        out.SetAndObserveTransformNodeID(None)
        out.SetAndObservePolyData(_through(surface, turned))
        if out.GetDisplayNode() is None:
            out.CreateDefaultDisplayNodes()
            out.GetDisplayNode().SetVisibility2D(True)
    finally:
        out.EndModify(was)
    return out


def _through(mesh: Any, transform: Any) -> Any:
    """A deep copy of a mesh with points, normals and vectors moved."""
    moving = vtk.vtkTransformPolyDataFilter()
    moving.SetInputData(mesh)
    moving.SetTransform(transform)
    moving.Update()
    out = vtk.vtkPolyData()
    out.DeepCopy(moving.GetOutput())
    return out
