"""Compiled local moments, and the Gauss-Newton system of the local correlation."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(inline="always")
def _row_sums(row, radius, out):  # type: ignore[no-untyped-def]
    """out[x] = sum of row[x .. x + 2 radius]; row carries `radius` zeros on both sides."""
    n = out.shape[0]
    for x in range(n):
        out[x] = row[x]
    for d in range(1, 2 * radius + 1):
        for x in range(n):
            out[x] += row[x + d]


@njit(inline="always")
def _column_sums(rows, y, radius, out):  # type: ignore[no-untyped-def]
    """out[c, x] = sum over rows y - radius .. y + radius that exist."""
    ny = rows.shape[1]
    first = max(y - radius, 0)
    last = min(y + radius, ny - 1)
    for c in range(rows.shape[0]):
        for x in range(out.shape[1]):
            out[c, x] = rows[c, first, x]
        for q in range(first + 1, last + 1):
            for x in range(out.shape[1]):
                out[c, x] += rows[c, q, x]


@njit(inline="always")
def _available(index, radius, count):  # type: ignore[no-untyped-def]
    """How many of the window's 2 radius + 1 places exist along one axis."""
    return min(index + radius, count - 1) - max(index - radius, 0) + 1


@njit(inline="always")
def _window_sums(ring, y, out):  # type: ignore[no-untyped-def]
    """out[c, x] = sum over the planes that the ring holds."""
    for c in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[c, x] = ring[0, c, y, x]
        for q in range(1, ring.shape[0]):
            for x in range(out.shape[1]):
                out[c, x] += ring[q, c, y, x]


@njit(inline="always")
def _moments_of_plane(warped, fixed, radius, padded, rows, out):  # type: ignore[no-untyped-def]
    """out[0..2, y, x] = sums of W, W^2 and W F over the plane's windows."""
    ny, nx = warped.shape
    for y in range(ny):
        for x in range(nx):
            w = warped[y, x]
            padded[0, x + radius] = w
            padded[1, x + radius] = w * w
            padded[2, x + radius] = w * fixed[y, x]
        for c in range(3):
            _row_sums(padded[c], radius, rows[c, y])
    for y in range(ny):
        _column_sums(rows, y, radius, out[:, y])


