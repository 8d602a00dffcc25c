"""Isodose lines: surfaces of equal dose as models, cut by the slice views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from RegSuite.mrml.display import voxels
from RegSuite.mrml.slabs import Steps
from RegSuite.report.dose_colours import DOSE, colour_at

LEVEL = "RegSuite.IsodoseGy"
"""Attribute of a model: its dose in Gy."""

LINE_PX = 2


def isodoses_in_steps(node: Any, levels_gy: Sequence[float], top_gy: float) -> Steps[list[Any]]:
    """A model for each level that a dose volume reaches: its lines in the slice views, hidden in 3D.

    Named "DOSE: 20 Gy", in the colours of the dose wash that ends at `top_gy`. NaN bounds no isodose:
    surfaces end where the dose is unknown. One level a step.
    """
    known, mask = _known(node)
    made = []
    for level in levels_gy:
        surface = _surface(known, mask, level)
        yield
        if surface.GetNumberOfCells() == 0:
            continue
        made.append(_model(node, surface, level, colour_at(DOSE, level / top_gy)))
        yield
    return made


def _known(node: Any) -> tuple[Any, Any]:
    """The dose as an image, NaN taken as 0, and an image that is 1 where it is known (None: everywhere)."""
    values = np.asarray(voxels(node), dtype=np.float32)
    finite = np.isfinite(values)
    image = _image(np.where(finite, values, 0.0).astype(np.float32))
    return image, None if finite.all() else _image(finite.astype(np.float32))


def _image(values: Any) -> Any:
    """Voxels [z, y, x] in voxel index: what is made of them is put into RAS afterwards."""
    image = vtk.vtkImageData()
    image.SetDimensions(values.shape[::-1])
    array = numpy_support.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True)
    array.SetName("dose")
    image.GetPointData().SetScalars(array)
    return image


def _surface(image: Any, mask: Any, level: float) -> Any:
    """The surface of one dose in voxel index, without the faces between known and unknown."""
    cut = vtk.vtkFlyingEdges3D()
    cut.SetInputData(image)
    cut.SetValue(0, level)
    cut.ComputeScalarsOff()
    cut.ComputeNormalsOff()
    cut.ComputeGradientsOff()
    cut.Update()
    if mask is None or cut.GetOutput().GetNumberOfCells() == 0:
        return cut.GetOutput()
    probe = vtk.vtkProbeFilter()
    probe.SetInputData(cut.GetOutput())
    probe.SetSourceData(mask)
    probe.Update()
    keep = vtk.vtkThreshold()
    keep.SetInputData(probe.GetOutput())
    keep.SetUpperThreshold(0.999)
    keep.SetThresholdFunction(keep.THRESHOLD_UPPER)
    keep.SetInputArrayToProcess(0, 0, 0, vtk.vtkDataObject.FIELD_ASSOCIATION_POINTS, "dose")
    faces = vtk.vtkGeometryFilter()
    faces.SetInputConnection(keep.GetOutputPort())
    faces.Update()
    out = vtk.vtkPolyData()
    out.DeepCopy(faces.GetOutput())
    out.GetPointData().Initialize()
    out.GetCellData().Initialize()
    return out


def _model(node: Any, surface: Any, level: float, colour: tuple[float, float, float]) -> Any:
    """A model node of a surface in voxel index, where the dose is."""
    to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(to_ras)
    move = vtk.vtkTransform()
    move.SetMatrix(to_ras)
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetInputData(surface)
    moved.SetTransform(move)
    moved.Update()
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", f"{node.GetName()}: {level:g} Gy")
    model.SetAttribute(LEVEL, f"{level:g}")
    model.SetAndObservePolyData(moved.GetOutput())
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetColor(*colour)
    display.SetScalarVisibility(False)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(LINE_PX)
    return model
