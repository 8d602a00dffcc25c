"""Compiled value and slope of a cubic B-spline at points."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(inline="always")
def _weights(place, count, w, s):  # type: ignore[no-untyped-def]
    """Weights w and slopes s of four control points about a place, held in 1..count-2; returns the first."""
    p = min(max(place, 1.0), count - 2.0)
    low = min(int(p), count - 3)
    t = p - low
    w[0], w[3] = (1 - t) ** 3 / 6, t**3 / 6
    w[1], w[2] = (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
    s[0], s[3] = -((1 - t) ** 2) / 2, t**2 / 2
    s[1], s[2] = (3 * t**2 - 4 * t) / 2, (-3 * t**2 + 2 * t + 1) / 2
    return low - 1


@njit(parallel=True, cache=True, nogil=True)
def spline_at(coefficients, index, value, slope):  # type: ignore[no-untyped-def]
    """coefficients [z, y, x, C], index [n, 3] (x, y, z) -> value [n, C], slope [n, C, 3] by index."""
    nz, ny, nx, channels = coefficients.shape
    for k in prange(len(index)):
        w, s = np.empty((3, 4)), np.empty((3, 4))
        x0 = _weights(index[k, 0], nx, w[0], s[0])
        y0 = _weights(index[k, 1], ny, w[1], s[1])
        z0 = _weights(index[k, 2], nz, w[2], s[2])
        value[k] = 0.0
        slope[k] = 0.0
        for c in range(4):
            for b in range(4):
                flat, along = w[1, b] * w[2, c], s[1, b] * w[2, c]
                up = w[1, b] * s[2, c]
                for a in range(4):
                    for i in range(channels):
                        v = coefficients[z0 + c, y0 + b, x0 + a, i]
                        value[k, i] += flat * w[0, a] * v
                        slope[k, i, 0] += flat * s[0, a] * v
                        slope[k, i, 1] += along * w[0, a] * v
                        slope[k, i, 2] += up * w[0, a] * v
