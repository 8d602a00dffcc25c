"""The slab of a plane of contours as lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose import kernels
from RegSuite.dose.lines import Lines, runs
from RegSuite.dose.plane import Plane

Floats = NDArray[np.float64]


def plane_lines(plane: Plane, axes: Floats, step_mm: float) -> Lines:
    """The slab of a plane: rows fitted between lowest and highest v, layers between its faces."""
    points = np.ascontiguousarray(np.concatenate(plane.outlines))
    bounds = np.cumsum([0, *(len(o) for o in plane.outlines)])
    low, high = float(points[:, 1].min()), float(points[:, 1].max())
    thick = plane.high_mm - plane.low_mm
    if high <= low or thick <= 0:
        return Lines.joined([], axes)
    layers = int(np.ceil(thick / step_mm))
    borders = _row_borders(plane, low, high, step_mm)
    rows_v, widths = (borders[1:] + borders[:-1]) / 2, np.diff(borders)
    counts = np.zeros(len(rows_v), np.int64)
    kernels.outline_crossings(points, bounds, rows_v, counts, np.zeros(0), False)
    row, begin, end = runs(
        counts, lambda at, places: kernels.outline_crossings(points, bounds, rows_v, at, places, True)
    )
    heights = plane.low_mm + (np.arange(layers) + 0.5) * (thick / layers)
    local = np.empty((layers, len(row), 3))
    local[..., 0], local[..., 1], local[..., 2] = begin, rows_v[row], heights[:, None]
    n = layers * len(row)
    across = np.column_stack([np.tile(widths[row], layers), np.full(n, thick / layers)])
    return Lines(local.reshape(-1, 3) @ axes, np.tile(end - begin, layers), across, np.ones(n), axes)


def _row_borders(plane: Plane, low: float, high: float, step_mm: float) -> Floats:
    """Where rows begin and end: evenly from low to high, and where an edge runs along the rows.

    Between two such edges the width of the region changes steadily, so that a row's middle stands for it.
    """
    even = np.linspace(low, high, int(np.ceil((high - low) / step_mm)) + 1)
    along = []
    for outline in plane.outlines:
        edge = np.roll(outline, -1, axis=0) - outline
        flat = (np.abs(edge[:, 1]) <= 1e-6 * np.abs(edge[:, 0])) & (np.abs(edge[:, 0]) > step_mm)
        along.append(outline[flat, 1])
    borders = np.unique(np.concatenate([even, *along]))
    far = np.diff(borders, prepend=-np.inf) > 1e-9 * (high - low)
    return np.asarray(borders[far])
