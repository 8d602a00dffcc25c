"""An image pulled through a transform, by linear, nearest, cubic B-spline or label interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.numerics.resample import index_map
from RegSuite.workflows.outputs import moving_index, warp_image, warp_labels

if TYPE_CHECKING:
    from torch import Tensor

Interpolation = Literal["linear", "nearest", "bspline", "label"]
INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "nearest", "bspline", "label")


def pull(image: Image, grid: Grid, displacement_mm: Tensor, interpolation: Interpolation) -> Image:
    """The image at x + u(x) for the voxels x of `grid`.

    linear, bspline (cubic, of the values themselves): float32, and outside the image its smallest
    value. nearest: the type is kept, 0 outside. label: of each label the linear interpolation of
    where it is, and the label that has most: smoother borders than nearest; the type is kept.
    """
    if interpolation == "linear":
        return warp_image(image, grid, displacement_mm)
    if interpolation == "nearest":
        return warp_labels(image, grid, displacement_mm)
    if interpolation == "label":
        return _by_label(image, grid, displacement_mm)
    return _cubic(image, grid, displacement_mm)


def _by_label(image: Image, grid: Grid, displacement_mm: Tensor) -> Image:
    """One linear interpolation a label, the largest wins (the smaller label where two are equal)."""
    best = torch.zeros((image.channels, *grid.shape))
    out = torch.zeros((image.channels, *grid.shape), dtype=image.data.dtype)
    for label in torch.unique(image.data).tolist():
        where = image.with_data((image.data == label).float())
        share = warp_image(where, grid, displacement_mm, outside=1.0 if label == 0 else 0.0).data
        wins = share > best
        best[wins] = share[wins]
        out[wins] = label
    return Image(out, grid, name=f"warped {image.name}")


def _cubic(image: Image, grid: Grid, displacement_mm: Tensor) -> Image:
    """Cubic B-spline through the values, mirrored at the border as in ITK."""
    from scipy import ndimage

    affine, to_voxels = moving_index(image.grid, grid)
    index = index_map(grid.shape, affine, displacement_mm, to_voxels, dtype=torch.float64).numpy()
    places = np.moveaxis(index, -1, 0)[::-1]
    size = np.asarray(image.grid.size)
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(axis=-1)
    values = []
    for channel in image.data.double().numpy():
        found = ndimage.map_coordinates(channel, places, order=3, mode="mirror", output=np.float32)
        values.append(np.where(inside, found, np.float32(channel.min())))
    return Image(torch.from_numpy(np.stack(values)), grid, name=f"warped {image.name}")
