"""Displacements and B-splines between the engine (LPS) and VTK's oriented transforms (RAS)."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.geometry import Grid
from RegSuite.mrml.slabs import Steps, slabs
from RegSuite.mrml.space import (
    RAS_TO_LPS,
    array_of_matrix,
    in_space,
    matrix_of_array,
    matrix_to_lps,
    to_lps,
    to_ras,
)
from RegSuite.mrml.voxels import channels_of, image_in_steps
from RegSuite.transforms.arrays import ArrayField, ArraySpline

SIGNS = np.diag(RAS_TO_LPS)[:3]


def grid_to_vtk(field: ArrayField) -> Steps[Any]:
    """A vtkOrientedGridTransform of a displacement in LPS mm (its own float32 copy), a slab a step.

    Equal to the engine's map within the outer voxel faces of the field's grid; beyond them VTK repeats the
    border's displacement where the engine and ITK have the identity.
    """
    solid = in_space(field.grid)
    vectors = yield from _vectors_to_vtk(field.displacement_mm, solid)
    out = slicer.vtkOrientedGridTransform()
    out.SetDisplacementGridData(vectors)
    out.SetGridDirectionMatrix(_direction_to_vtk(solid))
    return out


def bspline_to_vtk(spline: ArraySpline) -> Steps[Any]:
    """A vtkOrientedBSplineTransform with the same coefficients: equal within the spline's domain.

    Beyond the domain VTK's spline runs out over two control spacings, where the engine and ITK
    have the identity at once.
    """
    solid = in_space(spline.control)
    coefficients = spline.coefficients_mm
    if spline.ndim == 2:  # the same in four layers, the slice between the middle ones
        coefficients = np.repeat(coefficients[:, None], 4, axis=1)
        solid = Grid.make(
            (*solid.size[:2], 4), (*solid.spacing[:2], FLAT_CONTROL_MM), _below(solid), solid.direction
        )
    # in a composite Slicer writes single precision coefficients to files as if they were double
    vectors = yield from _vectors_to_vtk(coefficients, solid, "float64")
    out = slicer.vtkOrientedBSplineTransform()
    out.SetCoefficientData(vectors)
    out.SetGridDirectionMatrix(_direction_to_vtk(solid))
    out.SetBorderModeToZero()
    return out


FLAT_CONTROL_MM = 1000.0
"""Control spacing across a 2D transform: points some way off its plane move alike."""


def _below(solid: Grid) -> tuple[float, ...]:
    return (*solid.origin[:2], -1.5 * FLAT_CONTROL_MM)


def grid_from_vtk(found: Any) -> Steps[ArrayField]:
    """The displacement of a vtkOrientedGridTransform taken forward, as LPS mm, a slab a step.

    Linear between the voxels, as ITK and `regsuite warp` apply the file of a field; a field that Slicer has
    loaded from a file it shows with cubic interpolation, which differs between the voxels only.
    """
    image = found.GetDisplacementGrid()
    scale, shift = found.GetDisplacementScale(), found.GetDisplacementShift()
    values = yield from _vectors_from_vtk(image, scale, shift)
    return ArrayField(values, _grid_from_vtk(image, found.GetGridDirectionMatrix()))


def bspline_from_vtk(found: Any) -> Steps[ArraySpline]:
    """The cubic B-spline of a vtkOrientedBSplineTransform taken forward, as LPS mm.

    An additive linear part (files of ITK 3) goes into the coefficients: a cubic spline holds
    linear functions exactly, within its domain.
    """
    image = found.GetCoefficientData()
    control = _grid_from_vtk(image, found.GetGridDirectionMatrix())
    values = yield from _vectors_from_vtk(image, found.GetDisplacementScale(), 0.0)
    bulk = found.GetBulkTransformMatrix()
    if bulk is not None:
        extra = matrix_to_lps(array_of_matrix(bulk)) - np.eye(4)
        shift = control.all_points() @ extra[:3, :3].T + extra[:3, 3]
        values = values + np.moveaxis(shift, -1, 0).astype(np.float32)
    return ArraySpline(values, control)


def _vectors_to_vtk(field_mm: NDArray[Any], grid: Grid, type_name: str = "float32") -> Steps[Any]:
    """[d, *shape] LPS as a vtkImageData of RAS vectors on the axes of `grid`."""
    field = field_mm.reshape(field_mm.shape[0], *grid.shape)
    image = yield from image_in_steps(field, type_name, channels=3)
    vectors = channels_of(image)
    for slab in slabs(grid.shape):
        for axis in np.flatnonzero(SIGNS < 0):
            np.negative(vectors[axis, slab], out=vectors[axis, slab])
        yield
    image.SetSpacing(grid.spacing)
    image.SetOrigin(to_ras(grid.origin).tolist())
    return image


def _vectors_from_vtk(image: Any, scale: float, shift: float) -> Steps[NDArray[np.float32]]:
    """RAS vectors of a vtkImageData as [3, *shape] in LPS mm."""
    view = channels_of(image)
    out = np.empty(view.shape, dtype=np.float32)
    for slab in slabs(view.shape[1:]):
        for axis, sign in enumerate(SIGNS):
            np.multiply(view[axis, slab], sign * scale, out=out[axis, slab], casting="unsafe")
            if shift:
                out[axis, slab] += sign * shift
        yield
    return out


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
