"""Transforms as nodes and back: T maps fixed to moving points and is the node's from-parent map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import vtk

from RegSuite.errors import InputError
from RegSuite.mrml.fields import bspline_to_vtk, grid_to_vtk
from RegSuite.mrml.flat import flattened
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.sampled import as_shown, carried_on, covers
from RegSuite.mrml.space import mark_dimension, marked_flat, matrix_of_array, matrix_to_lps, to_ras
from RegSuite.mrml.vtk_parts import Part, parts_from_world

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms import AffineTransform, Transform

TRANSFORM = "vtkMRMLTransformNode"
_CLASSES = {"linear": "vtkMRMLLinearTransformNode", "bspline": "vtkMRMLBSplineTransformNode"}
_FIELD_CLASS = "vtkMRMLGridTransformNode"
FAR_OFF_MM = 0.01
"""A numeric inverse that misses by more than this is told to the reader."""


def node_from_transform(
    transform: Transform, *, name: str | None = None, node: Any = None, grid: Grid | None = None
) -> Any:
    """A transform node under which a moving node is seen on the fixed one: T is its from-parent map.

    Linear, B-spline and dense transforms become linear, B-spline and grid nodes; a composite of
    these a general transform node; what else there is is sampled on `grid`. Points within the
    transform's grid (B-spline: domain) move exactly as by `regsuite warp`; beyond it Slicer
    carries the border's displacement on. node: an output node of a fitting class (a general
    transform node takes all), its own parent transform is removed.
    Raises InputError where `node` is linear and the transform is not, or a `grid` is missing.
    """
    from RegSuite.transforms import AffineTransform

    inner = _vtk_of(transform, grid)
    if isinstance(transform, AffineTransform):
        kind = _CLASSES["linear"]
    else:
        kind = _CLASSES["bspline"] if inner.IsA("vtkOrientedBSplineTransform") else _FIELD_CLASS
        kind = TRANSFORM if inner.IsA("vtkGeneralTransform") else kind
    out = node_for(kind, name, None, "transform") if node is None else node_for(TRANSFORM, name, node, "")
    if out.IsA(_CLASSES["linear"]) and kind != _CLASSES["linear"]:
        raise InputError(
            f"'{out.GetName()}' is a linear transform and cannot hold a {type(transform).__name__}",
            where=f"output '{out.GetName()}'",
            mend="choose a transform of the general kind, or let a new one be made",
        )
    was = out.StartModify()
    try:
        out.SetAndObserveTransformNodeID(None)
        out.SetAndObserveTransformFromParent(inner)
        if isinstance(transform, AffineTransform):
            out.SetCenterOfTransformation(*to_ras(transform.centre_mm).tolist())
        mark_dimension(out, transform.ndim)
    finally:
        out.EndModify(was)
    return out


def transform_from_node(
    node: Any,
    role: str = "transform",
    *,
    grid: Grid | None = None,
    ndim: int | None = None,
    warnings: list[str] | None = None,
) -> Transform:
    """The from-parent map of a transform node and its parents, world to local: points in LPS mm.

    Linear, grid and cubic B-spline parts come as they are. grid: where the map will be used (the
    fixed image's): inverses that are numeric, kinds that the engine has not, and fields that do
    not reach over `grid` are sampled there, as Slicer shows them. Without it a numeric inverse
    lies on its part's own grid. ndim: 2 for 2D images; None takes 2 where the
    node was made from a 2D transform. warnings: takes what a numeric inverse misses.
    Raises InputError for None, no transform, a kind that needs `grid`; GeometryError for a map
    that leaves the plane of 2D images.
    """
    check_node(node, role, TRANSFORM)
    wanted = ndim or (2 if marked_flat(node) else 3)
    parts = parts_from_world(node)
    where = f"{role} '{node.GetName()}'"
    if grid is not None and not all(part.exact for part in parts):
        return _told(as_shown(parts, grid, where), where, warnings)
    found = _joined(parts, where)
    found = flattened(found, where) if wanted == 2 else found
    if grid is None or covers(found, grid):
        return _told(found, where, warnings)
    return as_shown(parts, grid, where) if any(p.runs_out for p in parts) else carried_on(found, grid)


def _joined(parts: list[Part], where: str) -> Transform:
    """The parts one after the other. Raises InputError for a kind the engine has not."""
    from RegSuite.transforms import AffineTransform, CompositeTransform

    for part in parts:
        if not part.known:
            raise InputError(
                f"a transform of the kind {part.kind} can only be used where its image is known",
                where=where,
                mend="convert it to a displacement field (module Transforms, Convert)",
            )
    members = [part.transform() for part in parts]
    return CompositeTransform.of(*members) if members else AffineTransform.identity(3)


def _told(found: Transform, where: str, warnings: list[str] | None) -> Transform:
    """The map itself; `warnings` gets a sentence on an inverse that is not good everywhere."""
    residual = getattr(found, "inverse_residual_mm", None)
    if residual is not None and residual["max"] > FAR_OFF_MM and warnings is not None:
        warnings.append(
            f"{where} was inverted numerically and misses by up to {residual['max']:.2g} mm "
            f"(95 % of the voxels: {residual['p95']:.2g} mm)"
        )
    return found


def _vtk_of(transform: Transform, grid: Grid | None) -> Any:
    """A VTK transform of points in RAS with the same map."""
    from RegSuite.transforms import AffineTransform, BSplineTransform, CompositeTransform, to_displacement
    from RegSuite.transforms.dense import DenseTransform

    if isinstance(transform, AffineTransform):
        return _linear_to_vtk(transform)
    if isinstance(transform, BSplineTransform):
        return bspline_to_vtk(transform)
    if isinstance(transform, DenseTransform):
        return grid_to_vtk(transform.field, transform.grid)
    if isinstance(transform, CompositeTransform):
        out = vtk.vtkGeneralTransform()
        out.PostMultiply()
        for member in transform.members:
            out.Concatenate(_vtk_of(member, grid))
        return out
    if grid is None:
        raise InputError(
            f"a {type(transform).__name__} has no counterpart in Slicer and no grid to be sampled on",
            mend="give the fixed image's grid",
        )
    return grid_to_vtk(to_displacement(transform, grid).field, grid)


def _linear_to_vtk(transform: AffineTransform) -> Any:
    """A vtkTransform; a 2D map leaves z as it is."""
    d = transform.ndim
    solid = np.eye(4)
    solid[:d, :d] = transform.matrix
    solid[:d, 3] = transform.offset
    out = vtk.vtkTransform()
    out.SetMatrix(matrix_of_array(matrix_to_lps(solid)))
    return out
