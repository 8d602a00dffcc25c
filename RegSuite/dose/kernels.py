"""Compiled kernels: crossings of outlines and surfaces by lines, dose along lines, volume by voxel.

Each has a plain numpy twin in kernels_plain.py, which is the reference in the tests. Sums are made in
a fixed number of parts, so that a result does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

PARTS = 16
"""Parts of the lines that are summed apart."""
SUMS = {"reassoc", "nsz", "arcp", "contract", "afn"}
"""What the compiler may do to sums; it may not take NaN for impossible, which says that a dose is unknown."""


@njit(cache=True, nogil=True)
def outline_crossings(points, starts, rows_v, counts, places, fill):  # type: ignore[no-untyped-def]
    """Where the lines v = rows_v [r] (ascending) meet the outlines.

    points [n, 2]: outlines one after the other, starts [m + 1] their bounds. fill False: counts [r]
    are counted up; True: counts are where in `places` the next of each row goes. An edge owns its
    lower end, so vertices count once.
    """
    for outline in range(len(starts) - 1):
        begin, end = starts[outline], starts[outline + 1]
        for i in range(begin, end):
            j = i + 1 if i + 1 < end else begin
            # both edges at a vertex, and the two runs of a keyhole, compute alike: lower end first
            u0, v0, u1, v1 = points[i, 0], points[i, 1], points[j, 0], points[j, 1]
            if v0 > v1 or (v0 == v1 and u0 > u1):
                u0, v0, u1, v1 = u1, v1, u0, v0
            for row in range(np.searchsorted(rows_v, v0), np.searchsorted(rows_v, v1)):
                if fill:
                    places[counts[row]] = u0 + (u1 - u0) * ((rows_v[row] - v0) / (v1 - v0))
                counts[row] += 1


@njit(cache=True, nogil=True)
def edge_side(ay, az, by, bz, y, z):  # type: ignore[no-untyped-def]
    """Which side of the edge a-b (y, z) is on: > 0 left; the same bits whichever way the edge runs."""
    flip = ay > by or (ay == by and az > bz)
    if flip:
        ay, az, by, bz = by, bz, ay, az
    side = (by - ay) * (z - az) - (bz - az) * (y - ay)
    return -side if flip else side


@njit(cache=True, nogil=True)
def surface_crossings(points, triangles, first, step, rows, counts, places, fill):  # type: ignore[no-untyped-def]
    """Where the lines (y, z) = first + (row, column) * step meet triangles; else as above.

    points [n, 3] mm with x along the lines. rows: (number in y, number in z). counts [ny * nz].
    Lines through an edge are decided alike for both its triangles, so that each counts once.
    """
    ny, nz = rows
    for t in range(len(triangles)):
        a, b, c = points[triangles[t, 0]], points[triangles[t, 1]], points[triangles[t, 2]]
        y_low, y_high = min(a[1], b[1], c[1]), max(a[1], b[1], c[1])
        z_low, z_high = min(a[2], b[2], c[2]), max(a[2], b[2], c[2])
        j0 = max(int(np.floor((y_low - first[0]) / step[0])), 0)
        j1 = min(int(np.ceil((y_high - first[0]) / step[0])), ny - 1)
        k0 = max(int(np.floor((z_low - first[1]) / step[1])), 0)
        k1 = min(int(np.ceil((z_high - first[1]) / step[1])), nz - 1)
        for k in range(k0, k1 + 1):
            z = first[1] + k * step[1]
            for j in range(j0, j1 + 1):
                y = first[0] + j * step[0]
                s_ab = edge_side(a[1], a[2], b[1], b[2], y, z)
                s_bc = edge_side(b[1], b[2], c[1], c[2], y, z)
                s_ca = edge_side(c[1], c[2], a[1], a[2], y, z)
                total = s_ab + s_bc + s_ca
                if total == 0.0:
                    continue
                if not ((s_ab > 0 and s_bc > 0 and s_ca > 0) or (s_ab < 0 and s_bc < 0 and s_ca < 0)):
                    continue
                row = k * ny + j
                if fill:
                    places[counts[row]] = (s_bc * a[0] + s_ca * b[0] + s_ab * c[0]) / total
                counts[row] += 1


@njit(inline="always")
def dose_and_slope(dose, x, y, z):  # type: ignore[no-untyped-def]
    """Trilinear dose at fractional voxel (x, y, z), border repeated, and its slope a voxel along x, y, z."""
    nz, ny, nx = dose.shape
    x = min(max(x, 0.0), nx - 1.0)
    y = min(max(y, 0.0), ny - 1.0)
    z = min(max(z, 0.0), nz - 1.0)
    low_i = min(int(x), max(nx - 2, 0))
    low_j = min(int(y), max(ny - 2, 0))
    low_k = min(int(z), max(nz - 2, 0))
    a, b, c = x - low_i, y - low_j, z - low_k
    # unsigned: numba asks of every signed index whether it counts from the end
    i, i1 = np.uint64(low_i), np.uint64(min(low_i + 1, nx - 1))
    j, j1 = np.uint64(low_j), np.uint64(min(low_j + 1, ny - 1))
    k, k1 = np.uint64(low_k), np.uint64(min(low_k + 1, nz - 1))
    d00, d10 = dose[k, j, i], dose[k, j1, i]
    d01, d11 = dose[k1, j, i], dose[k1, j1, i]
    e00, e10 = dose[k, j, i1] - d00, dose[k, j1, i1] - d10
    e01, e11 = dose[k1, j, i1] - d01, dose[k1, j1, i1] - d11
    f00, f10, f01, f11 = d00 + a * e00, d10 + a * e10, d01 + a * e01, d11 + a * e11
    g0, g1 = f00 + b * (f10 - f00), f01 + b * (f11 - f01)
    slope_x = (1 - c) * ((1 - b) * e00 + b * e10) + c * ((1 - b) * e01 + b * e11)
    slope_y = (1 - c) * (f10 - f00) + c * (f11 - f01)
    return g0 + c * (g1 - g0), slope_x, slope_y, g1 - g0


@njit(inline="always")
def is_inside(shape, x, y, z):  # type: ignore[no-untyped-def]
    """Whether fractional voxel (x, y, z) lies within the outer voxel faces."""
    nz, ny, nx = shape
    return -0.5 <= x <= nx - 0.5 and -0.5 <= y <= ny - 0.5 and -0.5 <= z <= nz - 0.5


@njit(inline="always")
def spread(ramp, low, high, volume, first, width):  # type: ignore[no-untyped-def]
    """Volume, even between doses low and high, as its cumulative's second derivative at the fine edges."""
    if high - low < width:
        middle = 0.5 * (low + high)
        low, high = middle - 0.5 * width, middle + 0.5 * width
    rate = volume / (high - low)
    per_bin = 1.0 / width
    at = (low - first) * per_bin
    k = np.uint64(at)
    part = rate * (at - k)
    ramp[k] += rate - part
    ramp[k + np.uint64(1)] += part
    at = (high - first) * per_bin
    k = np.uint64(at)
    part = rate * (at - k)
    ramp[k] -= rate - part
    ramp[k + np.uint64(1)] -= part


