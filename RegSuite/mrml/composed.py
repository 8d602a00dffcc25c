"""Volumes computed from a fixed and a warped image, both as bright as they are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from RegSuite.mrml.display import shown_window, voxels
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import grid_of_volume, matrix_of_array
from RegSuite.mrml.voxels import values_of
from RegSuite.report.brightness import scaled

Values = NDArray[np.float32]


def tiles_of_both(fixed: Any, warped: Any, tiles: int) -> Values:
    """Cubes of the fixed and the warped image in turn, on the fixed grid: [Z, Y, X], 0..1.

    tiles: along the longest edge of the fixed image. Both are scaled by the windows they are shown with.
    """
    grid = grid_of_volume(fixed)
    edge_mm = float(grid.extent_mm.max()) / tiles
    parity = np.zeros((1,) * 3, np.int64)
    for axis, (count, spacing) in enumerate(zip(grid.size, grid.spacing, strict=True)):
        along = (np.arange(count) * spacing // edge_mm).astype(np.int64)
        parity = parity + along.reshape([-1 if a == 2 - axis else 1 for a in range(3)])
    first, second = _both(fixed, warped)
    return np.where(parity % 2 == 0, first, second)


def difference_of_both(fixed: Any, warped: Any) -> Values:
    """Warped minus fixed on the fixed grid, each scaled to 0..1 as it is shown: [Z, Y, X], -1..1."""
    first, second = _both(fixed, warped)
    return second - first


def _both(fixed: Any, warped: Any) -> tuple[Values, Values]:
    """Both images on the fixed grid, 0 at the black and 1 at the white end of their windows."""
    return (
        scaled(voxels(fixed), shown_window(fixed)),
        scaled(_on_the_grid_of(fixed, warped), shown_window(warped)),
    )


def _on_the_grid_of(fixed: Any, warped: Any) -> NDArray[Any]:
    """The voxels of `warped` on the grid of `fixed`: as they are, or resampled where the grids differ."""
    target, source = placed_grid(fixed, "fixed image"), placed_grid(warped, "warped image")
    if target.same_space(source):
        return voxels(warped)
    reslice = vtk.vtkImageReslice()
    plain = vtk.vtkImageData()  # voxel indices for coordinates
    plain.SetDimensions(warped.GetImageData().GetDimensions())
    plain.GetPointData().SetScalars(warped.GetImageData().GetPointData().GetScalars())
    reslice.SetInputData(plain)
    reslice.SetResliceAxes(matrix_of_array(source.inverse_matrix @ target.matrix))
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputExtent([end for n in target.size for end in (0, n - 1)])
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputScalarType(vtk.VTK_FLOAT)
    reslice.SetBackgroundLevel(float(shown_window(warped)[0]))
    reslice.Update()
    return values_of(reslice.GetOutput())[..., 0]
