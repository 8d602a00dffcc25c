"""Where RAS (MRML) meets LPS (the engine): grids and points, nothing else crosses elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid

FloatArray = NDArray[np.float64]

RAS_TO_LPS: FloatArray = np.diag([-1.0, -1.0, 1.0, 1.0])
"""The one change of coordinates between MRML and the engine; it is its own inverse."""

DIMENSION_ATTRIBUTE = "RegSuite.Dimension"
"""Node attribute, "2" on nodes made from 2D objects of the engine: they come back 2D."""


def to_ras(points_mm: ArrayLike) -> FloatArray:
    """RAS [..., 3] of LPS points [..., d]; 2D points lie in the plane z = 0."""
    points = np.asarray(points_mm, dtype=np.float64)
    out = np.zeros((*points.shape[:-1], 3))
    out[..., : points.shape[-1]] = points
    return out * np.diag(RAS_TO_LPS)[:3]


def to_lps(points_mm: ArrayLike) -> FloatArray:
    """LPS [..., 3] of RAS points [..., 3]."""
    return np.asarray(points_mm, dtype=np.float64) * np.diag(RAS_TO_LPS)[:3]


def matrix_to_lps(ras: ArrayLike) -> FloatArray:
    """A [4, 4] map of RAS points as a map of LPS points, and the other way round."""
    return RAS_TO_LPS @ np.asarray(ras, dtype=np.float64) @ RAS_TO_LPS


def in_space(grid: Grid) -> Grid:
    """`grid` itself, or a 2D one as a grid of one slice, 1 mm thick, in the plane z = 0."""
    if grid.ndim == 3:
        return grid
    direction = np.eye(3)
    direction[:2, :2] = grid.direction
    return Grid.make((*grid.size, 1), (*grid.spacing, 1.0), (*grid.origin, 0.0), direction)


def in_plane(grid: Grid) -> Grid | None:
    """The 2D grid of a single slice in the plane z = 0; None for any other."""
    direction = np.asarray(grid.direction)
    flat = grid.size[2] == 1 and abs(grid.origin[2]) < 1e-6 and abs(abs(direction[2, 2]) - 1) < 1e-9
    return Grid.make(grid.size[:2], grid.spacing[:2], grid.origin[:2], direction[:2, :2]) if flat else None


def ijk_to_ras(grid: Grid) -> FloatArray:
    """[4, 4] from voxel index to RAS mm; a 2D grid is one slice in the plane z = 0."""
    return RAS_TO_LPS @ in_space(grid).matrix


def grid_of_volume(node: Any) -> Grid:
    """The node's own voxel lattice in LPS mm, always 3D, without its parent transforms.

    Raises GeometryError, with the node's name, for axes that are not at right angles.
    """
    image = node.GetImageData()
    directions = vtk.vtkMatrix4x4()
    node.GetIJKToRASDirectionMatrix(directions)
    direction = RAS_TO_LPS[:3, :3] @ array_of_matrix(directions)[:3, :3]
    spacing, first = np.asarray(node.GetSpacing()), np.asarray(image.GetExtent()[::2])
    origin = to_lps(node.GetOrigin()) + direction @ (spacing * first)
    try:
        return Grid.make(image.GetDimensions(), spacing.tolist(), origin.tolist(), direction)
    except GeometryError as error:
        raise GeometryError(
            error.what,
            where=f"volume '{node.GetName()}'",
            mend="resample the volume in Slicer (module Resample Scalar/Vector/DWI Volume)",
        ) from error


def place_volume(node: Any, grid: Grid) -> None:
    """Give a volume node the geometry of `grid` and mark whether it is 2D; its voxels are left alone."""
    solid = in_space(grid)
    direction = RAS_TO_LPS[:3, :3] @ np.asarray(solid.direction)
    node.SetIJKToRASDirections(direction.tolist())
    node.SetSpacing(*solid.spacing)
    node.SetOrigin(*to_ras(solid.origin).tolist())
    mark_dimension(node, grid.ndim)


def mark_dimension(node: Any, ndim: int) -> None:
    """Keep on a node that its content is 2D; a 3D one carries no mark."""
    if ndim == 2:
        node.SetAttribute(DIMENSION_ATTRIBUTE, "2")
    else:
        node.RemoveAttribute(DIMENSION_ATTRIBUTE)


def marked_flat(node: Any) -> bool:
    """Whether a node was made from a 2D object of the engine."""
    return bool(node.GetAttribute(DIMENSION_ATTRIBUTE) == "2")


def array_of_matrix(matrix: Any) -> FloatArray:
    """The values [4, 4] of a vtkMatrix4x4."""
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


def matrix_of_array(values: ArrayLike) -> Any:
    """A vtkMatrix4x4 of values [4, 4]."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(values, dtype=np.float64).ravel().tolist())
    return matrix
