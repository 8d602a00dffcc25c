"""The region of least cost with a penalty on its perimeter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ITERATIONS = 400
SETTLED = 1e-3
"""The search ends when no voxel's value changes by more in `_CHECKED` iterations' last one."""
_CHECKED = 20


def least_region(
    cost: FloatArray, perimeter_mm: float, spacing: Sequence[float], within: NDArray[np.bool_]
) -> FloatArray:
    """The S [*shape] in 0..1 that minimises the mean of S cost + perimeter_mm |grad S|, 0 outside `within`.

    The convex relaxation of the least region: S thresholded at any level (0.5) is a minimiser among
    masks. spacing: x, y, z in mm; perimeter_mm: what a mm^(d-1) of boundary costs, in mm^d of cost 1.
    Source: Chan, Esedoglu, Nikolova 2006, doi:10.1137/040615286, solved by the primal-dual
    iteration of Chambolle and Pock 2011, doi:10.1007/s10851-010-0251-1, algorithm 1.
    """
    steps = np.asarray(spacing[::-1], dtype=float)
    active = [axis for axis, n in enumerate(cost.shape) if n > 1]
    smallest = float(min(steps[axis] for axis in active))
    scale = smallest / steps  # lengths in units of the smallest voxel edge
    bound = perimeter_mm / smallest
    pace = 1.0 / np.sqrt(4.0 * sum(scale[axis] ** 2 for axis in active))
    s = np.where((cost < 0) & within, 1.0, 0.0)
    ahead, flux = s.copy(), np.zeros((len(active), *cost.shape))
    for number in range(ITERATIONS):
        for row, axis in enumerate(active):
            flux[row] += pace * scale[axis] * _slope(ahead, axis)
        flux /= np.maximum(1.0, np.sqrt(np.square(flux).sum(axis=0)) / max(bound, 1e-12))
        spread = np.zeros_like(s)
        for row, axis in enumerate(active):
            spread += scale[axis] * _divergence(flux[row], axis)
        then = np.clip(s + pace * (spread - cost), 0.0, 1.0) * within
        settled = number % _CHECKED == _CHECKED - 1 and np.abs(then - s).max() < SETTLED
        ahead, s = 2 * then - s, then
        if settled:
            break
    return s


def _slope(values: FloatArray, axis: int) -> FloatArray:
    """Forward differences, 0 at the end."""
    return np.diff(values, axis=axis, append=values.take([-1], axis=axis))


def _divergence(flux: FloatArray, axis: int) -> FloatArray:
    """Minus the adjoint of _slope (whose last row is 0)."""
    inner = flux.copy()
    end = [slice(None)] * flux.ndim
    end[axis] = slice(-1, None)
    inner[tuple(end)] = 0.0
    return np.diff(inner, axis=axis, prepend=np.zeros_like(flux.take([0], axis=axis)))
