"""Label images with a place in RAS, as segmentations hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from RegSuite.geometry import Grid
from RegSuite.mrml.space import RAS_TO_LPS, array_of_matrix, ijk_to_ras, in_space, matrix_of_array, to_lps

LABELMAP = "Binary labelmap"
SURFACE = "Closed surface"


def oriented_image(grid: Grid, voxels: Any = None) -> Any:
    """A vtkOrientedImageData on `grid` that shares the voxels of a vtkImageData, or without voxels."""
    out = slicer.vtkOrientedImageData()
    if voxels is not None:
        out.ShallowCopy(voxels)
    out.SetDimensions(*in_space(grid).size)
    out.SetImageToWorldMatrix(matrix_of_array(ijk_to_ras(grid)))
    return out


def grid_of_oriented(image: Any) -> Grid:
    """The grid (LPS) of the voxels of a vtkOrientedImageData."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    ras = array_of_matrix(matrix)
    spacing = np.linalg.norm(ras[:3, :3], axis=0)
    first = np.asarray(image.GetExtent()[::2], dtype=float)
    origin = to_lps(ras[:3, :3] @ first + ras[:3, 3])
    direction = RAS_TO_LPS[:3, :3] @ (ras[:3, :3] / spacing)
    return Grid.make(image.GetDimensions(), spacing.tolist(), origin.tolist(), direction)


def serialised(image: Any) -> str:
    """The geometry as segmentations keep it as their reference."""
    return str(slicer.vtkSegmentationConverter.SerializeImageGeometry(image))


def from_serialised(geometry: str) -> Any | None:
    """An image without voxels of a kept geometry; None where there is none."""
    image = slicer.vtkOrientedImageData()
    if not geometry or not slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image, False):
        return None
    return image if min(image.GetDimensions()) > 0 else None
