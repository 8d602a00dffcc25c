"""Compiled normal equations: of a residual image, and their solution node by node."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def residual_system(  # type: ignore[no-untyped-def]
    residual, fixed, warped, weight, has_weight, of_fixed, per_mm, strides, every, reach, matrix, vector, loss
):
    """Adds to matrix and vector the normal equations of a residual image; see local_systems.

    The derivative of the residual by the displacement is -g,
    g = of_fixed grad F + (1 - of_fixed) grad W. loss: [matrix planes, 2], added to.
    every: vector's blocks a block of the matrix.
    """
    nz, ny, nx = fixed.shape
    half = np.float32(0.5)
    one = np.float32(1.0)
    bound2 = one / np.float32(reach * reach)
    a = np.float32(of_fixed)
    b = one - a
    hx = half * per_mm[0]
    hy = half * per_mm[1]
    hz = half * per_mm[2]
    sx = strides[0] * every[0]
    sy = strides[1] * every[1]
    sz = strides[2] * every[2]
    for zh in prange(matrix.shape[1]):
        for z in range(zh * sz, min((zh + 1) * sz, nz)):
            zb = z // strides[2]
            zm = max(z - 1, 0)
            zp = min(z + 1, nz - 1)
            total = weights = 0.0
            for y in range(ny):
                ym = max(y - 1, 0)
                yp = min(y + 1, ny - 1)
                yb = y // strides[1]
                yh = y // sy
                row = np.float32(0.0)
                row_weight = np.float32(0.0)
                for x in range(nx):
                    xm = max(x - 1, 0)
                    xp = min(x + 1, nx - 1)
                    xb = x // strides[0]
                    xh = x // sx
                    r = residual[z, y, x]
                    q = one
                    if has_weight:
                        q = weight[z, y, x]
                    gx = hx * (
                        a * (fixed[z, y, xp] - fixed[z, y, xm]) + b * (warped[z, y, xp] - warped[z, y, xm])
                    )
                    gy = hy * (
                        a * (fixed[z, yp, x] - fixed[z, ym, x]) + b * (warped[z, yp, x] - warped[z, ym, x])
                    )
                    gz = hz * (
                        a * (fixed[zp, y, x] - fixed[zm, y, x]) + b * (warped[zp, y, x] - warped[zm, y, x])
                    )
                    bound = r * r * bound2
                    matrix[0, zh, yh, xh] += q * (gx * gx + bound)
                    matrix[1, zh, yh, xh] += q * (gy * gy + bound)
                    matrix[2, zh, yh, xh] += q * (gz * gz + bound)
                    matrix[3, zh, yh, xh] += q * gx * gy
                    matrix[4, zh, yh, xh] += q * gx * gz
                    matrix[5, zh, yh, xh] += q * gy * gz
                    vector[0, zb, yb, xb] += q * r * gx
                    vector[1, zb, yb, xb] += q * r * gy
                    vector[2, zb, yb, xb] += q * r * gz
                    row += q * r * r
                    row_weight += q
                total += float(row)
                weights += float(row_weight)
            loss[zh, 0] += total
            loss[zh, 1] += weights


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def solve_nodes(matrix, vector, every, damping, longest, out):  # type: ignore[no-untyped-def]
    """out = (matrix + damping I)^-1 vector at every node, at most `longest` mm long.

    A block of `every` (x, y, z) nodes shares one matrix.
    """
    nz, ny, nx = vector.shape[1:]
    one = np.float32(1.0)
    for z in prange(nz):
        zh = z // every[2]
        for y in range(ny):
            yh = y // every[1]
            for x in range(nx):
                xh = x // every[0]
                a = matrix[0, zh, yh, xh] + damping
                b = matrix[1, zh, yh, xh] + damping
                c = matrix[2, zh, yh, xh] + damping
                d = matrix[3, zh, yh, xh]
                e = matrix[4, zh, yh, xh]
                f = matrix[5, zh, yh, xh]
                r = vector[0, z, y, x]
                s = vector[1, z, y, x]
                t = vector[2, z, y, x]
                p = b * c - f * f
                q = e * f - d * c
                w = d * f - e * b
                scale = one / (a * p + d * q + e * w)
                u = scale * (p * r + q * s + w * t)
                v = scale * (q * r + (a * c - e * e) * s + (d * e - a * f) * t)
                h = scale * (w * r + (d * e - a * f) * s + (a * b - d * d) * t)
                length = np.sqrt(u * u + v * v + h * h)
                if length > longest:
                    u *= longest / length
                    v *= longest / length
                    h *= longest / length
                out[0, z, y, x] = u
                out[1, z, y, x] = v
                out[2, z, y, x] = h
