"""A map sampled where it will be used, for what the engine cannot hold as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import vtk
from vtk.util import numpy_support

from RegSuite.mrml.fields import grid_from_vtk
from RegSuite.mrml.flat import check_plane
from RegSuite.mrml.space import to_lps, to_ras
from RegSuite.mrml.vtk_parts import Part, joined_vtk

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms import BSplineTransform, DisplacementTransform, Transform

PROBES_AN_AXIS = 9
POINTS_A_CHUNK = 1 << 20


def covers(transform: Transform, grid: Grid) -> bool:
    """Whether every field in a transform reaches over the points that come to it from `grid`."""
    import torch

    from RegSuite.transforms import BSplineTransform, CompositeTransform
    from RegSuite.transforms.dense import DenseTransform

    axes = [np.unique(np.linspace(0, n - 1, PROBES_AN_AXIS)) for n in grid.size]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, grid.ndim)
    points = torch.from_numpy(grid.points(index))
    members = transform.members if isinstance(transform, CompositeTransform) else (transform,)
    for member in members:
        if isinstance(member, DenseTransform) and not member.grid.contains(points.numpy()).all():
            return False
        if isinstance(member, BSplineTransform):
            place = member.control.index(points.numpy())
            if not ((place >= 1) & (place <= np.asarray(member.control.size) - 2)).all():
                return False
        points = member.points(points)
    return True


def carried_on(transform: Transform, grid: Grid) -> DisplacementTransform:
    """The map at the voxels of `grid`, its fields carried on beyond their border as Slicer does.

    A displacement repeats the border's, a B-spline runs out over two control spacings.
    """
    import torch

    from RegSuite.numerics.resample import warp
    from RegSuite.transforms import BSplineTransform, CompositeTransform, DisplacementTransform
    from RegSuite.transforms.dense import DenseTransform

    d = grid.ndim
    out = torch.zeros((d, *grid.shape))
    for member in transform.members if isinstance(transform, CompositeTransform) else (transform,):
        if isinstance(member, DenseTransform):
            to_voxels = member.grid.inverse_matrix
            affine = (to_voxels @ grid.matrix)[:d]
            out = warp(member.field, grid.shape, affine, out, to_voxels[:d, :d]).add_(out)
        elif isinstance(member, BSplineTransform):
            out = _running_out(member).displacement_after(out, grid)
        else:
            out = member.displacement_after(out, grid)
    return DisplacementTransform(out, grid)


def _running_out(spline: BSplineTransform) -> BSplineTransform:
    """The same spline with three control points of 0 more on every side: valid until it has run out."""
    import torch

    from RegSuite.geometry import Grid as Lattice
    from RegSuite.transforms import BSplineTransform

    d, control = spline.ndim, spline.control
    size, origin = [n + 6 for n in control.size], control.points(np.full(d, -3.0))
    wider = Lattice.make(size, control.spacing, origin.tolist(), control.direction)
    return BSplineTransform(torch.nn.functional.pad(spline.coefficients_mm, (3, 3) * d), wider)


def as_shown(parts: list[Part], grid: Grid, where: str) -> DisplacementTransform:
    """The map of the parts at the voxels of `grid`, as Slicer has it.

    A single grid transform run backwards is solved by the engine's (compiled) inversion, which
    tells its residual; everything else is asked of VTK, about a microsecond a voxel and part.
    """
    only = parts[0] if len(parts) == 1 else None
    if only is not None and only.inverted and only.known and only.is_grid and grid.ndim == 3:
        return grid_from_vtk(only.found).inverse_on(grid)
    return _asked_of_vtk(parts, grid, where)


def _asked_of_vtk(parts: list[Part], grid: Grid, where: str) -> DisplacementTransform:
    import torch

    from RegSuite.transforms import DisplacementTransform

    whole = joined_vtk(parts)
    d = grid.ndim
    out = np.empty((d, grid.voxels), dtype=np.float32)
    for start in range(0, grid.voxels, POINTS_A_CHUNK):
        stop = min(start + POINTS_A_CHUNK, grid.voxels)
        index = np.stack(np.unravel_index(np.arange(start, stop), grid.shape)[::-1], axis=-1)
        home = grid.points(index)
        given, moved = vtk.vtkPoints(), vtk.vtkPoints()
        given.SetData(numpy_support.numpy_to_vtk(to_ras(home), deep=True))
        moved.SetDataTypeToDouble()
        whole.TransformPoints(given, moved)
        there = to_lps(numpy_support.vtk_to_numpy(moved.GetData()))
        if d == 2:
            check_plane(float(np.abs(there[:, 2]).max()), where)
        out[:, start:stop] = (there[:, :d] - home).T
    return DisplacementTransform(torch.from_numpy(out.reshape(d, *grid.shape)), grid)
