"""Structures as a segmentation that Slicer can show without SlicerRT, in their own colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from RegSuite.geometry import ArrayImage
from RegSuite.geometry.structure import (
    ContourStructure,
    Structure,
    SurfaceStructure,
    VoxelStructure,
)
from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.nodes import node_for
from RegSuite.mrml.oriented import LABELMAP, SURFACE, oriented_image
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import to_ras
from RegSuite.mrml.terminology import terminology_entry
from RegSuite.mrml.voxels import image_of

SEGMENTATION = "vtkMRMLSegmentationNode"
_LONE_SLICE_MM = 3.0
"""Thickness of what is drawn on one slice alone."""

Points = NDArray[np.float64]


def segmentation_of_structures(
    structures: Sequence[Structure], *, name: str = "structures", node: Any = None
) -> Steps[Any]:
    """A segmentation node with a segment a structure, in steps; they may overlap.

    Voxels (shares of at least a half) become binary label maps where all are voxels. Otherwise all are
    closed surfaces: contours as slabs of half a slice on both sides of each plane, which the slice views
    cut along the contours as they were drawn.
    """
    kind = LABELMAP if all(isinstance(s, VoxelStructure) for s in structures) else SURFACE
    segments = []
    for number, structure in enumerate(structures, start=1):
        segments.append(_segment(structure, kind, number))
        yield
    out = node_for(SEGMENTATION, name, node, name)
    was = out.StartModify()
    try:
        if out.GetDisplayNode() is None:
            out.CreateDefaultDisplayNodes()
        segmentation = out.GetSegmentation()
        segmentation.RemoveAllSegments()
        segmentation.SetSourceRepresentationName(kind)
        for segment in segments:
            segmentation.AddSegment(segment)
    finally:
        out.EndModify(was)
    return out


def _segment(structure: Structure, kind: str, number: int) -> Any:
    segment = slicer.vtkSegment()
    segment.SetName(structure.name)
    colour = structure.colour
    segment.SetColor(*(colour_of(number) if colour is None else [part / 255 for part in colour]))
    segment.SetTag(segment.GetTerminologyEntryTagName(), terminology_entry(structure.name))
    if isinstance(structure, VoxelStructure):
        shape = _label_map(structure)
        if kind == SURFACE:
            shape = _surface_of_voxels(shape)
    elif isinstance(structure, SurfaceStructure):
        shape = _mesh(to_ras(structure.points), structure.triangles)
    else:
        shape = _slabs(structure)
    segment.AddRepresentation(kind, shape)
    return segment


def _label_map(structure: VoxelStructure) -> Any:
    """A vtkOrientedImageData that is 1 in the voxels of which at least half is inside."""
    inside = ArrayImage.of(structure.inside)
    return oriented_image(inside.grid, image_of((inside.values >= 0.5).astype(np.uint8)))


def _surface_of_voxels(image: Any) -> Any:
    """The closed surface of a label map, as Slicer makes it."""
    aside = slicer.vtkSegmentation()
    aside.SetSourceRepresentationName(LABELMAP)
    segment = slicer.vtkSegment()
    segment.AddRepresentation(LABELMAP, image)
    aside.AddSegment(segment, "one")
    aside.CreateRepresentation(SURFACE)
    out = vtk.vtkPolyData()
    out.DeepCopy(aside.GetSegment("one").GetRepresentation(SURFACE))
    return out


def _mesh(points: Points, triangles: NDArray[np.int64]) -> Any:
    """A vtkPolyData of points (RAS) and triangles."""
    out = vtk.vtkPolyData()
    places = vtk.vtkPoints()
    places.SetData(numpy_support.numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    cells = vtk.vtkCellArray()
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_support.numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_support.numpy_to_vtkIdTypeArray(triangles.ravel().astype(np.int64), deep=True),
    )
    out.SetPoints(places)
    out.SetPolys(cells)
    return out


def _slabs(structure: ContourStructure) -> Any:
    """The closed surface of contours, each plane as thick as the planes are apart."""
    contours = [to_ras(contour) for contour in structure.contours]
    normal = _normal(contours)
    heights = np.array([float(contour.mean(axis=0) @ normal) for contour in contours])
    thick = _spacing(heights)
    join = vtk.vtkAppendPolyData()
    for height in np.unique(np.round(heights, 2)):
        plane = [c for c, h in zip(contours, heights, strict=True) if abs(h - height) < 0.01]
        join.AddInputData(_slab(plane, normal, thick))
    join.Update()
    out = vtk.vtkPolyData()
    out.DeepCopy(join.GetOutput())
    return out


def _slab(contours: Sequence[Points], normal: Points, thick: float) -> Any:
    """The contours of one plane as faces, drawn out to both sides; a contour within another is a hole."""
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    for contour in contours:
        ids = [points.InsertNextPoint(*point) for point in contour - normal * thick / 2]
        lines.InsertNextCell(len(ids) + 1)
        for identity in (*ids, ids[0]):
            lines.InsertCellPoint(identity)
    outline = vtk.vtkPolyData()
    outline.SetPoints(points)
    outline.SetLines(lines)
    fill = vtk.vtkContourTriangulator()
    fill.SetInputData(outline)
    draw_out = vtk.vtkLinearExtrusionFilter()
    draw_out.SetInputConnection(fill.GetOutputPort())
    draw_out.SetExtrusionTypeToVectorExtrusion()
    draw_out.SetVector(*(normal * thick))
    draw_out.CappingOn()
    triangles = vtk.vtkTriangleFilter()
    triangles.SetInputConnection(draw_out.GetOutputPort())
    clean = vtk.vtkCleanPolyData()
    clean.SetInputConnection(triangles.GetOutputPort())
    outwards = vtk.vtkPolyDataNormals()
    outwards.SetInputConnection(clean.GetOutputPort())
    outwards.SplittingOff()
    outwards.ConsistencyOn()
    outwards.AutoOrientNormalsOn()
    outwards.Update()
    return outwards.GetOutput()


def _normal(contours: Sequence[Points]) -> Points:
    """The unit normal of the planes, from the largest contour's area vector."""
    areas = [np.cross(c - c[0], np.roll(c, -1, axis=0) - c[0]).sum(axis=0) / 2 for c in contours]
    largest = max(areas, key=lambda area: float(np.linalg.norm(area)))
    unit: Points = largest / np.linalg.norm(largest)
    return unit


def _spacing(heights: Points) -> float:
    """The distance of neighbouring planes, the usual one."""
    steps = np.diff(np.unique(np.round(heights, 2)))
    return float(np.median(steps)) if len(steps) else _LONE_SLICE_MM
