"""Displacements and B-splines between the engine (LPS) and VTK's oriented transforms (RAS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.geometry import Grid
from RegSuite.mrml.space import (
    RAS_TO_LPS,
    array_of_matrix,
    in_space,
    matrix_of_array,
    matrix_to_lps,
    to_lps,
    to_ras,
)
from RegSuite.mrml.voxels import image_of, values_of

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.transforms import BSplineTransform, DisplacementTransform

SIGNS = np.diag(RAS_TO_LPS)[:3]


def grid_to_vtk(field_mm: Tensor, grid: Grid) -> Any:
    """A vtkOrientedGridTransform of a displacement [d, *shape] in LPS mm (its own float32 copy).

    Equal to the engine's map within the outer voxel faces of `grid`; beyond them VTK repeats the
    border's displacement where the engine and ITK have the identity.
    """
    solid = in_space(grid)
    out = slicer.vtkOrientedGridTransform()
    out.SetDisplacementGridData(_vectors_to_vtk(field_mm, solid))
    out.SetGridDirectionMatrix(_direction_to_vtk(solid))
    return out


def bspline_to_vtk(transform: BSplineTransform) -> Any:
    """A vtkOrientedBSplineTransform with the same coefficients: equal within the spline's domain.

    Beyond the domain VTK's spline runs out over two control spacings, where the engine and ITK
    have the identity at once.
    """
    solid = in_space(transform.control)
    coefficients = transform.coefficients_mm
    if transform.ndim == 2:  # the same in four layers, the slice between the middle ones
        coefficients = coefficients[:, None].expand(-1, 4, -1, -1)
        solid = Grid.make(
            (*solid.size[:2], 4), (*solid.spacing[:2], FLAT_CONTROL_MM), _below(solid), solid.direction
        )
    out = slicer.vtkOrientedBSplineTransform()
    # in a composite Slicer writes single precision coefficients to files as if they were double
    out.SetCoefficientData(_vectors_to_vtk(coefficients, solid, "float64"))
    out.SetGridDirectionMatrix(_direction_to_vtk(solid))
    out.SetBorderModeToZero()
    return out


FLAT_CONTROL_MM = 1000.0
"""Control spacing across a 2D transform: points some way off its plane move alike."""


def _below(solid: Grid) -> tuple[float, ...]:
    return (*solid.origin[:2], -1.5 * FLAT_CONTROL_MM)


def grid_from_vtk(found: Any) -> DisplacementTransform:
    """The engine's displacement of a vtkOrientedGridTransform taken forward.

    Linear between the voxels, as ITK and `regsuite warp` apply the file of a field; a field that Slicer has
    loaded from a file it shows with cubic interpolation, which differs between the voxels only.
    """
    from RegSuite.transforms import DisplacementTransform

    image = found.GetDisplacementGrid()
    values = _vectors_from_vtk(image, found.GetDisplacementScale(), found.GetDisplacementShift())
    return DisplacementTransform(values, _grid_from_vtk(image, found.GetGridDirectionMatrix()))


def bspline_from_vtk(found: Any) -> BSplineTransform:
    """The engine's cubic B-spline of a vtkOrientedBSplineTransform taken forward.

    An additive linear part (files of ITK 3) goes into the coefficients: a cubic spline holds
    linear functions exactly, within its domain.
    """
    import torch

    from RegSuite.transforms import BSplineTransform

    image = found.GetCoefficientData()
    control = _grid_from_vtk(image, found.GetGridDirectionMatrix())
    values = _vectors_from_vtk(image, found.GetDisplacementScale(), 0.0)
    bulk = found.GetBulkTransformMatrix()
    if bulk is not None:
        extra = matrix_to_lps(array_of_matrix(bulk)) - np.eye(4)
        shift = control.all_points() @ extra[:3, :3].T + extra[:3, 3]
        values = values + torch.from_numpy(np.moveaxis(shift, -1, 0).astype(np.float32))
    return BSplineTransform(values, control)


def _vectors_to_vtk(field_mm: Tensor, grid: Grid, type_name: str = "float32") -> Any:
    """[d, *shape] LPS as a vtkImageData of RAS vectors on the axes of `grid`."""
    import torch

    field = field_mm.detach().cpu().float().reshape(field_mm.shape[0], *grid.shape)
    if field.shape[0] == 2:
        field = torch.cat([field, torch.zeros_like(field[:1])])
    image = image_of(field, type_name)
    vectors = values_of(image)
    for axis in np.flatnonzero(SIGNS < 0):
        np.negative(vectors[..., axis], out=vectors[..., axis])
    image.SetSpacing(grid.spacing)
    image.SetOrigin(to_ras(grid.origin).tolist())
    return image


def _vectors_from_vtk(image: Any, scale: float, shift: float) -> Tensor:
    """RAS vectors of a vtkImageData as [3, *shape] in LPS mm."""
    import torch

    view = values_of(image)
    out = np.empty((3, *view.shape[:-1]), dtype=np.float32)
    for axis, sign in enumerate(SIGNS):
        np.multiply(view[..., axis], sign * scale, out=out[axis], casting="unsafe")
        if shift:
            out[axis] += sign * shift
    return torch.from_numpy(out)


def _direction_to_vtk(grid: Grid) -> Any:
    matrix = np.eye(4)
    matrix[:3, :3] = RAS_TO_LPS[:3, :3] @ np.asarray(grid.direction)
    return matrix_of_array(matrix)


def _grid_from_vtk(image: Any, direction: Any) -> Grid:
    """The lattice (LPS) of a grid or coefficient image."""
    axes = np.eye(3) if direction is None else array_of_matrix(direction)[:3, :3]
    turned = RAS_TO_LPS[:3, :3] @ axes
    spacing, first = np.asarray(image.GetSpacing()), np.asarray(image.GetExtent()[::2])
    origin = to_lps(image.GetOrigin()) + turned @ (spacing * first)
    return Grid.make(image.GetDimensions(), spacing.tolist(), origin.tolist(), turned)
