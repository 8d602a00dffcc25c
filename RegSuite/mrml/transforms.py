"""Transforms as nodes and back: T maps fixed to moving points and is the node's from-parent map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import vtk

from RegSuite.errors import InputError
from RegSuite.mrml.fields import bspline_to_vtk, grid_to_vtk
from RegSuite.mrml.flat import flattened
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.sampled import as_shown, covers
from RegSuite.mrml.slabs import Steps, finish
from RegSuite.mrml.space import mark_dimension, marked_flat, matrix_of_array, matrix_to_lps, to_ras
from RegSuite.mrml.vtk_parts import Part, parts_from_world
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.arrays import ArraySpline, ArrayTransform, Member, members_of

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms import Transform

TRANSFORM = "vtkMRMLTransformNode"
_CLASSES = {"linear": "vtkMRMLLinearTransformNode", "bspline": "vtkMRMLBSplineTransformNode"}
_FIELD_CLASS = "vtkMRMLGridTransformNode"


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
    return finish(transform_in_steps(transform, name=name, node=node, grid=grid))


def transform_in_steps(
    transform: Any, *, name: str | None = None, node: Any = None, grid: Grid | None = None
) -> Steps[Any]:
    """`node_from_transform` in steps, of an engine's Transform or of RegSuite.transforms.arrays'.

    Before the last step nothing of it is in the scene.
    """
    members = members_of(transform, grid)
    linear = members[0] if len(members) == 1 and isinstance(members[0], AffineTransform) else None
    inner = yield from _vtk_of(members)
    if linear is not None:
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
        if linear is not None:
            out.SetCenterOfTransformation(*to_ras(linear.centre_mm).tolist())
        mark_dimension(out, members[0].ndim)
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
    found = finish(arrays_of_transform(node, role, grid=grid, ndim=ndim))
    return found.transform(None if warnings is None else warnings.append)


def arrays_of_transform(
    node: Any, role: str = "transform", *, grid: Grid | None = None, ndim: int | None = None
) -> Steps[ArrayTransform]:
    """`transform_from_node` before torch, in steps; a numeric inverse is left to who builds it."""
    check_node(node, role, TRANSFORM)
    wanted = ndim or (2 if marked_flat(node) else 3)
    parts = parts_from_world(node)
    where = f"{role} '{node.GetName()}'"
    if grid is not None and not all(part.exact for part in parts):
        return (yield from as_shown(parts, grid, where))
    members: list[Member] = []
    for part in parts:
        _check_known(part, where)
        found = yield from part.member()
        members.append(flattened(found, where) if wanted == 2 else found)
    if not members:
        return ArrayTransform((AffineTransform.identity(wanted),), where=where)
    if grid is None or covers(parts, members, grid):
        return ArrayTransform(tuple(members), where=where)
    if any(part.runs_out for part in parts):
        return (yield from as_shown(parts, grid, where))
    return ArrayTransform(tuple(members), grid, where)


def _check_known(part: Part, where: str) -> None:
    """Raise InputError for a kind the engine has not."""
    if not part.known:
        raise InputError(
            f"a transform of the kind {part.kind} can only be used where its image is known",
            where=where,
            mend="convert it to a displacement field (module Transforms, Convert)",
        )


def _vtk_of(members: tuple[Member, ...]) -> Steps[Any]:
    """A VTK transform of points in RAS with the same map, the members one after the other."""
    if len(members) == 1:
        return (yield from _vtk_of_one(members[0]))
    out = vtk.vtkGeneralTransform()
    out.PostMultiply()
    for member in members:
        out.Concatenate((yield from _vtk_of_one(member)))
    return out


def _vtk_of_one(member: Member) -> Steps[Any]:
    if isinstance(member, AffineTransform):
        return _linear_to_vtk(member)
    out = yield from (bspline_to_vtk(member) if isinstance(member, ArraySpline) else grid_to_vtk(member))
    if member.inverted:
        out.Inverse()
    return out


def _linear_to_vtk(transform: AffineTransform) -> Any:
    """A vtkTransform; a 2D map leaves z as it is."""
    d = transform.ndim
    solid = np.eye(4)
    solid[:d, :d] = transform.matrix
    solid[:d, 3] = transform.offset
    out = vtk.vtkTransform()
    out.SetMatrix(matrix_of_array(matrix_to_lps(solid)))
    return out
