"""A region between its slices, from the shapes in them: for scans whose slices are far apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid

Solid = NDArray[np.float32]

_COARSE = 1.8
"""Slices so many times as far apart as their pixels are interpolated."""
_MOST = 8


def with_slices_between(inside: Solid, grid: Grid) -> tuple[Solid, Grid]:
    """inside [z, y, x] (0..1; in is 0.5 and more) with slices between those of its coarsest axis; its grid.

    Distances to the outline, negative outside, are interpolated linearly between neighbouring slices; a
    region ends in a taper over the half slice beyond its last one. Unchanged where spacings are alike, and
    in 2D.
    Source: Raya and Udupa 1990, IEEE Transactions on Medical Imaging 9(1), shape-based interpolation.
    """
    spacing = np.asarray(grid.spacing[::-1])
    axis = int(spacing.argmax())
    factor = min(int(np.ceil(spacing[axis] / np.delete(spacing, axis).max())), _MOST)
    if inside.ndim != 3 or inside.shape[axis] < 2 or spacing[axis] < _COARSE * np.delete(spacing, axis).max():
        return inside, grid
    slices = np.moveaxis(inside, axis, 0) >= 0.5
    depth = _depths(slices, np.delete(spacing, axis))
    out = np.empty(((len(slices) - 1) * factor + 1, *slices.shape[1:]), dtype=np.float32)
    for step in range(factor):
        share = step / factor
        out[step:-1:factor] = (1 - share) * depth[:-1] + share * depth[1:] > 0
    out[-1] = slices[-1]
    size, finer = list(grid.size), list(grid.spacing)
    size[2 - axis], finer[2 - axis] = len(out), finer[2 - axis] / factor
    return np.moveaxis(out, 0, axis), replace(grid, size=tuple(size), spacing=tuple(finer))


def _depths(slices: NDArray[np.bool_], spacing: NDArray[np.float64]) -> Solid:
    """Distance to each slice's outline, negative outside; of an empty one minus its neighbours' depth."""
    from scipy import ndimage

    depth = np.zeros(slices.shape, dtype=np.float32)
    held = np.flatnonzero(slices.any(axis=(1, 2)))
    for k in held:
        # outlines run half a pixel beyond the centres within
        within = ndimage.distance_transform_edt(np.pad(slices[k], 1), sampling=spacing)[1:-1, 1:-1]
        beyond = ndimage.distance_transform_edt(~slices[k], sampling=spacing)
        depth[k] = np.where(slices[k], within, -beyond) - 0.5 * np.sign(within - beyond) * spacing.min()
    deepest = depth.max(axis=(1, 2))
    for k in np.setdiff1d(np.arange(len(slices)), held):
        depth[k] = -max(deepest[max(k - 1, 0)], deepest[min(k + 1, len(slices) - 1)], spacing.min())
    return depth
