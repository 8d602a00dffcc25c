"""Voxel values between VTK's images and tensors, each way one copy and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

if TYPE_CHECKING:
    from torch import Tensor

_WIDER = {"bool": "uint8", "float16": "float32", "bfloat16": "float32"}
"""Types that Slicer does not show, and the next one that holds their values."""


def values_of(image: Any) -> NDArray[np.generic]:
    """A view of a vtkImageData's voxels: [Z, Y, X, C]. It lives as long as the image data is not replaced."""
    view: NDArray[np.generic] = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    return view.reshape(*image.GetDimensions()[::-1], image.GetNumberOfScalarComponents())


def tensor_of(image: Any, type_name: str = "float32") -> Tensor:
    """The voxels of a vtkImageData as a tensor of its own: [C, Z, Y, X] of numpy's type `type_name`."""
    import torch

    view = values_of(image)
    # numpy asks for huge pages: into torch's memory the same copy takes five times as long
    out = np.empty((view.shape[-1], *view.shape[:-1]), dtype=type_name)
    for target, channel in zip(out, np.moveaxis(view, -1, 0), strict=True):
        _copy(target, channel)
    return torch.from_numpy(out)


def image_of(data: Tensor, type_name: str | None = None) -> Any:
    """A vtkImageData with its own copy of data [C, *shape] (2D: one slice), without geometry.

    type_name: numpy's name of the type to store; if None the type of `data`, or the next one that
    Slicer shows (see `shown_type`).
    """
    values = data.detach().cpu()
    shape = (1,) * (4 - values.ndim) + tuple(values.shape[1:])
    image = vtk.vtkImageData()
    image.SetDimensions(shape[::-1])
    stored = np.dtype(type_name or shown_type(values))
    image.AllocateScalars(numpy_support.get_vtk_array_type(stored), values.shape[0])
    source = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    for target, channel in zip(np.moveaxis(values_of(image), -1, 0), source, strict=True):
        _copy(target, channel.reshape(shape))
    return image


def _copy(target: NDArray[np.generic], source: NDArray[np.generic]) -> None:
    """source into target [Z, Y, X], converted; contiguous ones as one row, which numpy copies fastest."""
    if target.flags.c_contiguous and source.flags.c_contiguous:
        target, source = target.reshape(-1), source.reshape(-1)
    np.copyto(target, source, casting="unsafe")


def shown_type(values: Tensor) -> str:
    """numpy's name of the type in which Slicer holds `values`.

    int64 becomes int32 where the values fit, else float64 (exact to 2^53); bool uint8, half
    precision float32.
    """
    name = str(values.dtype).removeprefix("torch.")
    if name in ("int64", "uint64"):
        fits = values.numel() == 0 or max(-int(values.min()) - 1, int(values.max())) < 2**31
        return "int32" if fits else "float64"
    return _WIDER.get(name, name)