@njit(inline="always")
def clipped(shape, start, step, length):  # type: ignore[no-untyped-def]
    """From where to where (mm) start + t * step lies within the outer voxel faces; nothing: to < from."""
    begin, end = 0.0, length
    for axis in range(3):
        low, high = -0.5, shape[2 - axis] - 0.5
        if abs(step[axis]) < 1e-12:
            if start[axis] < low or start[axis] > high:
                end = -1.0
        else:
            one, other = (low - start[axis]) / step[axis], (high - start[axis]) / step[axis]
            begin, end = max(begin, min(one, other)), min(end, max(one, other))
    return begin, end


@njit(parallel=True, cache=True, nogil=True, fastmath=SUMS)
def accumulate(dose, start, per_mm, length, across, share, step, limits, first, width, ramps, sums):  # type: ignore[no-untyped-def]
    """Volume by dose along lines; see `histogram.accumulated`.

    start [n, 3] fractional voxels; per_mm [3, 3]: voxels a mm along and across the lines. limits: least
    and largest dose of the grid. ramps [PARTS, k]; sums [PARTS, 4]: mm3 covered, Gy mm3, least, largest Gy.
    Where the dose is NaN it is not covered.
    """
    n = len(length)
    for part in prange(PARTS):
        ramp, total = ramps[part], sums[part]
        for r in range(n * part // PARTS, n * (part + 1) // PARTS):
            begin, end = clipped(dose.shape, start[r], per_mm[0], length[r])
            if end <= begin:
                continue
            pieces = max(int(np.ceil((end - begin) / step)), 1)
            h = (end - begin) / pieces
            volume = h * across[r, 0] * across[r, 1] * share[r]
            for p in range(-1, pieces + 1):  # -1 and pieces: the ends, for least and largest dose
                t = begin + h * (p + 0.5)
                if p == -1:
                    t = begin
                elif p == pieces:
                    t = end
                x = start[r, 0] + t * per_mm[0, 0]
                y = start[r, 1] + t * per_mm[0, 1]
                z = start[r, 2] + t * per_mm[0, 2]
                d, gx, gy, gz = dose_and_slope(dose, x, y, z)
                if np.isnan(d):
                    continue
                total[2] = min(total[2], d)
                total[3] = max(total[3], d)
                if p == -1 or p == pieces:
                    continue
                along = (gx * per_mm[0, 0] + gy * per_mm[0, 1] + gz * per_mm[0, 2]) * h
                second = (gx * per_mm[1, 0] + gy * per_mm[1, 1] + gz * per_mm[1, 2]) * across[r, 0]
                third = (gx * per_mm[2, 0] + gy * per_mm[2, 1] + gz * per_mm[2, 2]) * across[r, 1]
                half = 0.5 * np.sqrt(along * along + second * second + third * third)
                total[0] += volume
                total[1] += volume * d
                low, high = max(d - half, limits[0]), min(d + half, limits[1])
                spread(ramp, low, high, volume, first, width)


@njit(cache=True, nogil=True)
def volume_by_voxel(out, start, per_mm, length, volume_per_mm, step):  # type: ignore[no-untyped-def]
    """out [z, y, x] += mm3 of each piece of each line, in the voxel that its middle lies in."""
    for r in range(len(length)):
        pieces = max(int(np.ceil(length[r] / step)), 1)
        h = length[r] / pieces
        for p in range(pieces):
            t = h * (p + 0.5)
            x = start[r, 0] + t * per_mm[0, 0]
            y = start[r, 1] + t * per_mm[0, 1]
            z = start[r, 2] + t * per_mm[0, 2]
            if is_inside(out.shape, x, y, z):
                i = min(int(x + 0.5), out.shape[2] - 1)
                j = min(int(y + 0.5), out.shape[1] - 1)
                k = min(int(z + 0.5), out.shape[0] - 1)
                out[k, j, i] += h * volume_per_mm[r]
