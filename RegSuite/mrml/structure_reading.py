"""Segmentations as structures: contours as SlicerRT loads them, closed surfaces, voxels; in LPS mm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage, Grid
from RegSuite.geometry.structure import Colour, ContourStructure, Structure, SurfaceStructure, VoxelStructure
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.oriented import LABELMAP, SURFACE, grid_of_oriented
from RegSuite.mrml.placed import parent_matrix
from RegSuite.mrml.slabs import Steps, finish, slabs
from RegSuite.mrml.space import to_lps
from RegSuite.mrml.voxels import values_of

SEGMENTATION = "vtkMRMLSegmentationNode"
CONTOURS = "Planar contour"
FRACTIONS = "Fractional labelmap"
_ORDER = (CONTOURS, SURFACE, LABELMAP, FRACTIONS)
"""Representations, the one nearest to what was drawn first."""

CLOSED_MM = 1e-4
"""A contour is closed where its last point is its first, as SlicerRT has it; coordinates are float."""

Points = NDArray[np.float64]


def structures_from_segmentation(
    node: Any, role: str = "structures", warnings: list[str] | None = None
) -> tuple[Structure, ...]:
    """The segments as structures in LPS mm in the world, with their names and colours, in their order.

    Each comes from the segmentation's source representation: planar contours (as SlicerRT loads an RT
    Structure Set), closed surfaces, binary label maps (voxels as boxes) or fractional ones (shares).
    Rigid parent transforms are taken in; the node stays as it is. warnings: takes a sentence for the
    segments that are empty, which are left out. Raises InputError where all are, and for contours that
    are open; GeometryError for a parent that is not rigid.
    """
    from RegSuite.mrml.inputs import engine_of

    told: list[str] = [] if warnings is None else warnings
    found: tuple[Structure, ...] = engine_of(finish(structures_of_segmentation(node, role, told)), told)
    return found


def structures_of_segmentation(node: Any, role: str, warnings: list[str]) -> Steps[tuple[Structure, ...]]:
    """`structures_from_segmentation` before torch, in steps: voxels lie in ArrayImages."""
    check_node(node, role, SEGMENTATION)
    segmentation = node.GetSegmentation()
    where = f"{role} '{node.GetName()}'"
    if segmentation is None or segmentation.GetNumberOfSegments() == 0:
        raise InputError(
            f"'{node.GetName()}' has no segments", where=where, mend="draw some, or choose another"
        )
    kind = _representation(segmentation, where)
    matrix = parent_matrix(node, role)
    found: list[Structure] = []
    for number in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(number)
        made = yield from _structure(segment, kind, matrix, number + 1, warnings)
        if made is None:
            warnings.append(f"structure '{segment.GetName()}' is left out: it is empty")
        else:
            found.append(made)
        yield
    if not found:
        raise InputError("every segment is empty", where=where, mend="draw one, or choose another")
    return tuple(found)


def colours_of_segmentation(node: Any) -> dict[str, tuple[float, float, float]]:
    """Red, green and blue (0..1) of the segments by their names."""
    segmentation = node.GetSegmentation()
    segments = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    return {str(s.GetName()): tuple(s.GetColor()) for s in segments}


def _representation(segmentation: Any, where: str) -> str:
    """The representation the segments were drawn or loaded in."""
    source = str(segmentation.GetSourceRepresentationName())
    if source in _ORDER and segmentation.ContainsRepresentation(source):
        return source
    found = next((kind for kind in _ORDER if segmentation.ContainsRepresentation(kind)), None)
    if found is None:
        raise InputError(
            f"its segments are only there as {source!r}",
            where=where,
            mend="create the closed surface in the module Segmentations",
        )
    return found


def _structure(
    segment: Any, kind: str, matrix: Points | None, number: int, warnings: list[str]
) -> Steps[Structure | None]:
    """One segment; None where it is empty."""
    name, colour = str(segment.GetName()), _colour(segment)
    content = segment.GetRepresentation(kind)
    if content is None or content.GetNumberOfCells() == 0:
        return None
    if kind == CONTOURS:
        contours, others = _contours(content, matrix)
        if others and contours:
            warnings.append(f"structure '{name}': {others} open contours left out, {len(contours)} kept")
        return ContourStructure(name, contours, number, colour) if contours else None
    if kind == SURFACE:
        points, triangles = _triangles(content, matrix)
        return SurfaceStructure(name, points, triangles, number, colour) if len(triangles) else None
    image = yield from _inside(segment, content, kind)
    if image is None:
        return None
    if matrix is not None:
        image = replace(image, grid=_moved(image.grid, matrix))
    return VoxelStructure(name, image, number, colour)  # type: ignore[arg-type]  # an array until torch


def _contours(mesh: Any, matrix: Points | None) -> tuple[tuple[Points, ...], int]:
    """Closed lines as [n, 3] LPS mm each, without the first point again; how many are not closed."""
    points = _points(mesh, matrix)
    found = []
    cells = mesh.GetLines()
    cells.InitTraversal()
    ids = vtk.vtkIdList()
    while cells.GetNextCell(ids):
        line = np.array([ids.GetId(i) for i in range(ids.GetNumberOfIds())], dtype=np.int64)
        if len(line) > 3 and np.allclose(points[line[0]], points[line[-1]], rtol=0, atol=CLOSED_MM):
            found.append(points[line[:-1]])
    return tuple(found), int(mesh.GetNumberOfCells()) - len(found)


def _triangles(mesh: Any, matrix: Points | None) -> tuple[Points, NDArray[np.int64]]:
    """Points [n, 3] LPS mm and triangles [m, 3] of a surface."""
    cut = vtk.vtkTriangleFilter()
    cut.SetInputData(mesh)
    cut.PassLinesOff()
    cut.PassVertsOff()
    cut.Update()
    out = cut.GetOutput()
    cells = numpy_support.vtk_to_numpy(out.GetPolys().GetConnectivityArray())
    return _points(out, matrix), cells.reshape(-1, 3).astype(np.int64)


def _points(mesh: Any, matrix: Points | None) -> Points:
    """All points in LPS mm in the world, a copy."""
    points = to_lps(numpy_support.vtk_to_numpy(mesh.GetPoints().GetData()))
    return points if matrix is None else points @ matrix[:3, :3].T + matrix[:3, 3]


def _inside(segment: Any, image: Any, kind: str) -> Steps[ArrayImage | None]:
    """The part of a label map in which a segment lies, as shares of voxels [1, z, y, x]; None without."""
    values: NDArray[Any] = values_of(image)[..., 0]
    low, high = (0.0, 1.0) if kind == LABELMAP else _range(image)
    label = segment.GetLabelValue()
    there = [np.zeros(n, dtype=bool) for n in values.shape]
    for slab in slabs(values.shape):
        part = values[slab] == label if kind == LABELMAP else values[slab] > low
        there[0][slab] |= part.any(axis=(1, 2))
        there[1] |= part.any(axis=(0, 2))
        there[2] |= part.any(axis=(0, 1))
        yield
    if not there[0].any():
        return None
    ends = [(int(np.flatnonzero(axis)[0]), int(np.flatnonzero(axis)[-1]) + 1) for axis in there]
    box = values[tuple(slice(*pair) for pair in ends)]
    if kind == LABELMAP:
        share = (box == label).astype(np.float32)
    else:
        share = np.clip((box.astype(np.float32) - low) / (high - low), 0.0, 1.0)
    grid = grid_of_oriented(image)
    first = grid.points([[begin for begin, _ in reversed(ends)]])[0]
    box_grid = replace(grid, size=share.shape[::-1], origin=tuple(first.tolist()))
    return ArrayImage(share[None], box_grid, str(segment.GetName()))


def _range(image: Any) -> tuple[float, float]:
    """The values that mean none and all of a voxel in a fractional label map."""
    name = slicer.vtkSegmentationConverter.GetScalarRangeFieldName()
    field = image.GetFieldData().GetAbstractArray(name)
    return (0.0, 1.0) if field is None else (float(field.GetValue(0)), float(field.GetValue(1)))


def _moved(grid: Grid, matrix: Points) -> Grid:
    origin = matrix[:3, :3] @ np.asarray(grid.origin) + matrix[:3, 3]
    return Grid.make(grid.size, grid.spacing, origin.tolist(), matrix[:3, :3] @ np.asarray(grid.direction))


def _colour(segment: Any) -> Colour:
    red, green, blue = segment.GetColor()
    return round(255 * red), round(255 * green), round(255 * blue)
