"""Fields carried on beyond their border, as Slicer does, where the engine and ITK end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms import BSplineTransform, DisplacementTransform, Transform


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
