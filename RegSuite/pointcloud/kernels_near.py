"""The compiled posterior sums over pairs of neighbouring cells.

Both clouds lie in one grid of cubes whose side is the radius. A pair counts where the cubes touch: all pairs
nearer than the radius, and some more. Points are sorted by organ and cube, so that three cubes in a row
along x are one run of points.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from RegSuite.pointcloud.kernels_full import IMPOSSIBLE, exponential

NOTHING = np.float32(-3e38)


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


@njit(fastmath=True, cache=True, nogil=True)
def _largest(sx, sy, sz, bias, x, y, z, half):  # type: ignore[no-untyped-def]
    """The largest of bias - half |s - x|^2; slices that begin at 0 make vector loops (`kernels_full`)."""
    top = NOTHING
    for m in range(len(sx)):
        a, b, c = sx[m] - x, sy[m] - y, sz[m] - z
        top = max(top, bias[m] - half * (a * a + b * b + c * c))
    return top


@njit(fastmath=True, cache=True, nogil=True)
def _mass(sx, sy, sz, bias, x, y, z, half, level):  # type: ignore[no-untyped-def]
    """Sum of exp(bias - half |s - x|^2 - level), no exponent above 0."""
    total = np.float32(0.0)
    for m in range(len(sx)):
        a, b, c = sx[m] - x, sy[m] - y, sz[m] - z
        total += exponential(min(bias[m] - half * (a * a + b * b + c * c) - level, np.float32(0.0)))
    return total


@njit(fastmath=True, cache=True, nogil=True)
def _pulls(tx, ty, tz, level, x, y, z, add, half):  # type: ignore[no-untyped-def]
    """Sums of p, p (t - x) and p |t - x|^2 with p = exp(level + add - half |t - x|^2), at most 1."""
    s0, s1, s2, s3, s4 = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for n in range(len(tx)):
        a, b, c = tx[n] - x, ty[n] - y, tz[n] - z
        apart = a * a + b * b + c * c
        p = exponential(min(level[n] + add - half * apart, np.float32(0.0)))
        s0 += p
        s1 += p * a
        s2 += p * b
        s3 += p * c
        s4 += p * apart
    return s0, s1, s2, s3, s4


@njit(parallel=True, cache=True, nogil=True)
def near_totals(source, begins, target, cell, organs, transition, inlier, outlier, size, half, total):  # type: ignore[no-untyped-def]
    """total [N] = log of the sum of a target point's terms with the source points near it and as an outlier.

    source [4, M] float32 (x, y, z, bias) by organ and cube, begins [L cells + 1] of each; target [N, 3]
    float32 in cubes cell [N, 3], in any order. The rest is as in `kernels_full.full_sums`.
    """
    for n in prange(len(target)):
        total[n] = _one_total(
            source, begins, target[n], cell[n], transition[organs[n]], inlier[n], outlier[n], size, half
        )


@njit(cache=True, nogil=True)
def _one_total(source, begins, point, cell, row, inlier, outlier, size, half):  # type: ignore[no-untyped-def]
    """One target's; the largest term first, then the sum relative to it."""
    cells = size[0] * size[1] * size[2]
    x, y, z = point[0], point[1], point[2]
    top, mass = NOTHING, 0.0
    for turn in range(2):
        for k in range(len(row)):
            if row[k] <= IMPOSSIBLE:
                continue
            for side in range(9):
                low, high = _run(
                    begins, k, cells, size, cell[0], cell[1] + side % 3 - 1, cell[2] + side // 3 - 1
                )
                if low >= high:
                    continue
                sx, sy, sz = source[0, low:high], source[1, low:high], source[2, low:high]
                bias = source[3, low:high]
                if turn == 0:
                    top = max(top, row[k] + _largest(sx, sy, sz, bias, x, y, z, half))
                else:
                    mass += _mass(sx, sy, sz, bias, x, y, z, half, top - row[k])
        if top < IMPOSSIBLE:
            return outlier
    inside = inlier + top + np.log(mass)
    most = max(inside, outlier)
    return most + np.log(np.exp(inside - most) + np.exp(outlier - most))


@njit(parallel=True, cache=True, nogil=True)
def near_sums(target, begins, level, source, cell, organs, transition, size, half, out):  # type: ignore[no-untyped-def]
    """out [5, M] float64 = sums over the targets near each source point of p, p (target - source), p |..|^2.

    target [3, N] float32 by organ and cube, begins [L cells + 1] of each; level [N] = inlier - total, float32
    (-1e30: that target is left to others). source [4, M], cell [M, 3] and organs [M] in one order.
    """
    for m in prange(source.shape[1]):
        _one_sum(
            target, begins, level, source[:, m], cell[m], transition[:, organs[m]], size, half, out[:, m]
        )


@njit(cache=True, nogil=True)
def _one_sum(target, begins, level, point, cell, column, size, half, out):  # type: ignore[no-untyped-def]
    cells = size[0] * size[1] * size[2]
    out[:] = 0.0
    for k in range(len(column)):
        if column[k] <= IMPOSSIBLE:
            continue
        for side in range(9):
            low, high = _run(begins, k, cells, size, cell[0], cell[1] + side % 3 - 1, cell[2] + side // 3 - 1)
            if low >= high:
                continue
            found = _pulls(
                target[0, low:high],
                target[1, low:high],
                target[2, low:high],
                level[low:high],
                point[0],
                point[1],
                point[2],
                point[3] + column[k],
                half,
            )
            for a in range(5):
                out[a] += found[a]
