"""The compiled posterior sums over pairs of neighbouring cells.

Both clouds lie in one grid of cubes whose side is the radius. A pair counts where the cubes touch: all pairs
nearer than the radius, and some more. Points are sorted by organ and cube, so that three cubes in a row
along x are one run of points.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from RegSuite.pointcloud.kernels_full import IMPOSSIBLE, exponential


@njit(inline="always")
def _run(begins, group, cells, size, cx, cy, cz):  # type: ignore[no-untyped-def]
    """First and last + 1 of a group's points in the cubes beside (cx, cy, cz) along x, that one included."""
    if cy < 0 or cz < 0 or cy >= size[1] or cz >= size[2]:
        return 0, 0
    row = group * cells + (cz * size[1] + cy) * size[0]
    return begins[row + max(cx - 1, 0)], begins[row + min(cx + 1, size[0] - 1) + 1]


@njit(parallel=True, cache=True, nogil=True)
def count_pairs(begins, cell, organs, transition, size):  # type: ignore[no-untyped-def]
    """How many pairs there are [N]: see `near_totals`."""
    cells = size[0] * size[1] * size[2]
    out = np.zeros(len(cell), dtype=np.int64)
    for n in prange(len(cell)):
        count = 0
        for k in range(transition.shape[1]):
            if transition[organs[n], k] > IMPOSSIBLE:
                for side in range(9):
                    low, high = _run(
                        begins,
                        k,
                        cells,
                        size,
                        cell[n, 0],
                        cell[n, 1] + side % 3 - 1,
                        cell[n, 2] + side // 3 - 1,
                    )
                    count += high - low
        out[n] = count
    return out


@njit(parallel=True, cache=True, nogil=True)
def near_totals(source, begins, target, cell, organs, transition, inlier, outlier, size, half, total):  # type: ignore[no-untyped-def]
    """total [N] = log of the sum of a target point's terms with the source points near it and as an outlier.

    source [4, M] float32 (x, y, z, bias) by organ and cube, begins [L cells + 1] of each; target [N, 3]
    float32 in cubes cell [N, 3], in any order. The rest is as in `kernels_full.full_sums`.
    """
    cells = size[0] * size[1] * size[2]
    for n in prange(len(target)):
        x, y, z = target[n, 0], target[n, 1], target[n, 2]
        top, mass = np.float32(-3e38), 0.0
        for k in range(transition.shape[1]):
            add = transition[organs[n], k]
            if add <= IMPOSSIBLE:
                continue
            for side in range(9):
                low, high = _run(
                    begins, k, cells, size, cell[n, 0], cell[n, 1] + side % 3 - 1, cell[n, 2] + side // 3 - 1
                )
                for m in range(low, high):
                    a, b, c = source[0, m] - x, source[1, m] - y, source[2, m] - z
                    value = source[3, m] + add - half * (a * a + b * b + c * c)
                    if value > top:
                        mass = mass * exponential(top - value) + 1.0 if mass > 0 else 1.0
                        top = value
                    else:
                        mass += exponential(value - top)
        total[n] = outlier[n]
        if mass > 0:
            inside = inlier[n] + top + np.log(mass)
            most = max(inside, outlier[n])
            total[n] = most + np.log(np.exp(inside - most) + np.exp(outlier[n] - most))


@njit(parallel=True, cache=True, nogil=True)
def near_sums(target, begins, level, source, cell, organs, transition, size, half, out):  # type: ignore[no-untyped-def]
    """out [5, M] float64 = sums over the targets near each source point of p, p (target - source), p |..|^2.

    target [N, 3] float32 by organ and cube, begins [L cells + 1] of each; level [N] = inlier - total, float64
    (-inf: that target is left to others). source [4, M], cell [M, 3] and organs [M] in one order.
    """
    cells = size[0] * size[1] * size[2]
    for m in prange(source.shape[1]):
        x, y, z, bias = source[0, m], source[1, m], source[2, m], source[3, m]
        s0, s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(transition.shape[0]):
            add = transition[k, organs[m]]
            if add <= IMPOSSIBLE:
                continue
            for side in range(9):
                low, high = _run(
                    begins, k, cells, size, cell[m, 0], cell[m, 1] + side % 3 - 1, cell[m, 2] + side // 3 - 1
                )
                for n in range(low, high):
                    a, b, c = target[n, 0] - x, target[n, 1] - y, target[n, 2] - z
                    apart = a * a + b * b + c * c
                    value = level[n] + bias + add - half * apart
                    if value > -45.0:
                        p = exponential(np.float32(min(value, 0.0)))
                        s0 += p
                        s1 += p * a
                        s2 += p * b
                        s3 += p * c
                        s4 += p * apart
        out[0, m], out[1, m], out[2, m], out[3, m], out[4, m] = s0, s1, s2, s3, s4
