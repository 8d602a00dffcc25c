"""Compiled statistics of a voxel's samples: mean, SD and two percentiles."""

from __future__ import annotations

import numpy as np
from numba import njit

TILE = 32
"""Voxels side by side in a pass: their samples are kept in order together, in the processor's vectors."""

_MATH = {"contract", "nsz"}


@njit(inline="always")
def keep_least(least, carried):  # type: ignore[no-untyped-def]
    """Put carried [t] in among the least [r, t], which rise with r; the largest of them falls out."""
    for r in range(len(least)):
        row = least[r]
        for t in range(len(carried)):
            a, b = row[t], carried[t]
            row[t] = a if a < b else b
            carried[t] = b if a < b else a


@njit(cache=True, nogil=True, fastmath=_MATH)
def statistics(samples, least_known, share, mean, sd, p_low, p_high, known):  # type: ignore[no-untyped-def]
    """Of samples [n, Y, X] (NaN unknown): mean, SD (n - 1), percentiles and number known, each [Y, X].

    share: of the low percentile, under 0.5; the high one is 1 - share; both linear between ranks, as
    numpy's. NaN where fewer than `least_known` samples are known. Time: n times share * n.
    """
    n, ny, nx = samples.shape
    ranks = min(int(share * (n - 1)) + 2, n)
    low, high = np.empty((ranks, TILE), np.float32), np.empty((ranks, TILE), np.float32)
    up, down = np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    total, square, count = np.empty(TILE), np.empty(TILE), np.empty(TILE, np.int64)
    for y in range(ny):
        for start in range(0, nx, TILE):
            width = min(TILE, nx - start)
            low[:], high[:] = np.inf, np.inf
            total[:], square[:], count[:] = 0, 0, 0
            up[:], down[:] = np.inf, np.inf
            for k in range(n):
                line = samples[k, y, start : start + width]
                for t in range(width):
                    value = line[t]
                    there = value == value
                    up[t] = value if there else np.inf
                    down[t] = -value if there else np.inf
                    total[t] += value if there else 0.0
                    count[t] += 1 if there else 0
                keep_least(low, up)
                keep_least(high, down)
            for t in range(width):
                total[t] = total[t] / count[t] if count[t] > 0 else np.nan
            for k in range(n):
                line = samples[k, y, start : start + width]
                for t in range(width):
                    apart = line[t] - total[t]
                    square[t] += apart * apart if apart == apart else 0.0
            for t in range(width):
                m, x = count[t], start + t
                known[y, x] = m
                if m < least_known:
                    mean[y, x] = sd[y, x] = p_low[y, x] = p_high[y, x] = np.nan
                    continue
                rank = int(share * (m - 1))
                part, after = share * (m - 1) - rank, min(rank + 1, m - 1)
                one, other = np.float64(low[rank, t]), np.float64(high[rank, t])
                p_low[y, x] = one + part * (low[after, t] - one)
                p_high[y, x] = -(other + part * (high[after, t] - other))
                even = low[0, t] == -high[0, t]  # else rounding would give equal samples an SD
                mean[y, x] = low[0, t] if even else total[t]
                sd[y, x] = 0.0 if even else np.sqrt(square[t] / (m - 1))