@njit(inline="always")
def _gather(g, z, y, strides, every, bound2, matrix, vector):  # type: ignore[no-untyped-def]
    """Adds a row's equations to its blocks; g: gradient, residual, weight along the row."""
    quarter = np.float32(0.25)
    half = np.float32(0.5)
    zb = z // strides[2]
    yb = y // strides[1]
    zh = zb // every[2]
    yh = yb // every[1]
    for x in range(g.shape[1]):
        xb = x // strides[0]
        xh = xb // every[0]
        q = g[4, x] * quarter
        gx = g[0, x]
        gy = g[1, x]
        gz = g[2, x]
        qr = half * g[4, x] * g[3, x]
        bound = g[4, x] * g[3, x] * g[3, x] * bound2
        matrix[0, zh, yh, xh] += q * gx * gx + bound
        matrix[1, zh, yh, xh] += q * gy * gy + bound
        matrix[2, zh, yh, xh] += q * gz * gz + bound
        matrix[3, zh, yh, xh] += q * gx * gy
        matrix[4, zh, yh, xh] += q * gx * gz
        matrix[5, zh, yh, xh] += q * gy * gz
        vector[0, zb, yb, xb] += qr * gx
        vector[1, zb, yb, xb] += qr * gy
        vector[2, zb, yb, xb] += qr * gz


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def local_mean_and_precision(image, radius, floor, mean, precision):  # type: ignore[no-untyped-def]
    """mean and 1 / sqrt(variance + floor) over windows of 2 radius + 1 voxels (those that exist)."""
    nz, ny, nx = image.shape
    slabs = max(1, min(16, nz // 4))
    for slab in prange(slabs):
        k = 2 * radius + 1
        ring = np.zeros((k, 2, ny, nx), np.float32)
        rows = np.empty((2, ny, nx), np.float32)
        padded = np.zeros(nx + 2 * radius, np.float32)
        sums = np.empty((2, nx), np.float32)
        z0 = slab * nz // slabs
        z1 = (slab + 1) * nz // slabs
        for zi in range(max(z0 - radius, 0), z1 + radius):
            slot = zi % k
            if zi < nz:
                for y in range(ny):
                    for x in range(nx):
                        padded[x + radius] = image[zi, y, x]
                    _row_sums(padded, radius, rows[0, y])
                    for x in range(nx):
                        padded[x + radius] = image[zi, y, x] * image[zi, y, x]
                    _row_sums(padded, radius, rows[1, y])
                for y in range(ny):
                    _column_sums(rows, y, radius, ring[slot, :, y])
            else:
                ring[slot] = np.float32(0.0)
            z = zi - radius
            if z < z0:
                continue
            count_z = _available(z, radius, nz)
            for y in range(ny):
                count_zy = count_z * _available(y, radius, ny)
                _window_sums(ring, y, sums)
                for x in range(nx):
                    n = np.float32(1.0) / np.float32(count_zy * _available(x, radius, nx))
                    m = sums[0, x] * n
                    mean[z, y, x] = m
                    v = max(sums[1, x] * n - m * m, np.float32(0.0))
                    precision[z, y, x] = np.float32(1.0) / np.sqrt(v + floor)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def lncc_system(  # type: ignore[no-untyped-def]
    fixed,
    mean,
    precision,
    warped,
    weight,
    has_weight,
    radius,
    floor,
    per_mm,
    strides,
    every,
    robust,
    reach,
    matrix,
    vector,
    loss,
):
    """Gauss-Newton system of the local correlation, summed over blocks of voxels.

    At each voxel the warped image is fitted to the fixed one by a local line (slope s), the
    residual is r = ((F - mean F) - s (W - mean W)) / sd F, so that r^2 sums to 1 - LNCC^2, and its
    derivative by the displacement is -g, g = (s grad W + grad F) / (2 sd F) (the mean of both
    gradients: efficient second order minimisation). Blocks of `strides` (x, y, z) voxels collect
    vector = r g, blocks of `every` (x, y, z) such blocks matrix = g g^T (xx, yy, zz, xy, xz, yz).
    per_mm: 1 / spacing. loss: [matrix planes, 2] sums of r^2 and of the voxels' weights.
    robust: r at which a voxel's weight is halved (0: off). In the equations each voxel also weighs its
    squared correlation: where the images share nothing, the fixed one's gradient says nothing.
    reach: mm; r^2 / reach^2 is added to the diagonal, so that no voxel asks for more than half of
    it (the demons' bound), since the line through its neighbours says nothing farther away.
    """
    nz, ny, nx = fixed.shape
    bz = matrix.shape[1]
    sz = strides[2] * every[2]
    k = 2 * radius + 1
    slabs = max(1, min(16, bz // 2))
    half = np.float32(0.5)
    one = np.float32(1.0)
    hx = half * per_mm[0]
    hy = half * per_mm[1]
    hz = half * per_mm[2]
    robust2 = np.float32(0.0)
    if robust > 0:
        robust2 = one / np.float32(robust * robust)
    bound2 = one / np.float32(reach * reach)
    for slab in prange(slabs):
        ring = np.zeros((k, 3, ny, nx), np.float32)
        rows = np.empty((3, ny, nx), np.float32)
        padded = np.zeros((3, nx + 2 * radius), np.float32)
        sums = np.empty((3, nx), np.float32)
        g = np.empty((5, nx), np.float32)
        b0 = slab * bz // slabs
        b1 = (slab + 1) * bz // slabs
        z0 = b0 * sz
        z1 = min(b1 * sz, nz)
        matrix[:, b0:b1] = np.float32(0.0)
        vector[:, b0 * every[2] : b1 * every[2]] = np.float32(0.0)
        loss[b0:b1] = 0.0
        for zi in range(max(z0 - radius, 0), z1 + radius):
            slot = zi % k
            if zi < nz:
                _moments_of_plane(warped[zi], fixed[zi], radius, padded, rows, ring[slot])
            else:
                ring[slot] = np.float32(0.0)
            z = zi - radius
            if z < z0:
                continue
            zh = z // sz
            count_z = _available(z, radius, nz)
            zm = max(z - 1, 0)
            zp = min(z + 1, nz - 1)
            total = 0.0
            weights = 0.0
            for y in range(ny):
                count_zy = count_z * _available(y, radius, ny)
                _window_sums(ring, y, sums)
                ym = max(y - 1, 0)
                yp = min(y + 1, ny - 1)
                row_loss = np.float32(0.0)
                row_weight = np.float32(0.0)
                for x in range(nx):
                    n = one / np.float32(count_zy * _available(x, radius, nx))
                    mw = sums[0, x] * n
                    mf = mean[z, y, x]
                    p = precision[z, y, x]
                    vw = max(sums[1, x] * n - mw * mw, np.float32(0.0))
                    cov = sums[2, x] * n - mw * mf
                    s = max(cov, np.float32(0.0)) / (vw + floor)
                    r = p * ((fixed[z, y, x] - mf) - s * (warped[z, y, x] - mw))
                    q = one / (one + r * r * robust2)
                    rho = s * p * np.sqrt(vw + floor)
                    if has_weight:
                        q *= weight[z, y, x]
                    xm = max(x - 1, 0)
                    xp = min(x + 1, nx - 1)
                    g[0, x] = (
                        hx
                        * p
                        * (s * (warped[z, y, xp] - warped[z, y, xm]) + fixed[z, y, xp] - fixed[z, y, xm])
                    )
                    g[1, x] = (
                        hy
                        * p
                        * (s * (warped[z, yp, x] - warped[z, ym, x]) + fixed[z, yp, x] - fixed[z, ym, x])
                    )
                    g[2, x] = (
                        hz
                        * p
                        * (s * (warped[zp, y, x] - warped[zm, y, x]) + fixed[zp, y, x] - fixed[zm, y, x])
                    )
                    g[3, x] = r
                    g[4, x] = q * rho * rho
                    row_loss += q * r * r
                    row_weight += q
                total += float(row_loss)
                weights += float(row_weight)
                _gather(g, z, y, strides, every, bound2, matrix, vector)
            loss[zh, 0] += total
            loss[zh, 1] += weights
