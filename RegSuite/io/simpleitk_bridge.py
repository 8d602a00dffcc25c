"""Grids and images to and from SimpleITK, without files and without change of space (both are LPS mm)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image

if TYPE_CHECKING:
    import SimpleITK as sitk
    from numpy.typing import NDArray


def grid_of_sitk(image: sitk.Image) -> Grid:
    """The grid of a SimpleITK image.

    Raises GeometryError when it is not 2D or 3D or its direction is not orthonormal.
    """
    ndim = image.GetDimension()
    direction = np.asarray(image.GetDirection(), dtype=np.float64).reshape(ndim, ndim)
    return Grid.make(image.GetSize(), image.GetSpacing(), image.GetOrigin(), direction)


def image_from_sitk(image: sitk.Image, name: str = "image") -> Image:
    """An Image with its own copy of the values: [1, *shape], or [C, *shape] of a vector image.

    The type of the numbers is kept; unsigned 16 and 32 bit become int32 and int64, which every
    torch operator knows. Raises GeometryError as `grid_of_sitk`.
    """
    import SimpleITK as sitk
    import torch

    grid = grid_of_sitk(image)
    values = sitk.GetArrayViewFromImage(image)
    channels = image.GetNumberOfComponentsPerPixel()
    values = values.reshape(*grid.shape, channels) if channels > 1 else values.reshape(*grid.shape, 1)
    planar = np.array(np.moveaxis(values, -1, 0), dtype=_torch_type(values.dtype), order="C")
    return Image(torch.from_numpy(planar), grid, name=name)


def image_to_sitk(image: Image) -> sitk.Image:
    """A SimpleITK image with its own copy of the values; one channel is scalar, more are a vector image."""
    values = image.data.detach().cpu().numpy()
    return array_to_sitk(values, image.grid, vector=image.channels > 1)


def array_to_sitk(values: NDArray[np.generic], grid: Grid, *, vector: bool) -> sitk.Image:
    """A SimpleITK image of values [C, *shape] on `grid`; C must be 1 unless `vector`.

    Raises GeometryError when the values do not fit the grid.
    """
    import SimpleITK as sitk

    if tuple(values.shape[1:]) != grid.shape or not (vector or values.shape[0] == 1):
        raise GeometryError(f"values of shape {values.shape} do not fit a grid of shape (C, {grid.shape})")
    if values.dtype == np.bool_:
        values = values.astype(np.uint8)
    packed = np.ascontiguousarray(np.moveaxis(values, 0, -1)) if vector else np.ascontiguousarray(values[0])
    out = sitk.GetImageFromArray(packed, isVector=vector)
    out.SetSpacing(grid.spacing)
    out.SetOrigin(grid.origin)
    out.SetDirection(np.asarray(grid.direction).ravel().tolist())
    return out


def _torch_type(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The numpy type in which torch can hold values of `dtype`."""
    wider: dict[str, str] = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}
    return np.dtype(wider.get(dtype.name, dtype.name))
