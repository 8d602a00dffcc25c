"""Voxel values between VTK's images and numpy's arrays: as a view, or in one copy and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from RegSuite.mrml.slabs import Steps, finish, slabs

_WIDER = {"bool": "uint8", "float16": "float32"}
"""Types that Slicer does not show, and the next one that holds their values."""


def values_of(image: Any) -> NDArray[np.generic]:
    """A view of a vtkImageData's voxels: [Z, Y, X, C]. It shows what is written there later.

    It keeps the memory, also where the image data is replaced or goes.
    """
    view: NDArray[np.generic] = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    return view.reshape(*image.GetDimensions()[::-1], image.GetNumberOfScalarComponents())


def channels_of(image: Any) -> NDArray[np.generic]:
    """The same view as [C, Z, Y, X], as ArrayImage has its values."""
    view = values_of(image)
    return view.reshape(1, *view.shape[:-1]) if view.shape[-1] == 1 else np.moveaxis(view, -1, 0)


def image_of(values: NDArray[Any], type_name: str | None = None) -> Any:
    """A vtkImageData with its own copy of values [C, *shape] (2D: one slice), without geometry.

    type_name: numpy's name of the type to store; if None the type of `values`, or the next one that
    Slicer shows (see `shown_type`).
    """
    return finish(image_in_steps(values, type_name))


def image_in_steps(values: NDArray[Any], type_name: str | None = None, *, channels: int = 0) -> Steps[Any]:
    """`image_of`, a slab a step. channels: more than `values` has; those beyond are 0."""
    solid = values.reshape(values.shape[0], *(1,) * (4 - values.ndim), *values.shape[1:])
    stored = np.dtype(type_name or shown_type(values))
    image = vtk.vtkImageData()
    image.SetDimensions(solid.shape[:0:-1])
    image.AllocateScalars(numpy_support.get_vtk_array_type(stored), max(channels, len(solid)))
    target = channels_of(image)
    for slab in slabs(solid.shape[1:]):
        for channel, place in enumerate(target):
            if channel < len(solid):
                np.copyto(place[slab], solid[channel, slab], casting="unsafe")
            else:
                place[slab] = 0
        yield
    return image


def shown_type(values: NDArray[Any]) -> str:
    """numpy's name of the type in which Slicer holds `values`.

    int64 becomes int32 where the values fit, else float64 (exact to 2^53); bool uint8, half
    precision float32.
    """
    name = values.dtype.name
    if name in ("int64", "uint64"):
        fits = values.size == 0 or max(-int(values.min()) - 1, int(values.max())) < 2**31
        return "int32" if fits else "float64"
    return _WIDER.get(name, name)
