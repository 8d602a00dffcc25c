"""Compiled cost volumes over a window of displacements, and their coupled minimum."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def cost_volume(fixed, moving, weight, pads, window, costs):  # type: ignore[no-untyped-def]
    """costs[n, k] = weight times the sum over channels of (fixed - shifted moving)^2.

    fixed: [z, y, x, C]; moving: [z + 2 pad, ..., C]; pads and window: half widths along x, y, z
    (window at most pads). k runs over shifts, x fastest.
    """
    nz, ny, nx, channels = fixed.shape
    wx, wy, wz = window
    for row in prange(nz * ny):
        z = row // ny
        y = row % ny
        for x in range(nx):
            n = row * nx + x
            k = 0
            for dz in range(-wz, wz + 1):
                for dy in range(-wy, wy + 1):
                    for dx in range(-wx, wx + 1):
                        total = np.float32(0.0)
                        for c in range(channels):
                            d = (
                                fixed[z, y, x, c]
                                - moving[z + dz + pads[2], y + dy + pads[1], x + dx + pads[0], c]
                            )
                            total += d * d
                        costs[n, k] = weight[z, y, x] * total
                        k += 1


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def coupled_minimum(costs, field, window, coupling, out):  # type: ignore[no-untyped-def]
    """out[:, n] = the shift k that minimises costs[n, k] + coupling |k - field[:, n]|^2.

    field, out: [3, n] shifts in steps along x, y, z. The first of equal minima is taken.
    """
    wx, wy, wz = window
    for n in prange(costs.shape[0]):
        best = np.float32(np.inf)
        k = 0
        for dz in range(-wz, wz + 1):
            ez = dz - field[2, n]
            for dy in range(-wy, wy + 1):
                ey = dy - field[1, n]
                base = ez * ez + ey * ey
                for dx in range(-wx, wx + 1):
                    ex = dx - field[0, n]
                    value = costs[n, k] + coupling * (base + ex * ex)
                    if value < best:
                        best = value
                        out[0, n] = dx
                        out[1, n] = dy
                        out[2, n] = dz
                    k += 1
