"""Trilinear values and small matrices, inlined into the compiled kernels of dose mapping."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(inline="always")
def value_at(values, x, y, z):  # type: ignore[no-untyped-def]
    """Trilinear value [z, y, x] at fractional voxel (x, y, z), held from outer centres to outer faces."""
    nz, ny, nx = values.shape
    x = min(max(x, 0.0), nx - 1.0)
    y = min(max(y, 0.0), ny - 1.0)
    z = min(max(z, 0.0), nz - 1.0)
    i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
    a, b, c = x - i, y - j, z - k
    i0, j0, k0 = np.uint64(i), np.uint64(j), np.uint64(k)
    i1, j1, k1 = np.uint64(i + 1), np.uint64(j + 1), np.uint64(k + 1)
    v00 = values[k0, j0, i0] + a * (values[k0, j0, i1] - values[k0, j0, i0])
    v10 = values[k0, j1, i0] + a * (values[k0, j1, i1] - values[k0, j1, i0])
    v01 = values[k1, j0, i0] + a * (values[k1, j0, i1] - values[k1, j0, i0])
    v11 = values[k1, j1, i0] + a * (values[k1, j1, i1] - values[k1, j1, i0])
    low, high = v00 + b * (v10 - v00), v01 + b * (v11 - v01)
    return low + c * (high - low)


@njit(inline="always")
def within(shape, x, y, z):  # type: ignore[no-untyped-def]
    """Whether fractional voxel (x, y, z) lies within the outer voxel faces."""
    nz, ny, nx = shape
    return -0.5 <= x <= nx - 0.5 and -0.5 <= y <= ny - 0.5 and -0.5 <= z <= nz - 0.5


@njit(inline="always")
def share_within(shape, x, y, z, width):  # type: ignore[no-untyped-def]
    """How much of a part about (x, y, z), `width` [3] voxels wide, lies within the outer voxel faces.

    Exact for a part whose sides are parallel to the faces; right on average for others.
    """
    nz, ny, nx = shape
    a = min(max(0.5 + min(x + 0.5, nx - 0.5 - x) / width[0], 0.0), 1.0)
    b = min(max(0.5 + min(y + 0.5, ny - 0.5 - y) / width[1], 0.0), 1.0)
    c = min(max(0.5 + min(z + 0.5, nz - 0.5 - z) / width[2], 0.0), 1.0)
    return a * b * c


@njit(inline="always")
def part_width(place, parts):  # type: ignore[no-untyped-def]
    """[3] width of a part of a voxel along the axes of the grid that `place` leads to, in its voxels."""
    return np.sqrt((place[:, :3] ** 2).sum(axis=1)) / parts


@njit(inline="always")
def in_cell(field, c, k, j, i, x, y, z):  # type: ignore[no-untyped-def]
    """Component c within the cell whose lowest corner is (i, j, k): value and slopes a voxel at (x, y, z)."""
    k0, j0, i0 = np.uint64(k), np.uint64(j), np.uint64(i)
    k1, j1, i1 = np.uint64(k + 1), np.uint64(j + 1), np.uint64(i + 1)
    v000, v100 = field[c, k0, j0, i0], field[c, k0, j0, i1]
    v010, v110 = field[c, k0, j1, i0], field[c, k0, j1, i1]
    v001, v101 = field[c, k1, j0, i0], field[c, k1, j0, i1]
    v011, v111 = field[c, k1, j1, i0], field[c, k1, j1, i1]
    e00, e10, e01, e11 = v100 - v000, v110 - v010, v101 - v001, v111 - v011
    f00, f10, f01, f11 = v000 + x * e00, v010 + x * e10, v001 + x * e01, v011 + x * e11
    g0, g1 = f00 + y * (f10 - f00), f01 + y * (f11 - f01)
    h0, h1 = e00 + y * (e10 - e00), e01 + y * (e11 - e01)
    slope_y = (f10 - f00) + z * ((f11 - f01) - (f10 - f00))
    return g0 + z * (g1 - g0), h0 + z * (h1 - h0), slope_y, g1 - g0


@njit(inline="always")
def determinant(a, b, c, d, e, f, g, h, i):  # type: ignore[no-untyped-def]
    """Of the 3x3 matrix with rows (a, b, c), (d, e, f), (g, h, i)."""
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


@njit(inline="always")
def along(place, row, x, y, z):  # type: ignore[no-untyped-def]
    """Row of a [3, 4] matrix times (x, y, z, 1)."""
    return place[row, 0] * x + place[row, 1] * y + place[row, 2] * z + place[row, 3]


@njit(inline="always")
def turned(matrix, row, u, v, w):  # type: ignore[no-untyped-def]
    """Row of a [3, 3] matrix times (u, v, w)."""
    return matrix[row, 0] * u + matrix[row, 1] * v + matrix[row, 2] * w
