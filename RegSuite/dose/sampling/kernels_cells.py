"""Compiled kernels that gather a region's lines into cells."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(inline="always")
def cell_of(shape, low, high, per_cell, x, y, z):  # type: ignore[no-untyped-def]
    """Indices (k, j, i) of the cell that a fractional voxel lies in; k is -1 outside of low..high."""
    inside = low[0] <= x <= high[0] and low[1] <= y <= high[1] and low[2] <= z <= high[2]
    i = min(int((x - low[0]) / per_cell[0]), shape[2] - 1)
    j = min(int((y - low[1]) / per_cell[1]), shape[1] - 1)
    k = min(int((z - low[2]) / per_cell[2]), shape[0] - 1)
    return k if inside else -1, j, i


@njit(cache=True, nogil=True)
def mark_cells(numbers, start, per_mm, length, step, low, high, per_cell):  # type: ignore[no-untyped-def]
    """Number the cells [k, j, i] that pieces of the lines lie in (by their middle); returns how many."""
    for r in range(len(length)):
        pieces = max(int(np.ceil(length[r] / step)), 1)
        for p in range(pieces):
            t = length[r] / pieces * (p + 0.5)
            k, j, i = cell_of(
                numbers.shape, low, high, per_cell,
                start[r, 0] + t * per_mm[0, 0], start[r, 1] + t * per_mm[0, 1],
                start[r, 2] + t * per_mm[0, 2],
            )  # fmt: skip
            if k >= 0:
                numbers[k, j, i] = 0
    count = 0
    flat = numbers.ravel()
    for cell in range(len(flat)):
        if flat[cell] == 0:
            flat[cell] = count
            count += 1
    return count


@njit(inline="always")
def own(per_mm, length, across, one, other):  # type: ignore[no-untyped-def]
    """A piece's own variance: a bar of that length and widths across it, along two axes of the grid."""
    return (
        length * length * per_mm[0, one] * per_mm[0, other]
        + across[0] * across[0] * per_mm[1, one] * per_mm[1, other]
        + across[1] * across[1] * per_mm[2, one] * per_mm[2, other]
    ) / 12.0


@njit(cache=True, nogil=True)
def fill_cells(numbers, start, per_mm, length, across, step, low, high, per_cell, area, sums):  # type: ignore[no-untyped-def]
    """sums [cells, 10] += volume of each piece, and times x, y, z, xx, yy, zz, xy, xz, yz.

    per_mm [3, 3]: voxels a mm along the lines and across; across [r, 2] mm; area [r]: volume a mm of line.
    """
    for r in range(len(length)):
        pieces = max(int(np.ceil(length[r] / step)), 1)
        h = length[r] / pieces
        for p in range(pieces):
            t = h * (p + 0.5)
            x = start[r, 0] + t * per_mm[0, 0]
            y = start[r, 1] + t * per_mm[0, 1]
            z = start[r, 2] + t * per_mm[0, 2]
            k, j, i = cell_of(numbers.shape, low, high, per_cell, x, y, z)
            if k >= 0:
                total, volume = sums[numbers[k, j, i]], h * area[r]
                total[0] += volume
                total[1] += volume * x
                total[2] += volume * y
                total[3] += volume * z
                total[4] += volume * (x * x + own(per_mm, h, across[r], 0, 0))
                total[5] += volume * (y * y + own(per_mm, h, across[r], 1, 1))
                total[6] += volume * (z * z + own(per_mm, h, across[r], 2, 2))
                total[7] += volume * (x * y + own(per_mm, h, across[r], 0, 1))
                total[8] += volume * (x * z + own(per_mm, h, across[r], 0, 2))
                total[9] += volume * (y * z + own(per_mm, h, across[r], 1, 2))
