"""Compiled linear reading of an image at displaced voxels, and its two transposes.

Row by row: first where each voxel of the row reads, then all channels. The gradient with respect to the
image is a scatter. Its planes (rows in 2D) are dealt with in slabs, first the even, then the odd ones;
the caller gives slabs so thick that two of one colour never write to the same place. Which they are
depends on the displacement alone, so each sum has one order whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

_MATHS = {"contract", "nsz", "arcp"}
"""Liberties of the compiler; not-a-numbers are kept, since they may stand in a failing displacement."""


@njit(inline="always")
def _left(q, n):  # type: ignore[no-untyped-def]
    """The voxel on the left of place q on an axis of n, again on the axis: q may be no number."""
    return max(min(np.int32(q), np.int32(n - 2)), np.int32(0))


@njit(inline="always")
def _held(p, n):  # type: ignore[no-untyped-def]
    """Place p, held on an axis of n voxels."""
    return min(max(p, np.float32(0.0)), np.float32(n - 1))


@njit(fastmath=_MATHS, cache=True, nogil=True)
def _field_row(along, field, start, step, n, scale, adds, out):  # type: ignore[no-untyped-def]
    """out [x] = scale along[x], 0 where start + step x + scale field[x] leaves an axis of n; or added."""
    last = np.float32(n - 1)
    for x in range(out.shape[0]):
        p = np.float32(start + step * x) + scale * field[x]
        value = scale * along[x] if p >= np.float32(0.0) and p <= last else np.float32(0.0)
        out[x] = out[x] + value if adds else value


@njit(fastmath=_MATHS, cache=True, nogil=True)
def _plane_row(u, v, y, per_voxel, size, lefts, weights):  # type: ignore[no-untyped-def]
    """lefts [x]: offset of the cell's first voxel; weights [2, x] of its last ones; u, v: field's rows."""
    nx, ny = size
    for x in range(nx):
        p = _held(np.float32(x) + per_voxel[0] * u[x], nx)
        i = _left(p, nx)
        weights[0, x] = p - np.float32(i)
        p = _held(np.float32(y) + per_voxel[1] * v[x], ny)
        j = _left(p, ny)
        weights[1, x] = p - np.float32(j)
        lefts[x] = np.uint32(j * np.int32(nx) + i)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_plane(image, field, per_voxel, out):  # type: ignore[no-untyped-def]
    """out [C, y, x] = image [C, y, x] at (x, y) + per_voxel * field [2, y, x]."""
    channels, ny, nx = image.shape
    flat = image.reshape(channels, ny * nx)
    dx = np.uint32(min(1, nx - 1))
    dy = np.uint32(nx if ny > 1 else 0)
    for y in prange(ny):
        lefts = np.empty(nx, np.uint32)
        weights = np.empty((2, nx), np.float32)
        _plane_row(field[0, y], field[1, y], y, per_voxel, (nx, ny), lefts, weights)
        for c in range(channels):
            v = flat[c]
            for x in range(nx):
                q = lefts[x]
                a = weights[0, x]
                v0 = v[q] + a * (v[q + dx] - v[q])
                v1 = v[q + dy] + a * (v[q + dy + dx] - v[q + dy])
                out[c, y, x] = v0 + weights[1, x] * (v1 - v0)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_plane_back(  # type: ignore[no-untyped-def]
    image, field, per_voxel, gradient, thick, wants_image, wants_field, adds, image_gradient, field_gradient
):
    """Both transposes in 2D: image_gradient [C, y x] is added to, field_gradient [2, y, x] written.

    adds: field_gradient is added to as well.
    """
    channels, ny, nx = gradient.shape
    dx = np.uint32(min(1, nx - 1))
    dy = np.uint32(nx if ny > 1 else 0)
    slabs = (ny + thick - 1) // thick
    for colour in range(2):
        for slab in prange((slabs + 1 - colour) // 2):
            lefts = np.empty(nx, np.uint32)
            weights = np.empty((2, nx), np.float32)
            along = np.empty((2, nx), np.float32)
            first = (2 * slab + colour) * thick
            for y in range(first, min(first + thick, ny)):
                _plane_row(field[0, y], field[1, y], y, per_voxel, (nx, ny), lefts, weights)
                if wants_field:
                    along[:] = 0
                    for c in range(channels):
                        v = image[c]
                        for x in range(nx):
                            q = lefts[x]
                            a = weights[0, x]
                            g = gradient[c, y, x]
                            d0 = v[q + dx] - v[q]
                            d1 = v[q + dy + dx] - v[q + dy]
                            along[0, x] += g * (d0 + weights[1, x] * (d1 - d0))
                            along[1, x] += g * (v[q + dy] + a * d1 - v[q] - a * d0)
                    _field_row(along[0], field[0, y], 0, 1, nx, per_voxel[0], adds, field_gradient[0, y])
                    _field_row(along[1], field[1, y], y, 0, ny, per_voxel[1], adds, field_gradient[1, y])
                if wants_image:
                    for c in range(channels):
                        v = image_gradient[c]
                        for x in range(nx):
                            q = lefts[x]
                            g = gradient[c, y, x]
                            high = g * weights[1, x]
                            low = g - high
                            end = low * weights[0, x]
                            v[q] += low - end
                            v[q + dx] += end
                            end = high * weights[0, x]
                            v[q + dy] += high - end
                            v[q + dy + dx] += end


@njit(fastmath=_MATHS, cache=True, nogil=True)
def _volume_row(u, v, w, y, z, per_voxel, size, lefts, weights):  # type: ignore[no-untyped-def]
    """lefts [x]: offset of the cell's first voxel; weights [3, x] of its last ones; u, v, w: field's rows."""
    nx, ny, nz = size
    for x in range(nx):
        p = _held(np.float32(x) + per_voxel[0] * u[x], nx)
        i = _left(p, nx)
        weights[0, x] = p - np.float32(i)
        p = _held(np.float32(y) + per_voxel[1] * v[x], ny)
        j = _left(p, ny)
        weights[1, x] = p - np.float32(j)
        p = _held(np.float32(z) + per_voxel[2] * w[x], nz)
        k = _left(p, nz)
        weights[2, x] = p - np.float32(k)
        lefts[x] = np.uint32((k * np.int32(ny) + j) * np.int32(nx) + i)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_volume(image, field, per_voxel, out):  # type: ignore[no-untyped-def]
    """out [C, z, y, x] = image [C, z, y, x] at (x, y, z) + per_voxel * field [3, z, y, x]."""
    channels, nz, ny, nx = image.shape
    flat = image.reshape(channels, nz * ny * nx)
    dx = np.uint32(min(1, nx - 1))
    dy = np.uint32(nx if ny > 1 else 0)
    dz = np.uint32(nx * ny if nz > 1 else 0)
    for z in prange(nz):
        lefts = np.empty(nx, np.uint32)
        weights = np.empty((3, nx), np.float32)
        for y in range(ny):
            _volume_row(
                field[0, z, y], field[1, z, y], field[2, z, y], y, z, per_voxel, (nx, ny, nz), lefts, weights
            )
            for c in range(channels):
                v = flat[c]
                for x in range(nx):
                    q = lefts[x]
                    r = q + dz
                    a = weights[0, x]
                    b = weights[1, x]
                    v00 = v[q] + a * (v[q + dx] - v[q])
                    v01 = v[q + dy] + a * (v[q + dy + dx] - v[q + dy])
                    v10 = v[r] + a * (v[r + dx] - v[r])
                    v11 = v[r + dy] + a * (v[r + dy + dx] - v[r + dy])
                    v0 = v00 + b * (v01 - v00)
                    v1 = v10 + b * (v11 - v10)
                    out[c, z, y, x] = v0 + weights[2, x] * (v1 - v0)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_volume_back(  # type: ignore[no-untyped-def]
    image, field, per_voxel, gradient, thick, wants_image, wants_field, adds, image_gradient, field_gradient
):
    """Both transposes in 3D: image_gradient [C, z y x] is added to, field_gradient [3, z, y, x] written.

    adds: field_gradient is added to as well.
    """
    channels, nz, ny, nx = gradient.shape
    dx = np.uint32(min(1, nx - 1))
    dy = np.uint32(nx if ny > 1 else 0)
    dz = np.uint32(nx * ny if nz > 1 else 0)
    slabs = (nz + thick - 1) // thick
    for colour in range(2):
        for slab in prange((slabs + 1 - colour) // 2):
            lefts = np.empty(nx, np.uint32)
            weights = np.empty((3, nx), np.float32)
            along = np.empty((3, nx), np.float32)
            first = (2 * slab + colour) * thick
            for z in range(first, min(first + thick, nz)):
                for y in range(ny):
                    _volume_row(
                        field[0, z, y],
                        field[1, z, y],
                        field[2, z, y],
                        y,
                        z,
                        per_voxel,
                        (nx, ny, nz),
                        lefts,
                        weights,
                    )
                    if wants_field:
                        along[:] = 0
                        for c in range(channels):
                            v = image[c]
                            for x in range(nx):
                                q = lefts[x]
                                r = q + dz
                                a = weights[0, x]
                                b = weights[1, x]
                                w = weights[2, x]
                                g = gradient[c, z, y, x]
                                d00 = v[q + dx] - v[q]
                                d01 = v[q + dy + dx] - v[q + dy]
                                d10 = v[r + dx] - v[r]
                                d11 = v[r + dy + dx] - v[r + dy]
                                v00 = v[q] + a * d00
                                v10 = v[r] + a * d10
                                e0 = v[q + dy] + a * d01 - v00
                                e1 = v[r + dy] + a * d11 - v10
                                d0 = d00 + b * (d01 - d00)
                                d1 = d10 + b * (d11 - d10)
                                along[0, x] += g * (d0 + w * (d1 - d0))
                                along[1, x] += g * (e0 + w * (e1 - e0))
                                along[2, x] += g * ((v10 + b * e1) - (v00 + b * e0))
                        _field_row(
                            along[0], field[0, z, y], 0, 1, nx, per_voxel[0], adds, field_gradient[0, z, y]
                        )
                        _field_row(
                            along[1], field[1, z, y], y, 0, ny, per_voxel[1], adds, field_gradient[1, z, y]
                        )
                        _field_row(
                            along[2], field[2, z, y], z, 0, nz, per_voxel[2], adds, field_gradient[2, z, y]
                        )
                    if wants_image:
                        for c in range(channels):
                            v = image_gradient[c]
                            for x in range(nx):
                                q = lefts[x]
                                r = q + dz
                                a = weights[0, x]
                                b = weights[1, x]
                                g = gradient[c, z, y, x]
                                high = g * weights[2, x]
                                low = g - high
                                part = low * b
                                end = part * a
                                v[q + dy] += part - end
                                v[q + dy + dx] += end
                                part = low - part
                                end = part * a
                                v[q] += part - end
                                v[q + dx] += end
                                part = high * b
                                end = part * a
                                v[r + dy] += part - end
                                v[r + dy + dx] += end
                                part = high - part
                                end = part * a
                                v[r] += part - end
                                v[r + dx] += end
