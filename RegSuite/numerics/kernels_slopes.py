"""Compiled central differences, the determinant made of them, and the transposes of both."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

_ZERO = np.float32(0.0)


@njit(cache=True, nogil=True)
def _scale(i, n, inverse):  # type: ignore[no-untyped-def]
    """1 over the distance between the two voxels of the difference at voxel i; 0 on an axis of one voxel."""
    if n == 1:
        return np.float32(0.0)
    return inverse if i == 0 or i == n - 1 else np.float32(0.5) * inverse


@njit(cache=True, nogil=True)
def _back(i, n, inverse):  # type: ignore[no-untyped-def]
    """Weights of the differences at voxels i - 1, i and i + 1 in the transpose at voxel i."""
    before = _scale(i - 1, n, inverse) if i > 0 else np.float32(0.0)
    after = -_scale(i + 1, n, inverse) if i < n - 1 else np.float32(0.0)
    here = np.float32(0.0)
    if n > 1 and i == 0:
        here = -inverse
    if n > 1 and i == n - 1:
        here = inverse
    return before, here, after


@njit(fastmath=True, cache=True, nogil=True)
def _row_slopes(row, inverse, out):  # type: ignore[no-untyped-def]
    """out[x] = slope of row along itself."""
    n = row.shape[0]
    half = np.float32(0.5) * inverse
    for x in range(1, n - 1):
        out[x] = half * (row[x + 1] - row[x - 1])
    last = max(n - 2, 0)
    out[0] = inverse * (row[min(1, n - 1)] - row[0])
    out[n - 1] = inverse * (row[n - 1] - row[last])


@njit(fastmath=True, cache=True, nogil=True)
def _add_row_back(row, inverse, out):  # type: ignore[no-untyped-def]
    """out += transpose of `_row_slopes` on row."""
    n = row.shape[0]
    if n == 1:
        return
    half = np.float32(0.5) * inverse
    for x in range(1, n - 1):
        out[x] += half * (row[x - 1] - row[x + 1])
    out[0] -= half * row[1]
    out[n - 1] += half * row[n - 2]
    for end in range(0, n, n - 1):  # what the one-sided differences weigh otherwise
        sign = np.float32(-1.0) if end == 0 else np.float32(1.0)
        inner = 1 if end == 0 else n - 2
        out[end] += sign * inverse * row[end]
        out[inner] -= sign * half * row[end]


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def slopes(image, inverse, out):  # type: ignore[no-untyped-def]
    """out [C, d, z, y, x] = slopes of image [C, z, y, x]; d = 2 leaves z out. inverse: 1 / spacing."""
    channels, nz, ny, nx = image.shape
    depth = out.shape[1] == 3
    for job in prange(channels * nz * ny):
        c = job // (nz * ny)
        z = job // ny % nz
        y = job % ny
        _row_slopes(image[c, z, y], inverse[0], out[c, 0, z, y])
        s = _scale(y, ny, inverse[1])
        low = max(y - 1, 0)
        high = min(y + 1, ny - 1)
        for x in range(nx):
            out[c, 1, z, y, x] = s * (image[c, z, high, x] - image[c, z, low, x])
        if depth:
            s = _scale(z, nz, inverse[2])
            low = max(z - 1, 0)
            high = min(z + 1, nz - 1)
            for x in range(nx):
                out[c, 2, z, y, x] = s * (image[c, high, y, x] - image[c, low, y, x])


@njit(fastmath=True, cache=True, nogil=True)
def _row_of_transpose(g, z, y, inverse, out):  # type: ignore[no-untyped-def]
    """out [x] = row (z, y) of the transpose of `slopes` on g [d, z, y, x]."""
    nz, ny, nx = g.shape[1:]
    before, here, after = _back(y, ny, inverse[1])
    low = max(y - 1, 0)
    high = min(y + 1, ny - 1)
    for x in range(nx):
        out[x] = before * g[1, z, low, x] + here * g[1, z, y, x] + after * g[1, z, high, x]
    if g.shape[0] == 3:
        before, here, after = _back(z, nz, inverse[2])
        low = max(z - 1, 0)
        high = min(z + 1, nz - 1)
        for x in range(nx):
            out[x] += before * g[2, low, y, x] + here * g[2, z, y, x] + after * g[2, high, y, x]
    _add_row_back(g[0, z, y], inverse[0], out)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def slopes_back(gradient, inverse, out):  # type: ignore[no-untyped-def]
    """out [C, z, y, x] = transpose of `slopes` on gradient [C, d, z, y, x]."""
    channels, nz, ny, _ = out.shape
    for job in prange(channels * nz * ny):
        c = job // (nz * ny)
        z = job // ny % nz
        y = job % ny
        _row_of_transpose(gradient[c], z, y, inverse, out[c, z, y])


@njit(fastmath=True, cache=True, nogil=True)
def _slopes_of_field(field, z, y, inverse, rows):  # type: ignore[no-untyped-def]
    """rows [d * d, x]: slope of component p along axis q in row d p + q."""
    d, nz, ny, nx = field.shape
    s = _scale(y, ny, inverse[1])
    low = max(y - 1, 0)
    high = min(y + 1, ny - 1)
    for p in range(d):
        _row_slopes(field[p, z, y], inverse[0], rows[d * p])
        for x in range(nx):
            rows[d * p + 1, x] = s * (field[p, z, high, x] - field[p, z, low, x])
    if d == 3:
        s = _scale(z, nz, inverse[2])
        low = max(z - 1, 0)
        high = min(z + 1, nz - 1)
        for p in range(3):
            for x in range(nx):
                rows[3 * p + 2, x] = s * (field[p, high, y, x] - field[p, low, y, x])


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def stretch(field, inverse, out):  # type: ignore[no-untyped-def]
    """out [z, y, x] = det(I + D field), field [d, z, y, x]; d = 2: nz = 1."""
    d, nz, ny, nx = field.shape
    one = np.float32(1.0)
    for job in prange(nz * ny):
        z = job // ny
        y = job % ny
        rows = np.empty((d * d, nx), np.float32)
        _slopes_of_field(field, z, y, inverse, rows)
        for x in range(nx):
            if d == 2:
                out[z, y, x] = (one + rows[0, x]) * (one + rows[3, x]) - rows[1, x] * rows[2, x]
            else:
                a = one + rows[0, x]
                e = one + rows[4, x]
                i = one + rows[8, x]
                out[z, y, x] = (
                    a * (e * i - rows[5, x] * rows[7, x])
                    - rows[1, x] * (rows[3, x] * i - rows[5, x] * rows[6, x])
                    + rows[2, x] * (rows[3, x] * rows[7, x] - e * rows[6, x])
                )


@njit(fastmath=True, cache=True, nogil=True)
def _cofactors(field, z, y, inverse, gradient, m, out):  # type: ignore[no-untyped-def]
    """out [d * d, x] = gradient times the derivative of det(I + G) by G[p, q], row d p + q; m: buffer."""
    d, _, _, nx = field.shape
    one = np.float32(1.0)
    _slopes_of_field(field, z, y, inverse, m)
    for x in range(nx):
        g = gradient[z, y, x]
        if d == 2:
            out[0, x] = g * (one + m[3, x])
            out[1, x] = -g * m[2, x]
            out[2, x] = -g * m[1, x]
            out[3, x] = g * (one + m[0, x])
        else:
            a = one + m[0, x]
            e = one + m[4, x]
            i = one + m[8, x]
            out[0, x] = g * (e * i - m[5, x] * m[7, x])
            out[1, x] = g * (m[5, x] * m[6, x] - m[3, x] * i)
            out[2, x] = g * (m[3, x] * m[7, x] - e * m[6, x])
            out[3, x] = g * (m[2, x] * m[7, x] - m[1, x] * i)
            out[4, x] = g * (a * i - m[2, x] * m[6, x])
            out[5, x] = g * (m[1, x] * m[6, x] - a * m[7, x])
            out[6, x] = g * (m[1, x] * m[5, x] - m[2, x] * e)
            out[7, x] = g * (m[2, x] * m[3, x] - a * m[5, x])
            out[8, x] = g * (a * e - m[1, x] * m[3, x])


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def stretch_back(field, inverse, gradient, thick, out):  # type: ignore[no-untyped-def]
    """out [d, z, y, x] = transpose of the derivative of `stretch` on gradient [z, y, x].

    Slabs of `thick` planes: the derivatives by the slopes are kept for three planes at a time.
    """
    d, nz, ny, nx = field.shape
    for slab in prange((nz + thick - 1) // thick):
        first = slab * thick
        end = min(first + thick, nz)
        m = np.empty((d * d, nx), np.float32)
        made = np.empty((3, ny, d * d, nx), np.float32)
        for z in range(max(first - 1, 0), min(end + 1, nz)):
            for y in range(ny):
                _cofactors(field, z, y, inverse, gradient, m, made[z % 3, y])
            if z > first:
                _stretch_back_plane(made, z - 1, nz, inverse, out)
        if end == nz:
            _stretch_back_plane(made, nz - 1, nz, inverse, out)


@njit(fastmath=True, cache=True, nogil=True)
def _stretch_back_plane(made, z, nz, inverse, out):  # type: ignore[no-untyped-def]
    """Plane z of the transpose; made [z % 3, y, d * d, x] holds planes z - 1, z and z + 1."""
    d, _, ny, nx = out.shape
    here = made[z % 3]
    zm, z0, zp = _back(z, nz, inverse[2]) if d == 3 else (_ZERO, _ZERO, _ZERO)
    below = made[max(z - 1, 0) % 3]
    above = made[min(z + 1, nz - 1) % 3]
    for y in range(ny):
        before, own, after = _back(y, ny, inverse[1])
        low = max(y - 1, 0)
        high = min(y + 1, ny - 1)
        for p in range(d):
            k = d * p + 1
            for x in range(nx):
                out[p, z, y, x] = before * here[low, k, x] + own * here[y, k, x] + after * here[high, k, x]
            if d == 3:
                k = 3 * p + 2
                for x in range(nx):
                    out[p, z, y, x] += zm * below[y, k, x] + z0 * here[y, k, x] + zp * above[y, k, x]
            _add_row_back(here[y, d * p], inverse[0], out[p, z, y])


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def push(weight, image, inverse, out):  # type: ignore[no-untyped-def]
    """out [d, z, y, x] = sum over c of weight [C, z, y, x] times the slopes of image [C, z, y, x]."""
    channels, nz, ny, nx = image.shape
    d = out.shape[0]
    for job in prange(nz * ny):
        z = job // ny
        y = job % ny
        row = np.empty(nx, np.float32)
        for q in range(d):
            for c in range(channels):
                _row_along(image[c], q, z, y, inverse, row)
                if c == 0:
                    for x in range(nx):
                        out[q, z, y, x] = weight[c, z, y, x] * row[x]
                else:
                    for x in range(nx):
                        out[q, z, y, x] += weight[c, z, y, x] * row[x]


@njit(fastmath=True, cache=True, nogil=True)
def _row_along(image, q, z, y, inverse, row):  # type: ignore[no-untyped-def]
    """row [x] = slopes of image [z, y, x] along axis q."""
    nz, ny, nx = image.shape
    if q == 0:
        _row_slopes(image[z, y], inverse[0], row)
    elif q == 1:
        s = _scale(y, ny, inverse[1])
        low = max(y - 1, 0)
        high = min(y + 1, ny - 1)
        for x in range(nx):
            row[x] = s * (image[z, high, x] - image[z, low, x])
    else:
        s = _scale(z, nz, inverse[2])
        low = max(z - 1, 0)
        high = min(z + 1, nz - 1)
        for x in range(nx):
            row[x] = s * (image[high, y, x] - image[low, y, x])


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def push_back(  # type: ignore[no-untyped-def]
    weight, image, inverse, gradient, wants_weight, wants_image, of_weight, of_image
):
    """Transposes of `push` on gradient [d, z, y, x]: both [C, z, y, x], written where wanted."""
    channels, nz, ny, nx = image.shape
    d = gradient.shape[0]
    for job in prange(nz * ny):
        z = job // ny
        y = job % ny
        row = np.empty(nx, np.float32)
        for c in range(channels):
            if wants_weight:
                for q in range(d):
                    _row_along(image[c], q, z, y, inverse, row)
                    if q == 0:
                        for x in range(nx):
                            of_weight[c, z, y, x] = gradient[q, z, y, x] * row[x]
                    else:
                        for x in range(nx):
                            of_weight[c, z, y, x] += gradient[q, z, y, x] * row[x]
            if wants_image:
                w = weight[c]
                before, own, after = _back(y, ny, inverse[1])
                low = max(y - 1, 0)
                high = min(y + 1, ny - 1)
                for x in range(nx):
                    of_image[c, z, y, x] = (
                        before * gradient[1, z, low, x] * w[z, low, x]
                        + own * gradient[1, z, y, x] * w[z, y, x]
                        + after * gradient[1, z, high, x] * w[z, high, x]
                    )
                if d == 3:
                    before, own, after = _back(z, nz, inverse[2])
                    low = max(z - 1, 0)
                    high = min(z + 1, nz - 1)
                    for x in range(nx):
                        of_image[c, z, y, x] += (
                            before * gradient[2, low, y, x] * w[low, y, x]
                            + own * gradient[2, z, y, x] * w[z, y, x]
                            + after * gradient[2, high, y, x] * w[high, y, x]
                        )
                for x in range(nx):
                    row[x] = gradient[0, z, y, x] * w[z, y, x]
                _add_row_back(row, inverse[0], of_image[c, z, y])
