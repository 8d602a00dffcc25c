"""Images over time as files: time is the last axis (NIfTI's fourth), as Slicer's sequences read it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io.images import check_finite
from RegSuite.io.write_image import write_sitk

if TYPE_CHECKING:
    import SimpleITK as sitk
    from torch import Tensor


def read_series(path: Path | str, ndim: int) -> Image:
    """The images of a file of `ndim` space axes and time: float32, one channel a time.

    A file without a time axis is one time. Raises InputError for what cannot be read, is not finite
    or has several values a voxel, GeometryError for other axes.
    """
    import SimpleITK as sitk

    path = Path(path)
    if not path.is_file():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    try:
        source = sitk.ReadImage(str(path))
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise InputError(
            f"SimpleITK cannot read it: {last}", where=str(path), mend="give a 4D NIfTI or NRRD file"
        ) from error
    image = series_of_sitk(source, ndim, path.name)
    check_finite(image.data, str(path))
    return image


def series_of_sitk(source: sitk.Image, ndim: int, name: str = "series") -> Image:
    """A SimpleITK image whose last axis is time: float32, one channel a time; 2D ones may have one slice.

    Raises GeometryError where its axes are not `ndim` of space and one of time.
    """
    import SimpleITK as sitk
    import torch

    size = source.GetSize()
    d = len(size)
    one_slice = ndim == 2 and d == 4 and size[2] == 1
    if source.GetNumberOfComponentsPerPixel() != 1 or not (d in (ndim, ndim + 1) or one_slice):
        raise GeometryError(
            f"{'x'.join(map(str, size))} voxels of {source.GetNumberOfComponentsPerPixel()} value(s) are no "
            f"{ndim}D images over time",
            where=name,
            mend=f"give a file of {ndim} space axes and time as the last one, one value a voxel",
        )
    direction = np.asarray(source.GetDirection()).reshape(d, d)
    grid = Grid.make(
        size[:ndim], source.GetSpacing()[:ndim], source.GetOrigin()[:ndim], direction[:ndim, :ndim]
    )
    values = np.array(sitk.GetArrayViewFromImage(source), dtype=np.float32)
    frames = size[-1] if d > ndim else 1
    return Image(torch.from_numpy(values.reshape(frames, *grid.shape)), grid, name=name)


def write_series(images: Tensor, grid: Grid, times: Sequence[float], path: Path | str) -> None:
    """Write images [T, C, *grid.shape] at equally spaced times as one .nii.gz, .nii or .nrrd.

    Plane images get one slice, so that time is always the fourth axis. Errors as `write_image`.
    """
    import SimpleITK as sitk

    path = Path(path)
    suffix = next((s for s in (".nii.gz", ".nii", ".nrrd") if path.name.lower().endswith(s)), None)
    if suffix is None:
        raise InputError(
            f"'{path.name}' is no name for images over time", where=str(path), mend="use .nii.gz"
        )
    values = images.detach().cpu().numpy()
    if tuple(values.shape[2:]) != grid.shape or len(values) != len(times):
        raise GeometryError(f"images of shape {values.shape} do not fit {len(times)} times on {grid}")
    if grid.ndim == 2:
        values = values[:, :, None]
    vector = values.shape[1] > 1
    packed = (
        np.ascontiguousarray(np.moveaxis(values, 1, -1)) if vector else np.ascontiguousarray(values[:, 0])
    )
    out = sitk.GetImageFromArray(packed, isVector=vector)
    turned = np.eye(4)
    turned[: grid.ndim, : grid.ndim] = grid.direction
    missing = 3 - grid.ndim
    step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0
    out.SetSpacing((*grid.spacing, *(1.0,) * missing, step))
    out.SetOrigin((*grid.origin, *(0.0,) * missing, float(times[0])))
    out.SetDirection(turned.ravel().tolist())
    write_sitk(out, path, suffix, images.numel() * images.element_size())
