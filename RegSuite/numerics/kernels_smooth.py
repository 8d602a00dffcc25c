"""Compiled separable convolution of fields with short symmetric kernels."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def convolve(field, taps_x, taps_y, taps_z, through, out):  # type: ignore[no-untyped-def]
    """out = field [C, z, y, x] convolved along its three axes, borders repeated.

    taps_*: symmetric kernels, middle tap first (taps[0], then one value for both sides);
    through: a buffer of the field's shape. out may be the field itself.
    """
    channels, nz, ny, nx = field.shape
    for job in prange(channels * nz):
        c = job // nz
        z = job % nz
        w = taps_z[0]
        for y in range(ny):
            for x in range(nx):
                through[c, z, y, x] = w * field[c, z, y, x]
        for d in range(1, taps_z.shape[0]):
            w = taps_z[d]
            low = max(z - d, 0)
            high = min(z + d, nz - 1)
            for y in range(ny):
                for x in range(nx):
                    through[c, z, y, x] += w * (field[c, low, y, x] + field[c, high, y, x])
    rx = taps_x.shape[0] - 1
    for job in prange(channels * nz):
        c = job // nz
        z = job % nz
        row = np.empty(nx + 2 * rx, np.float32)
        for y in range(ny):
            w = taps_y[0]
            for x in range(nx):
                row[x + rx] = w * through[c, z, y, x]
            for d in range(1, taps_y.shape[0]):
                w = taps_y[d]
                low = max(y - d, 0)
                high = min(y + d, ny - 1)
                for x in range(nx):
                    row[x + rx] += w * (through[c, z, low, x] + through[c, z, high, x])
            for d in range(rx):
                row[d] = row[rx]
                row[nx + rx + d] = row[nx + rx - 1]
            w = taps_x[0]
            for x in range(nx):
                out[c, z, y, x] = w * row[x + rx]
            for d in range(1, rx + 1):
                w = taps_x[d]
                for x in range(nx):
                    out[c, z, y, x] += w * (row[x + rx - d] + row[x + rx + d])
