"""The compiled CPU kernel of numeric inversion: Newton's method at each voxel for itself."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange


@njit(inline="always", fastmath=True)
def _cell(place, count):  # type: ignore[no-untyped-def]
    """Lower and upper voxel, fraction, and by how much the place lies beyond the outer voxel centres."""
    if place <= 0.0 or count == 1:
        return 0, 0, np.float32(0.0), np.float32(place)
    if place >= count - 1:
        return count - 1, count - 1, np.float32(0.0), np.float32(place - (count - 1))
    low = int(place)
    return low, low + 1, np.float32(place - low), np.float32(0.0)


@njit(inline="always", fastmath=True)
def _solve(a, b, out):  # type: ignore[no-untyped-def]
    """out = a^-1 b of a 3x3 matrix by Cramer's rule; False when the determinant is under 0.001."""
    c00 = a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1]
    c01 = a[1, 2] * a[2, 0] - a[1, 0] * a[2, 2]
    c02 = a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0]
    det = a[0, 0] * c00 + a[0, 1] * c01 + a[0, 2] * c02
    if det < 0.001:
        return False
    c10 = a[0, 2] * a[2, 1] - a[0, 1] * a[2, 2]
    c11 = a[0, 0] * a[2, 2] - a[0, 2] * a[2, 0]
    c12 = a[0, 1] * a[2, 0] - a[0, 0] * a[2, 1]
    c20 = a[0, 1] * a[1, 2] - a[0, 2] * a[1, 1]
    c21 = a[0, 2] * a[1, 0] - a[0, 0] * a[1, 2]
    c22 = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    out[0] = (c00 * b[0] + c10 * b[1] + c20 * b[2]) / det
    out[1] = (c01 * b[0] + c11 * b[1] + c21 * b[2]) / det
    out[2] = (c02 * b[0] + c12 * b[1] + c22 * b[2]) / det
    return True


@njit(inline="always", fastmath=True)
def _value(field, q, to_voxels, beyond, value, slope):  # type: ignore[no-untyped-def]
    """Field (mm) at index q in voxels, going on linearly beyond the border, and its derivative [3, 3]."""
    x0, x1, fx, ox = _cell(q[0], field.shape[3])
    y0, y1, fy, oy = _cell(q[1], field.shape[2])
    z0, z1, fz, oz = _cell(q[2], field.shape[1])
    gx, gy, gz = np.float32(1) - fx, np.float32(1) - fy, np.float32(1) - fz
    for i in range(3):
        value[i] = beyond[i, 0] * ox + beyond[i, 1] * oy + beyond[i, 2] * oz
        slope[i, 0] = beyond[i, 0] if x0 == x1 else np.float32(0)
        slope[i, 1] = beyond[i, 1] if y0 == y1 else np.float32(0)
        slope[i, 2] = beyond[i, 2] if z0 == z1 else np.float32(0)
    for c in range(3):
        a, b = field[c, z0, y0, x0], field[c, z0, y0, x1]
        e, f = field[c, z0, y1, x0], field[c, z0, y1, x1]
        g, h = field[c, z1, y0, x0], field[c, z1, y0, x1]
        k, m = field[c, z1, y1, x0], field[c, z1, y1, x1]
        low0, low1 = a * gx + b * fx, e * gx + f * fx
        high0, high1 = g * gx + h * fx, k * gx + m * fx
        low, high = low0 * gy + low1 * fy, high0 * gy + high1 * fy
        mm = low * gz + high * fz
        dx = ((b - a) * gy + (f - e) * fy) * gz + ((h - g) * gy + (m - k) * fy) * fz
        dy = (low1 - low0) * gz + (high1 - high0) * fz
        dz = high - low
        for i in range(3):
            value[i] += to_voxels[i, c] * mm
            slope[i, 0] += to_voxels[i, c] * dx
            slope[i, 1] += to_voxels[i, c] * dy
            slope[i, 2] += to_voxels[i, c] * dz


@njit(parallel=True, cache=True, fastmath=True)
def invert(  # type: ignore[no-untyped-def]
    field, to_voxels, to_mm, start, target, guess, beyond, iterations, tolerance, shape, out, residual
):
    """Solve q + M^-1 u(q) = p for every voxel i of the output lattice.

    field: float32 [3, z, y, x] u in mm; to_voxels, to_mm: [3, 3] M^-1 and M of the field's grid.
    target: [3, 4] output voxel i -> p, the point in field voxels. start: [3, 4] i -> first q.
    A step that does not lead down is halved; guess: [3, 3] the preconditioner of the fixed-point
    step taken where Newton's has no solution or leads nowhere.
    beyond: [3, 3] M^-1 du/dq, the slope at which the displacement goes on beyond the border.
    tolerance in mm. out: float32 [3, *shape] receives M (q - p), the inverse's displacement in
    mm; residual: float32 [*shape] |T(q) - p| in mm, negative (-1 - it) where q is off the voxel centres.
    """
    nz, ny, nx = shape
    for line in prange(nz * ny):
        z, y = line // ny, line % ny
        q = np.empty(3, np.float32)
        best = np.empty(3, np.float32)
        p = np.empty(3, np.float32)
        e = np.empty(3, np.float32)
        best_e = np.empty(3, np.float32)
        step = np.empty(3, np.float32)
        carry = np.zeros(3, np.float32)
        slope = np.empty((3, 3), np.float32)
        for x in range(nx):
            for i in range(3):
                p[i] = target[i, 0] * x + target[i, 1] * y + target[i, 2] * z + target[i, 3]
                best[i] = start[i, 0] * x + start[i, 1] * y + start[i, 2] * z + start[i, 3]
                q[i] = best[i] + carry[i]
            best_norm = np.float32(1e30)
            damping = np.float32(1.0)
            newton = False
            for _ in range(iterations):
                _value(field, q, to_voxels, beyond, e, slope)
                for i in range(3):
                    e[i] += q[i] - p[i]
                    slope[i, i] += np.float32(1)
                norm = np.float32(0)
                for i in range(3):
                    mm = to_mm[i, 0] * e[0] + to_mm[i, 1] * e[1] + to_mm[i, 2] * e[2]
                    norm += mm * mm
                if norm < best_norm:
                    best_norm = norm
                    for i in range(3):
                        best[i] = q[i]
                        best_e[i] = e[i]
                    if norm <= tolerance * tolerance:
                        break
                    damping = np.float32(1.0)
                    newton = _solve(slope, e, step)
                else:
                    damping *= np.float32(0.5)
                    if newton and damping < 0.01:
                        newton, damping = False, np.float32(1.0)
                if not newton:
                    for i in range(3):
                        step[i] = guess[i, 0] * best_e[0] + guess[i, 1] * best_e[1] + guess[i, 2] * best_e[2]
                for i in range(3):
                    q[i] = best[i] - damping * step[i]
            off = False
            for i in range(3):
                count = field.shape[3 - i]
                margin = np.float32(0.5) if count == 1 else np.float32(1e-3)
                off = off or best[i] < -margin or best[i] > count - 1 + margin
                first = start[i, 0] * x + start[i, 1] * y + start[i, 2] * z + start[i, 3]
                carry[i] = best[i] - first
                p[i] = best[i] - p[i]
            for i in range(3):
                out[i, z, y, x] = to_mm[i, 0] * p[0] + to_mm[i, 1] * p[1] + to_mm[i, 2] * p[2]
            length = np.float32(math.sqrt(best_norm))
            residual[z, y, x] = -1 - length if off else length
