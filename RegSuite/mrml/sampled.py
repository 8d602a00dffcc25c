"""A map sampled where it will be used, for what the engine cannot hold as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import vtk
from vtk.util import numpy_support

from RegSuite.mrml.flat import check_plane
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import FloatArray, to_lps, to_ras
from RegSuite.mrml.vtk_parts import Part, joined_vtk
from RegSuite.transforms.arrays import ArrayField, ArraySpline, ArrayTransform, Member

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

PROBES_AN_AXIS = 9
POINTS_A_STEP = 1 << 14
"""Asked of VTK at once: 20 ms a part."""


def covers(parts: Sequence[Part], members: Sequence[Member], grid: Grid) -> bool:
    """Whether every field reaches over the points that come to it from `grid` (of as many dimensions).

    members: the parts as arrays. Points are taken on by VTK, part by part.
    """
    axes = [np.unique(np.linspace(0, n - 1, PROBES_AN_AXIS)) for n in grid.size]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, grid.ndim)
    points = grid.points(index)
    for part, member in zip(parts, members, strict=True):
        if isinstance(member, ArrayField) and not member.grid.contains(points).all():
            return False
        if isinstance(member, ArraySpline):
            place = member.control.index(points)
            if not ((place >= 1) & (place <= np.asarray(member.control.size) - 2)).all():
                return False
        points = _through(part.found, points)[:, : grid.ndim]
    return True


def as_shown(parts: list[Part], grid: Grid, where: str) -> Steps[ArrayTransform]:
    """The map of the parts on `grid`, as Slicer has it.

    A single grid transform run backwards is left to the engine's (compiled) inversion, which tells
    its residual; everything else is asked of VTK, about a microsecond a voxel and part.
    """
    only = parts[0] if len(parts) == 1 else None
    if only is not None and only.inverted and only.known and only.is_grid and grid.ndim == 3:
        return ArrayTransform(((yield from only.member()),), grid, where)
    return ArrayTransform(((yield from asked_of_vtk(parts, grid, where)),), where=where)


def asked_of_vtk(parts: list[Part], grid: Grid, where: str) -> Steps[ArrayField]:
    """The map of the parts at the voxels of `grid`. Raises GeometryError for one that leaves a 2D plane."""
    whole = joined_vtk(parts)
    d = grid.ndim
    out = np.empty((d, grid.voxels), dtype=np.float32)
    for start in range(0, grid.voxels, POINTS_A_STEP):
        stop = min(start + POINTS_A_STEP, grid.voxels)
        index = np.stack(np.unravel_index(np.arange(start, stop), grid.shape)[::-1], axis=-1)
        home = grid.points(index)
        there = _through(whole, home)
        if d == 2:
            check_plane(float(np.abs(there[:, 2]).max()), where)
        out[:, start:stop] = (there[:, :d] - home).T
        yield
    return ArrayField(out.reshape(d, *grid.shape), grid)


def _through(transform: Any, points_mm: FloatArray) -> FloatArray:
    """Points [n, d] in LPS mm after a VTK transform of RAS points: [n, 3]."""
    given, moved = vtk.vtkPoints(), vtk.vtkPoints()
    given.SetData(numpy_support.numpy_to_vtk(to_ras(points_mm), deep=True))
    moved.SetDataTypeToDouble()
    transform.TransformPoints(given, moved)
    return to_lps(numpy_support.vtk_to_numpy(moved.GetData()))
