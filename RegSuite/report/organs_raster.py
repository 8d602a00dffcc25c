"""A small z-buffer: surfels drawn into pictures without OpenGL, so that any machine can make the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_BATCH = 1_000_000
"""Pairs of surfel and pixel held at a time."""
_CORE = 0.45
"""The nearest depth is that of the middle of discs, up to this part (squared) of their radius."""
_NEAR = 0.7
"""Surfels up to this part of their radius before or behind the nearest are blended with it."""
_SHARP = 4.0
"""A disc's weight falls from 1 in its middle to exp of minus this at its rim."""
_THIN = 0.12
"""Weight under which a pixel stays empty: the tip of a single disc that sticks out at the rim."""


@dataclass(frozen=True, eq=False)
class Layer:
    """What is seen of some surfels: depth [h, w] in pixels (inf where nothing), normal [h, w, 3], values.

    Depth rises away from the eye; normals look at it (their last part is negative). values [h, w, c] are
    weighted means, NaN where none of the surfels seen has a value.
    """

    depth: Array
    normal: Array
    values: Array

    @property
    def covered(self) -> Array:
        """Boolean [h, w]."""
        return np.isfinite(self.depth)


def splat(
    points: Array, normals: Array | None, radius: Array, values: Array, shape: tuple[int, int]
) -> Layer:
    """Draw discs (balls where normals is None) at points [n, 3] (column, row, depth in pixels).

    radius [n] in pixels, values [n, c] (NaN: unknown). Two passes: the nearest depth, then a weighted mean
    of all surfels just behind it, so that neighbours blend into a smooth surface.
    """
    channels = values.shape[1]
    depth = np.full(shape, np.inf)
    normal = np.zeros((*shape, 3))
    means = np.full((*shape, channels), np.nan)
    low, high = _window(points, radius, shape)
    if (high > low).all():
        size = (int(high[1] - low[1]), int(high[0] - low[0]))
        part = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
        inside = points - np.array([*low, 0.0])
        drawn = _drawn(inside, normals, radius, values, size)
        if normals is not None:
            drawn = _mended(*drawn, float(np.median(radius)))
        depth[part], normal[part], means[part] = drawn
    return Layer(depth, normal, means)


def _window(points: Array, radius: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """The pixels (column, row) from and up to which the surfels reach."""
    if not len(points):
        return np.zeros(2), np.zeros(2)
    reach = radius.max() + 1
    end = np.array(shape[::-1])
    low = np.clip(np.floor(points[:, :2].min(axis=0) - reach), 0, end)
    return low, np.clip(np.ceil(points[:, :2].max(axis=0) + reach), 0, end)


def _drawn(
    points: Array, normals: Array | None, radius: Array, values: Array, shape: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Depth, normal and means of a window."""
    pairs = list(_pairs(points, normals, radius, shape))
    nearest = np.full((2, shape[0] * shape[1]), np.inf)
    for _, pixel, depth, weight, _ in pairs:
        core = weight >= np.exp(-_SHARP * _CORE)
        np.minimum.at(nearest[0], pixel[core], depth[core])
        np.minimum.at(nearest[1], pixel, depth)
    front = np.where(np.isfinite(nearest[0]), nearest[0], nearest[1])
    channels = values.shape[1]
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    sums = np.zeros((5 + 2 * channels, front.size))
    for who, pixel, depth, weight, turned in pairs:
        seen = np.abs(depth - front[pixel]) <= _NEAR * radius[who]
        who, pixel, weight = who[seen], pixel[seen], weight[seen]
        parts = [weight, *(weight * t[seen] for t in turned), weight * depth[seen]]
        parts += [weight * filled[who, c] for c in range(channels)]
        parts += [weight * known[who, c] for c in range(channels)]
        for row, part in zip(sums, parts, strict=True):
            row += np.bincount(pixel, weights=part, minlength=front.size)
    full = sums[0] >= _THIN
    normal = sums[1:4] / np.maximum(np.linalg.norm(sums[1:4], axis=0), 1e-12)
    have = sums[5 + channels :]
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.where(full, sums[4] / sums[0], np.inf)
        means = np.where(full & (have > 1e-9), sums[5 : 5 + channels] / have, np.nan)
    return far.reshape(shape), normal.T.reshape(*shape, 3), means.T.reshape(*shape, channels)


def _mended(depth: Array, normal: Array, means: Array, size: float) -> tuple[Array, Array, Array]:
    """Pinholes, through which the far wall or nothing is seen, filled from the pixel beside them."""
    from scipy import ndimage

    window = 2 * max(1, round(0.7 * size)) + 1
    around = ndimage.maximum_filter(ndimage.minimum_filter(depth, window), window)
    with np.errstate(invalid="ignore"):
        hole = np.isfinite(around) & ~(depth <= around + 0.8 * size)
    sound = np.isfinite(depth) & ~hole
    if not hole.any() or not sound.any():
        return depth, normal, means
    beside = ndimage.distance_transform_edt(~sound, return_distances=False, return_indices=True)
    rows, columns = beside[:, hole]
    filled = tuple(values.copy() for values in (depth, normal, means))
    for values in filled:
        values[hole] = values[rows, columns]
    return filled[0], filled[1], filled[2]


def _pairs(
    points: Array, normals: Array | None, radius: Array, shape: tuple[int, int]
) -> Iterator[tuple[Array, Array, Array, Array, tuple[Array, ...]]]:
    """(surfel, pixel, depth there, weight, normal there), batch by batch."""
    reach = int(np.ceil(radius.max()))
    steps = np.arange(-reach, reach + 1)
    across, down = (grid.ravel() for grid in np.meshgrid(steps, steps))
    size = max(1, _BATCH // across.size)
    for start in range(0, len(points), size):
        part = slice(start, start + size)
        at = points[part]
        column = np.floor(at[:, :1]).astype(np.int32) + across.astype(np.int32)
        row = np.floor(at[:, 1:2]).astype(np.int32) + down.astype(np.int32)
        near = (column + 0.5 - at[:, :1]) ** 2 + (row + 0.5 - at[:, 1:2]) ** 2 <= radius[part, None] ** 2
        near &= (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
        who, place = np.nonzero(near)
        column, row, who = column[who, place], row[who, place], who + start
        dx, dy, r = column + 0.5 - points[who, 0], row + 0.5 - points[who, 1], radius[who]
        if normals is None:
            dz = -np.sqrt(np.maximum(r**2 - dx**2 - dy**2, 0.0))
            turned, apart = (dx / r, dy / r, dz / r), dx**2 + dy**2
        else:
            looking = -np.where(normals[:, 2:] > 0, 1.0, -1.0) * normals
            steep = np.minimum(looking[:, 2], -0.08)
            dz = -(looking[who, 0] * dx + looking[who, 1] * dy) / steep[who]
            apart = dx**2 + dy**2 + dz**2
            kept = apart <= r**2
            who, column, row, dz, apart, r = (v[kept] for v in (who, column, row, dz, apart, r))
            turned = tuple(looking[who].T)
        yield who, row * shape[1] + column, points[who, 2] + dz, np.exp(-_SHARP * apart / r**2), turned
