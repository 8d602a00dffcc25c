"""Compiled loops of linear registration; reference.py beside it does the same in plain torch.

Every array holds K poses of the same N points. A loop is cut into a fixed number of pieces and
the pieces are added in order, so that the bits do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

PIECES = 8
"""Pieces of the points of one pose."""


def _compiled(**options: Any) -> Callable[[Function], Function]:
    """numba's njit with the on-disk cache, as a typed decorator."""
    return cast("Callable[[Function], Function]", njit(cache=True, nogil=True, fastmath=True, **options))


@_compiled(inline="always")
def _axis(position: float, n: int, low_open: int, high_open: int) -> tuple[int, int, float, float]:
    """State (1 inside, 0 unknown, 2 known background), lower voxel, weight of the upper, slope factor."""
    if position < -0.5:
        return (2 if low_open else 0), 0, 0.0, 0.0
    if position > n - 0.5:
        return (2 if high_open else 0), 0, 0.0, 0.0
    if n == 1 or position <= 0.0:
        return 1, 0, 0.0, 0.0
    if position >= n - 1:
        return 1, n - 2, 1.0, 0.0
    lower = int(position)
    return 1, lower, position - lower, 1.0


@_compiled(parallel=True)
def sample_poses(
    points: NDArray[np.float32],
    maps: NDArray[np.float64],
    volume: NDArray[np.float32],
    valid: NDArray[np.uint8],
    faces: NDArray[np.uint8],
    background: float,
    out: NDArray[np.float32],
    inside: NDArray[np.uint8],
) -> None:
    """Trilinear value and gradient (per voxel, x, y, z) of `volume` [Z, Y, X] at mapped points.

    points: [N, 3]; maps: [K, 3, 4] to voxel index (x, y, z). valid: [Z, Y, X] mask, or size 0.
    faces: [6] low x, high x, low y, ...: 1 where beyond that face lies known background.
    out: [K, N, 4] value and gradient; inside: [K, N] 0 where nothing is known.
    """
    nz, ny, nx = volume.shape
    k_all, n_all = maps.shape[0], points.shape[0]
    masked = valid.size > 0
    for task in prange(k_all * PIECES):
        k = task // PIECES
        m = maps[k]
        piece = task - k * PIECES
        for i in range(n_all * piece // PIECES, n_all * (piece + 1) // PIECES):
            a, b, c = points[i, 0], points[i, 1], points[i, 2]
            sx, x, fx, dx = _axis(m[0, 0] * a + m[0, 1] * b + m[0, 2] * c + m[0, 3], nx, faces[0], faces[1])
            sy, y, fy, dy = _axis(m[1, 0] * a + m[1, 1] * b + m[1, 2] * c + m[1, 3], ny, faces[2], faces[3])
            sz, z, fz, dz = _axis(m[2, 0] * a + m[2, 1] * b + m[2, 2] * c + m[2, 3], nz, faces[4], faces[5])
            out[k, i, 1] = 0.0
            out[k, i, 2] = 0.0
            out[k, i, 3] = 0.0
            out[k, i, 0] = background
            if sx == 0 or sy == 0 or sz == 0:
                inside[k, i] = 0
                continue
            if sx == 2 or sy == 2 or sz == 2:
                inside[k, i] = 1
                continue
            if masked and not valid[z + int(fz + 0.5), y + int(fy + 0.5), x + int(fx + 0.5)]:
                inside[k, i] = 0
                continue
            inside[k, i] = 1
            xx = x + 1 if nx > 1 else x
            yy = y + 1 if ny > 1 else y
            zz = z + 1 if nz > 1 else z
            v000, v001 = volume[z, y, x], volume[z, y, xx]
            v010, v011 = volume[z, yy, x], volume[z, yy, xx]
            v100, v101 = volume[zz, y, x], volume[zz, y, xx]
            v110, v111 = volume[zz, yy, x], volume[zz, yy, xx]
            v00, v01 = v000 + fx * (v001 - v000), v010 + fx * (v011 - v010)
            v10, v11 = v100 + fx * (v101 - v100), v110 + fx * (v111 - v110)
            v0, v1 = v00 + fy * (v01 - v00), v10 + fy * (v11 - v10)
            x0 = (v001 - v000) + fy * ((v011 - v010) - (v001 - v000))
            x1 = (v101 - v100) + fy * ((v111 - v110) - (v101 - v100))
            out[k, i, 0] = v0 + fz * (v1 - v0)
            out[k, i, 1] = dx * (x0 + fz * (x1 - x0))
            out[k, i, 2] = dy * ((v01 - v00) + fz * ((v11 - v10) - (v01 - v00)))
            out[k, i, 3] = dz * (v1 - v0)


@_compiled(parallel=True)
def joint_histograms(
    fixed_bin: NDArray[np.int32],
    sampled: NDArray[np.float32],
    inside: NDArray[np.uint8],
    out: NDArray[np.float64],
) -> None:
    """Joint histograms, fixed bins as they are, moving values by cubic B-spline Parzen windows.

    fixed_bin: [N]; sampled: [K, N, 4] with the moving value (in bins, 1..B-2) first.
    out: [K, PIECES, B, B] zeros at the start (fixed, moving).
    """
    k_all, n_all = inside.shape
    for task in prange(k_all * PIECES):
        k = task // PIECES
        piece = task - k * PIECES
        table = out[k, piece]
        for i in range(n_all * piece // PIECES, n_all * (piece + 1) // PIECES):
            if not inside[k, i]:
                continue
            u = sampled[k, i, 0]
            j = int(u)
            t = u - j
            s = 1.0 - t
            row = table[fixed_bin[i]]
            row[j - 1] += s * s * s / 6.0
            row[j] += (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0
            row[j + 1] += (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0
            row[j + 2] += t * t * t / 6.0


@_compiled(parallel=True)
def information_slopes(
    fixed_bin: NDArray[np.int32],
    sampled: NDArray[np.float32],
    inside: NDArray[np.uint8],
    log_ratio: NDArray[np.float64],
    curvature: NDArray[np.float64],
    slopes: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> None:
    """Per point the slope of mutual information with the moving value, and the model's curvature.

    log_ratio: [K, B, B] log p(fixed, moving) / p(moving); curvature: [K, B] by fixed bin.
    slopes, weights: [K, N].
    """
    k_all, n_all = inside.shape
    for task in prange(k_all * PIECES):
        k = task // PIECES
        piece = task - k * PIECES
        table = log_ratio[k]
        for i in range(n_all * piece // PIECES, n_all * (piece + 1) // PIECES):
            if not inside[k, i]:
                slopes[k, i] = 0.0
                weights[k, i] = 0.0
                continue
            u = sampled[k, i, 0]
            j = int(u)
            t = u - j
            s = 1.0 - t
            row = table[fixed_bin[i]]
            slopes[k, i] = (
                -0.5 * s * s * row[j - 1]
                + (1.5 * t * t - 2.0 * t) * row[j]
                + (2.0 * s - 1.5 * s * s) * row[j + 1]
                + 0.5 * t * t * row[j + 2]
            )
            weights[k, i] = curvature[k, fixed_bin[i]]


@_compiled(parallel=True)
def normal_equations(
    points: NDArray[np.float32],
    sampled: NDArray[np.float32],
    slopes: NDArray[np.float32],
    weights: NDArray[np.float32],
    gradient: NDArray[np.float64],
    hessian: NDArray[np.float64],
) -> None:
    """Sums of slope * J and weight * J J^T over the points, J = d value / d map (3 x 4 entries).

    gradient: [K, PIECES, 3, 4]; hessian: [K, PIECES, 6, 10]: the six products of two gradient
    components (xx, xy, xz, yy, yz, zz) by the ten of two of (p0, p1, p2, 1) in the same order.
    """
    k_all, n_all = slopes.shape
    for task in prange(k_all * PIECES):
        k = task // PIECES
        piece = task - k * PIECES
        g, h = np.zeros(12), np.zeros(60)
        gg, pp = np.empty(6), np.empty(10)
        for i in range(n_all * piece // PIECES, n_all * (piece + 1) // PIECES):
            w = weights[k, i]
            s = slopes[k, i]
            if w == 0.0 and s == 0.0:
                continue
            a, b, c = points[i, 0], points[i, 1], points[i, 2]
            x, y, z = sampled[k, i, 1], sampled[k, i, 2], sampled[k, i, 3]
            g[0] += s * x * a
            g[1] += s * x * b
            g[2] += s * x * c
            g[3] += s * x
            g[4] += s * y * a
            g[5] += s * y * b
            g[6] += s * y * c
            g[7] += s * y
            g[8] += s * z * a
            g[9] += s * z * b
            g[10] += s * z * c
            g[11] += s * z
            gg[0], gg[1], gg[2], gg[3], gg[4], gg[5] = (
                w * x * x,
                w * x * y,
                w * x * z,
                w * y * y,
                w * y * z,
                w * z * z,
            )
            pp[0], pp[1], pp[2], pp[3], pp[4] = a * a, a * b, a * c, a, b * b
            pp[5], pp[6], pp[7], pp[8], pp[9] = b * c, b, c * c, c, 1.0
            for u in range(6):
                for v in range(10):
                    h[u * 10 + v] += gg[u] * pp[v]
        gradient[k, piece] = g.reshape(3, 4)
        hessian[k, piece] = h.reshape(6, 10)


@_compiled(parallel=True)
def local_correlation(
    points: NDArray[np.float32],
    fixed: NDArray[np.float32],
    sampled: NDArray[np.float32],
    inside: NDArray[np.uint8],
    patch: int,
    flat_fixed: float,
    flat_moving: float,
    sums: NDArray[np.float64],
    gradient: NDArray[np.float64],
    hessian: NDArray[np.float64],
) -> None:
    """Squared correlation r^2 of patches of `patch` consecutive points, summed, with its derivatives.

    A patch weighs v / (v + flat_fixed), v the variance of its fixed values; flat_moving is added to
    that of its moving values. The second must be far smaller, or the map is drawn to where the
    moving image varies more.
    sums: [K, PIECES, 3] of weight r^2, weight r |r| and weight.
    gradient, hessian as in `normal_equations`; the curvature is that of the best linear fit of the
    fixed values by the moving ones in each patch (gradients centred and freed of the fit), taken at
    the patch's middle.
    """
    k_all, n_all = inside.shape
    patches = n_all // patch
    for task in prange(k_all * PIECES):
        k = task // PIECES
        piece = task - k * PIECES
        g, h = np.zeros(12), np.zeros(60)
        gg, pp, mean, tilt = np.empty(6), np.empty(10), np.empty(3), np.empty(3)
        total, signed, weight = 0.0, 0.0, 0.0
        for q in range(patches * piece // PIECES, patches * (piece + 1) // PIECES):
            start, stop = q * patch, (q + 1) * patch
            n, sf, sm, sff, smm, sfm = 0, 0.0, 0.0, 0.0, 0.0, 0.0
            mean[:] = 0.0
            for i in range(start, stop):
                if inside[k, i]:
                    f, v = fixed[i], sampled[k, i, 0]
                    n += 1
                    sf += f
                    sm += v
                    sff += f * f
                    smm += v * v
                    sfm += f * v
                    for e in range(3):
                        mean[e] += sampled[k, i, 1 + e]
            if n < patch:
                continue
            f0, m0 = sf / n, sm / n
            own = max(sff / n - f0 * f0, 0.0)
            vf, vm, c = own + flat_fixed, smm / n - m0 * m0 + flat_moving, sfm / n - f0 * m0
            r2 = c * c / (vf * vm)
            total += r2
            signed += r2 if c > 0 else -r2
            weight += own / vf
            tilt[:] = 0.0
            for e in range(3):
                mean[e] /= n
            for i in range(start, stop):
                for e in range(3):
                    tilt[e] += (sampled[k, i, 0] - m0) * (sampled[k, i, 1 + e] - mean[e]) / (n * vm)
            gg[:] = 0.0
            a0, b0, c0 = 0.0, 0.0, 0.0
            for i in range(start, stop):
                v = sampled[k, i, 0] - m0
                s = 2.0 * c / (vf * vm) * (fixed[i] - f0 - c / vm * v) / n
                a, b, d = points[i, 0], points[i, 1], points[i, 2]
                a0 += a / n
                b0 += b / n
                c0 += d / n
                for e in range(3):
                    se = s * sampled[k, i, 1 + e]
                    g[4 * e] += se * a
                    g[4 * e + 1] += se * b
                    g[4 * e + 2] += se * d
                    g[4 * e + 3] += se
                x = sampled[k, i, 1] - mean[0] - tilt[0] * v
                y = sampled[k, i, 2] - mean[1] - tilt[1] * v
                z = sampled[k, i, 3] - mean[2] - tilt[2] * v
                gg[0] += x * x
                gg[1] += x * y
                gg[2] += x * z
                gg[3] += y * y
                gg[4] += y * z
                gg[5] += z * z
            w = 2.0 * r2 / (vm * n)
            pp[0], pp[1], pp[2], pp[3], pp[4] = a0 * a0, a0 * b0, a0 * c0, a0, b0 * b0
            pp[5], pp[6], pp[7], pp[8], pp[9] = b0 * c0, b0, c0 * c0, c0, 1.0
            for u in range(6):
                for t in range(10):
                    h[u * 10 + t] += w * gg[u] * pp[t]
        sums[k, piece, 0] = total
        sums[k, piece, 1] = signed
        sums[k, piece, 2] = weight
        gradient[k, piece] = g.reshape(3, 4)
        hessian[k, piece] = h.reshape(6, 10)


@_compiled(parallel=True)
def block_means(volume: NDArray[np.float32], fx: int, fy: int, fz: int, out: NDArray[np.float32]) -> None:
    """Means of blocks of fx, fy, fz voxels of `volume` [Z, Y, X]; the last blocks may be smaller."""
    nz, ny, nx = volume.shape
    mz, my, mx = out.shape
    for z in prange(mz):
        line = np.zeros(mx, np.float32)
        for y in range(my):
            line[:] = 0.0
            z1, y1 = min(nz, (z + 1) * fz), min(ny, (y + 1) * fy)
            for zz in range(z * fz, z1):
                for yy in range(y * fy, y1):
                    for x in range(mx):
                        for xx in range(x * fx, min(nx, (x + 1) * fx)):
                            line[x] += volume[zz, yy, xx]
            for x in range(mx):
                count = (z1 - z * fz) * (y1 - y * fy) * (min(nx, (x + 1) * fx) - x * fx)
                out[z, y, x] = line[x] / count
