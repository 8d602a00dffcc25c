"""Clouds of points as models of dots: a point list of thousands would keep Slicer busy for minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.nodes import node_for
from RegSuite.mrml.space import mark_dimension, to_ras

if TYPE_CHECKING:
    from RegSuite.geometry import PointSet

MOST_CONTROL_POINTS = 500
"""What has more is shown as a model."""

COLOURS = "Colour"
_SIZE = 4.0


def model_from_points(points: PointSet, *, name: str | None = None) -> Any:
    """A model node with a dot a point, in the colours of their labels."""
    labels = np.ones(len(points), np.int64) if points.labels is None else np.asarray(points.labels)
    out = node_for("vtkMRMLModelNode", name, None, points.name)
    out.SetAndObservePolyData(dots(to_ras(points.points), label_colours(labels)))
    out.CreateDefaultDisplayNodes()
    show_dots(out.GetDisplayNode(), _SIZE)
    mark_dimension(out, points.ndim)
    return out


def show_dots(display: Any, size: float) -> None:
    """Let a model's display draw its points alone, in their own colours, in 3D."""
    display.SetRepresentation(display.PointsRepresentation)
    display.SetPointSize(size)
    display.SetLighting(False)
    display.SetVisibility2D(False)
    display.SetActiveScalar(COLOURS, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetScalarRangeFlag(display.UseDirectMapping)
    display.SetScalarVisibility(True)


def label_colours(labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Red, green, blue (0..255) of the label of each point."""
    known, places = np.unique(labels, return_inverse=True)
    colours = np.array([colour_of(int(label)) for label in known]).reshape(-1, 3)
    return np.asarray(np.round(255 * colours).astype(np.uint8)[places.reshape(-1)])


def dots(points_ras: NDArray[np.float64], colours: NDArray[np.uint8]) -> Any:
    """Polydata of points alone, each with its colour."""
    count = len(points_ras)
    places = vtk.vtkPoints()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(points_ras, np.float32), deep=True))
    cells = vtk.vtkCellArray()
    numbers = numpy_to_vtk(np.arange(count, dtype=np.int64), deep=True, array_type=vtk.VTK_ID_TYPE)
    cells.SetData(1, numbers)  # one cell a point
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(places)
    mesh.SetVerts(cells)
    array = numpy_to_vtk(np.ascontiguousarray(colours), deep=True)
    array.SetName(COLOURS)
    mesh.GetPointData().SetScalars(array)
    return mesh
