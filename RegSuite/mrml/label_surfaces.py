"""Labels in 3D: one model with a smooth surface a label, in the labels' colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from RegSuite.geometry import ArrayImage
from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.label_values import labels_in_steps
from RegSuite.mrml.slabs import Steps, slabs
from RegSuite.mrml.space import RAS_TO_LPS, matrix_of_array

MOST_LABELS = 40
HIGHEST_LABEL = 2**16
"""Atlases of more regions hide each other, and take long."""

SAMPLES = 30
"""Of a label's surface along the longest edge of its box: fine enough to know a structure by."""

SOLID, SEE_THROUGH = 0.9, 0.12
"""Opacity of a label, and of one that encloses others, which are seen through it."""

ENCLOSING = 8.0
"""Times the size (of the boxes) of what a label encloses."""

_ITERATIONS = 15
_PASS_BAND = 0.08
_MARGIN = 2
COLOURS = "Colour"
LABELS = "label"
"""Names of the point arrays."""

Box = tuple[slice, ...]


def label_surfaces(image: ArrayImage) -> Steps[Any]:
    """A vtkPolyData in LPS mm with a closed surface a label, coloured; a label a step.

    Each label is averaged over blocks of voxels so that its box has about SAMPLES of them along the
    longest edge; blocks of 0.5 or more are inside. Point arrays "Colour": red, green, blue, opacity;
    "label": the label.
    None for slices, and where there is no label or more than MOST_LABELS. Source of the smoothing:
    Taubin 1995, SIGGRAPH, windowed sinc.
    """
    if image.ndim != 3 or min(image.grid.size) < 2:
        return None
    labels = yield from labels_in_steps(image.values)
    if not 0 < len(labels) <= MOST_LABELS or labels[0] < 0 or labels[-1] >= HIGHEST_LABEL:
        return None
    values = image.values[0]
    boxes = yield from _boxes(values, labels)
    joined = vtk.vtkAppendPolyData()
    for label, box in zip(labels, boxes, strict=True):
        surface = _surface(values, label, box, np.asarray(image.grid.spacing))
        if surface.GetNumberOfPoints():
            joined.AddInputData(_coloured(surface, label, _opacity(box, boxes)))
        yield
    if not joined.GetNumberOfInputConnections(0):
        return None
    return _placed(joined, image.grid.matrix)


def show_surfaces(node: Any) -> None:
    """A model of `label_surfaces`, seen in 3D and not in the slices, where the labels are."""
    display = node.GetDisplayNode()
    display.SetActiveScalar(COLOURS, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetScalarVisibility(True)
    display.SetScalarRangeFlag(display.UseDirectMapping)
    display.SetOpacity(1.0)  # the colours have their own
    display.SetVisibility2D(False)
    display.SetVisibility3D(True)


def _boxes(values: NDArray[Any], labels: list[int]) -> Steps[list[Box]]:
    """The smallest box [Z, Y, X] around each label, a slab a step."""
    number = np.zeros(labels[-1] + 1, dtype=np.int32)
    number[labels] = np.arange(1, len(labels) + 1)
    there = [np.zeros((len(labels) + 1, size), dtype=bool) for size in values.shape]
    for slab in slabs(values.shape):
        part = number[values[slab]]
        for axis, seen in enumerate(there):
            first = slab.start if axis == 0 else 0
            places = np.arange(first, first + part.shape[axis], dtype=np.int32)
            of_both = part * seen.shape[1] + places.reshape([-1 if a == axis else 1 for a in range(3)])
            seen |= np.bincount(of_both.ravel(), minlength=seen.size).reshape(seen.shape) > 0
        yield
    ends = [[np.flatnonzero(seen[row])[[0, -1]] for seen in there] for row in range(1, len(labels) + 1)]
    return [tuple(slice(int(low), int(high) + 1) for low, high in box) for box in ends]


def _surface(values: NDArray[Any], label: int, box: Box, spacing: NDArray[Any]) -> Any:
    """The smoothed surface of one label [Z, Y, X], in voxels x, y, z."""
    sizes = np.array([part.stop - part.start for part in box]) * spacing[::-1]
    steps = np.maximum(1, (sizes.max() / SAMPLES / spacing[::-1]).astype(int))
    begin = [part.start - _MARGIN * int(k) for part, k in zip(box, steps, strict=True)]
    counts = [
        -(-(part.stop - part.start) // int(k)) + 2 * _MARGIN for part, k in zip(box, steps, strict=True)
    ]
    solid = np.zeros([n * int(k) for n, k in zip(counts, steps, strict=True)], dtype=bool)
    at = tuple(slice(part.start - b, part.stop - b) for part, b in zip(box, begin, strict=True))
    solid[at] = values[box] == label
    (z, y, x), (k, j, i) = counts, map(int, steps)
    mean = solid.reshape(z, k, y, j, x, i).mean((1, 3, 5), dtype=np.float32)
    blocks = vtk.vtkImageData()
    blocks.SetDimensions(x, y, z)
    blocks.SetSpacing(i, j, k)
    blocks.SetOrigin(*(b + (step - 1) / 2 for b, step in zip(begin[::-1], (i, j, k), strict=True)))
    blocks.GetPointData().SetScalars(numpy_to_vtk(mean.ravel(), deep=True))
    return _smooth(blocks)


def _smooth(blocks: Any) -> Any:
    """The surface at 0.5 of an image of fractions, smoothed."""
    edges = vtk.vtkFlyingEdges3D()
    edges.SetInputData(blocks)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    if not edges.GetOutput().GetNumberOfPoints():
        return edges.GetOutput()
    smooth = vtk.vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(edges.GetOutput())
    smooth.SetNumberOfIterations(_ITERATIONS)
    smooth.SetPassBand(_PASS_BAND)
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    return smooth.GetOutput()


def _opacity(box: Box, others: Sequence[Box]) -> float:
    """Solid, or barely seen where other, far smaller labels lie within the box."""
    low, high = np.array([(part.start, part.stop) for part in box]).T
    for other in others:
        first, last = np.array([(part.start, part.stop) for part in other]).T
        middle = (first + last) / 2
        small = np.prod(last - first) * ENCLOSING < np.prod(high - low)
        if small and (middle > low).all() and (middle < high).all():
            return SEE_THROUGH
    return SOLID


def _coloured(surface: Any, label: int, opacity: float) -> Any:
    """The surface with its label, the label's colour and the opacity at each point."""
    count = surface.GetNumberOfPoints()
    colour = np.round(255 * np.array((*colour_of(label), opacity))).astype(np.uint8)
    number = numpy_to_vtk(np.full(count, label, np.int32), deep=True)
    number.SetName(LABELS)
    surface.GetPointData().AddArray(number)
    array = numpy_to_vtk(np.tile(colour, (count, 1)), deep=True)
    array.SetName(COLOURS)
    surface.GetPointData().SetScalars(array)
    return surface


def _placed(joined: Any, matrix: NDArray[Any]) -> Any:
    """From voxels to LPS mm, with normals that look outwards (also where the axes are left-handed)."""
    place = vtk.vtkTransform()
    place.SetMatrix(matrix_of_array(matrix))
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetInputConnection(joined.GetOutputPort())
    moved.SetTransform(place)
    turned = moved
    if np.linalg.det((RAS_TO_LPS @ matrix)[:3, :3]) < 0:
        turned = vtk.vtkReverseSense()
        turned.SetInputConnection(moved.GetOutputPort())
        turned.ReverseNormalsOff()
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputConnection(turned.GetOutputPort())
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
