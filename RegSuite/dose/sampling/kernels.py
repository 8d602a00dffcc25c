"""Compiled kernels of the samples' voxels: one sample at a time, one thread each, the lock released.

What a thread writes is its sample's alone and summed in a fixed order, so that neither
the number of threads nor the height of the slabs changes a bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_MATH = {"contract", "arcp", "nsz"}  # not nnan: NaN is a value here; not reassoc: sums keep their order


@njit(cache=True, nogil=True, fastmath=_MATH)
def displaced(noise, wz, wy, wx, mean, sigma, out):  # type: ignore[no-untyped-def]
    """out [3, s, Y, X] = mean + sigma * (C noise), of the planes whose weights wz [s, kz] are given.

    noise [3, kz, ky, kx]; wy [Y, ky]; wx [kx, X] (transposed); mean, sigma [3, s, Y, X]; all float32.
    """
    planes, (nk, nj, ni) = out.shape[1], noise.shape[1:]
    ny, nx = out.shape[2:]
    across, row = np.empty((nj, ni), np.float32), np.empty(ni, np.float32)
    for c in range(3):
        for s in range(planes):
            across[:] = 0
            for k in range(nk):
                w = wz[s, k]
                for j in range(nj):
                    for i in range(ni):
                        across[j, i] += w * noise[c, k, j, i]
            for y in range(ny):
                row[:] = 0
                for j in range(nj):
                    w = wy[y, j]
                    for i in range(ni):
                        row[i] += w * across[j, i]
                line = out[c, s, y]
                times_row(row, wx, line)
                m, g = mean[c, s, y], sigma[c, s, y]
                for x in range(nx):
                    line[x] = m[x] + g[x] * line[x]


@njit(inline="always")
def times_row(row, wx, line):  # type: ignore[no-untyped-def]
    """line [X] = row [k] times wx [k, X], four nodes at a time (fewer passes over the line)."""
    n = len(row)
    whole = n - n % 4
    line[:] = 0
    for i in range(0, whole, 4):
        a, b, c, d = row[i], row[i + 1], row[i + 2], row[i + 3]
        wa, wb, wc, wd = wx[i], wx[i + 1], wx[i + 2], wx[i + 3]
        for x in range(len(line)):
            line[x] += a * wa[x] + b * wb[x] + c * wc[x] + d * wd[x]
    for i in range(whole, n):
        a, wa = row[i], wx[i]
        for x in range(len(line)):
            line[x] += a * wa[x]


@njit(inline="always")
def eqd2(dose, count, alpha_beta):  # type: ignore[no-untyped-def]
    """EQD2 of a dose given in `count` equal fractions."""
    return dose * (dose / count + alpha_beta) / (2.0 + alpha_beta)


@njit(cache=True, nogil=True, fastmath=_MATH)
def add(dose, count, alpha_betas, out, k):  # type: ignore[no-untyped-def]
    """out [1 + a, n, s, Y, X] of sample k += physical dose and EQD2 of each alpha/beta; dose [s, Y, X]."""
    flat = dose.ravel()
    total = out[0, k].ravel()
    for v in range(len(flat)):
        total[v] += flat[v]
    for a in range(len(alpha_betas)):
        total = out[1 + a, k].ravel()
        ab = alpha_betas[a]
        for v in range(len(flat)):
            total[v] += np.float32(eqd2(np.float64(flat[v]), count, ab))
