"""Volumes computed from a fixed and a warped image, both as bright as they are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.mrml.display import shown_window, voxels
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import grid_of_volume
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
    from RegSuite.mrml.volumes import image_from_volume
    from RegSuite.numerics.resample import warp

    image = image_from_volume(warped, "warped image", ndim=3)
    affine = (source.inverse_matrix @ target.matrix)[:3]
    outside = float(shown_window(warped)[0])
    return np.asarray(warp(image.data, target.shape, affine, outside=outside)[0].numpy())
