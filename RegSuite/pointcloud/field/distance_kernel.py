"""Compiled exact Euclidean distance to the voxels of a mask, one axis after the other."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

FAR = np.float32(1e30)


@njit(cache=True, nogil=True)
def _envelope(line, spacing, out, feet, bounds):  # type: ignore[no-untyped-def]
    """out[i] = min over j of line[j] + (spacing (i - j))^2: the lower envelope of parabolas."""
    n = len(line)
    square = spacing * spacing
    k = -1
    for q in range(n):
        if line[q] >= FAR:
            continue
        start = -1.0
        while k >= 0:
            p = feet[k]
            meet = ((line[q] - line[p]) / square + q * q - p * p) / (2.0 * (q - p))
            if meet > bounds[k]:
                start = meet
                break
            k -= 1
        k += 1
        feet[k] = q
        bounds[k] = start if k > 0 else -1.0
    if k < 0:
        out[:] = FAR
        return
    last = k
    k = 0
    for i in range(n):
        while k < last and bounds[k + 1] < i:
            k += 1
        step = i - feet[k]
        out[i] = line[feet[k]] + square * step * step


@njit(parallel=True, cache=True, nogil=True)
def squared_distance(mask, spacing):  # type: ignore[no-untyped-def]
    """Squared distance in mm^2 [z, y, x] to the nearest true voxel; FAR (1e30) where there is none.

    mask: bool [z, y, x]; spacing: [3] in x, y, z order. Each pass is exact: Felzenszwalb and Huttenlocher,
    Theory of Computing 8 (2012), 415.
    """
    nz, ny, nx = mask.shape
    out = np.empty((nz, ny, nx), np.float32)
    for row in prange(nz * ny):
        z, y = row // ny, row % ny
        place = -1
        for x in range(nx):
            if mask[z, y, x]:
                place = x
            step = np.float32(x - place) * spacing[0]
            out[z, y, x] = step * step if place >= 0 else FAR
        place = -1
        for x in range(nx - 1, -1, -1):
            if mask[z, y, x]:
                place = x
            if place >= 0:
                step = np.float32(place - x) * spacing[0]
                out[z, y, x] = min(out[z, y, x], step * step)
    for z in prange(nz):
        line, result = np.empty(ny, np.float64), np.empty(ny, np.float64)
        feet, bounds = np.empty(ny, np.int64), np.empty(ny, np.float64)
        for x in range(nx):
            for y in range(ny):
                line[y] = out[z, y, x]
            _envelope(line, spacing[1], result, feet, bounds)
            for y in range(ny):
                out[z, y, x] = result[y]
    for y in prange(ny):
        line, result = np.empty(nz, np.float64), np.empty(nz, np.float64)
        feet, bounds = np.empty(nz, np.int64), np.empty(nz, np.float64)
        for x in range(nx):
            for z in range(nz):
                line[z] = out[z, y, x]
            _envelope(line, spacing[2], result, feet, bounds)
            for z in range(nz):
                out[z, y, x] = result[z]
    return out
