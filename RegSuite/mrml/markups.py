"""Landmarks as point lists, and back: world coordinates, labels and names."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import PointSet
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.space import FloatArray, mark_dimension, marked_flat, to_lps, to_ras

MARKUPS = "vtkMRMLMarkupsNode"
FIDUCIALS = "vtkMRMLMarkupsFiducialNode"
OFF_PLANE_MM = 1e-3


def points_from_markups(
    node: Any, role: str = "points", *, inside: Any = None, ndim: int | None = None
) -> PointSet:
    """The control points of a markups node where they are seen in the world, LPS mm, with their names.

    Every parent transform is applied, non-linear ones too; inside: a transform node that is not
    (nor what is above it). A point's label is the whole number in its description, where all
    have one. ndim: 2 for points in the plane z = 0; None takes 2 where the node was made from 2D points.
    Raises InputError for None, no points, and points without a position, by their names;
    GeometryError for points off the plane of 2D images.
    """
    check_node(node, role, MARKUPS)
    where = f"{role} '{node.GetName()}'"
    count = node.GetNumberOfControlPoints()
    if count == 0:
        raise InputError(
            f"'{node.GetName()}' has no points", where=where, mend="place some, or choose another list"
        )
    _check_placed(node, where)
    places = np.array([node.GetNthControlPointPosition(i) for i in range(count)])
    points = to_lps(_seen(node, places, inside))
    if ndim == 2 or (ndim is None and marked_flat(node)):
        points = _in_plane(points, node, where)
    return PointSet(points, _labels(node), _names(node), name=node.GetName())


def markups_from_points(points: PointSet, *, name: str | None = None, node: Any = None) -> Any:
    """A point list of the points, with their names; labels stand in the descriptions.

    node: an output node that is filled instead: its points are replaced, its parent transform is
    removed. Points without a name are called by their row, from 1.
    """
    out = node_for(FIDUCIALS, name, node, points.name)
    was = out.StartModify()
    try:
        out.SetAndObserveTransformNodeID(None)
        out.RemoveAllControlPoints()
        for row, place in enumerate(to_ras(points.points)):
            label = points.names[row] if points.names is not None else str(row + 1)
            out.AddControlPoint(vtk.vtkVector3d(*place.tolist()), label)
            if points.labels is not None:
                out.SetNthControlPointDescription(row, str(int(points.labels[row])))
        if out.GetDisplayNode() is None:
            out.CreateDefaultDisplayNodes()
        mark_dimension(out, points.ndim)
    finally:
        out.EndModify(was)
    return out


def _check_placed(node: Any, where: str) -> None:
    """Raise InputError for control points that were never placed or are marked missing."""
    state = {node.PositionUndefined: "not placed yet", node.PositionPreview: "not placed yet"}
    state[node.PositionMissing] = "marked as missing"
    bad: dict[str, list[str]] = {}
    for i in range(node.GetNumberOfControlPoints()):
        words = state.get(node.GetNthControlPointPositionStatus(i))
        if words is not None:
            bad.setdefault(words, []).append(node.GetNthControlPointLabel(i) or f"row {i + 1}")
    if bad:
        told = "; ".join(f"{words}: {', '.join(names)}" for words, names in bad.items())
        raise InputError(
            f"points of '{node.GetName()}' have no position ({told})",
            where=where,
            mend="place these points, or delete them (in both lists of a pair)",
        )


def _seen(node: Any, places: FloatArray, inside: Any) -> FloatArray:
    """RAS points [n, 3] through the parent transforms, to the world or into `inside`."""
    parent = node.GetParentTransformNode()
    if parent is None or parent is inside:
        return places
    from RegSuite.mrml.placed import is_above

    whole = vtk.vtkGeneralTransform()
    parent.GetTransformToNode(inside if is_above(inside, parent) else None, whole)
    return np.array([whole.TransformPoint(*place) for place in places])


def _in_plane(points: FloatArray, node: Any, where: str) -> FloatArray:
    off = np.flatnonzero(np.abs(points[:, 2]) > OFF_PLANE_MM)
    if off.size:
        raise GeometryError(
            f"{off.size} of {len(points)} points are not in the plane z = 0 of 2D images, the first is "
            f"'{node.GetNthControlPointLabel(int(off[0]))}' at z = {points[off[0], 2]:.3g} mm",
            where=where,
            mend="place the points on the slice",
        )
    return points[:, :2]


def _names(node: Any) -> tuple[str, ...]:
    return tuple(node.GetNthControlPointLabel(i) for i in range(node.GetNumberOfControlPoints()))


def _labels(node: Any) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """The numbers in the descriptions, where every point has one."""
    words = [node.GetNthControlPointDescription(i).strip() for i in range(node.GetNumberOfControlPoints())]
    return np.array([int(w) for w in words]) if words and all(w.isdigit() for w in words) else None
