"""Compiled linear reading of an image at displaced voxels, and its two transposes.

The gradient with respect to the image is a scatter. Its planes (rows in 2D) are dealt with in slabs,
first the even, then the odd ones; slabs are so thick that two of one colour never write to the same
place. Which they are depends on the displacement alone, so each sum has one order whatever the threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

_MATHS = {"contract", "nsz", "arcp"}
"""Liberties of the compiler; not-a-numbers are kept, since they may stand in a failing displacement."""


@njit(inline="always")
def _cell(p, n):  # type: ignore[no-untyped-def]
    """Left voxel, right voxel, weight of the right one and whether p lies on the axis of n voxels."""
    last = np.float32(n - 1)
    inside = p >= np.float32(0.0) and p <= last
    q = min(max(p, np.float32(0.0)), last)
    i = max(min(int(q), n - 2), 0)  # again on integers: no place outside even where p is no number
    return i, min(i + 1, n - 1), q - np.float32(i), inside


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_plane(image, field, per_voxel, out):  # type: ignore[no-untyped-def]
    """out [C, y, x] = image [C, y, x] at (x, y) + per_voxel * field [2, y, x]."""
    channels, ny, nx = image.shape
    sx, sy = per_voxel
    for y in prange(ny):
        for x in range(nx):
            i, i1, a, _ = _cell(np.float32(x) + sx * field[0, y, x], nx)
            j, j1, b, _ = _cell(np.float32(y) + sy * field[1, y, x], ny)
            for c in range(channels):
                v0 = image[c, j, i] + a * (image[c, j, i1] - image[c, j, i])
                v1 = image[c, j1, i] + a * (image[c, j1, i1] - image[c, j1, i])
                out[c, y, x] = v0 + b * (v1 - v0)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_volume(image, field, per_voxel, out):  # type: ignore[no-untyped-def]
    """out [C, z, y, x] = image [C, z, y, x] at (x, y, z) + per_voxel * field [3, z, y, x]."""
    channels, nz, ny, nx = image.shape
    sx, sy, sz = per_voxel
    for job in prange(nz * ny):
        z = job // ny
        y = job % ny
        for x in range(nx):
            i, i1, a, _ = _cell(np.float32(x) + sx * field[0, z, y, x], nx)
            j, j1, b, _ = _cell(np.float32(y) + sy * field[1, z, y, x], ny)
            k, k1, w, _ = _cell(np.float32(z) + sz * field[2, z, y, x], nz)
            for c in range(channels):
                v00 = image[c, k, j, i] + a * (image[c, k, j, i1] - image[c, k, j, i])
                v01 = image[c, k, j1, i] + a * (image[c, k, j1, i1] - image[c, k, j1, i])
                v10 = image[c, k1, j, i] + a * (image[c, k1, j, i1] - image[c, k1, j, i])
                v11 = image[c, k1, j1, i] + a * (image[c, k1, j1, i1] - image[c, k1, j1, i])
                v0 = v00 + b * (v01 - v00)
                v1 = v10 + b * (v11 - v10)
                out[c, z, y, x] = v0 + w * (v1 - v0)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def _reach(along, scale, low, high):  # type: ignore[no-untyped-def]
    """low, high [n]: first and last plane that each plane of `along` [n, rest] reads; scale: 1 / spacing."""
    n, rest = along.shape
    for z in prange(n):
        least = np.float32(np.inf)
        most = np.float32(-np.inf)
        for x in range(rest):
            u = along[z, x]
            least = min(least, u)
            most = max(most, u)
        low[z] = _cell(np.float32(z) + scale * least, n)[0]
        high[z] = _cell(np.float32(z) + scale * most, n)[1]


@njit(cache=True, nogil=True)
def _apart(low, high, thick):  # type: ignore[no-untyped-def]
    """Whether slabs of `thick` planes write to places of their own, every second one left out."""
    n = low.shape[0]
    ends = np.full(2, -1, np.int64)
    for slab in range((n + thick - 1) // thick):
        first = low[slab * thick]
        last = high[slab * thick]
        for z in range(slab * thick, min((slab + 1) * thick, n)):
            first = min(first, low[z])
            last = max(last, high[z])
        if first <= ends[slab % 2]:
            return False
        ends[slab % 2] = max(ends[slab % 2], last)
    return True


@njit(cache=True, nogil=True)
def slab_thickness(along, scale, least):  # type: ignore[no-untyped-def]
    """Planes a slab; all of them where the displacement leaves no thinner slabs apart."""
    n = along.shape[0]
    if np.isnan(along).any():
        return n
    low = np.empty(n, np.int64)
    high = np.empty(n, np.int64)
    _reach(along, scale, low, high)
    thick = least
    while thick < n and not _apart(low, high, thick):
        thick *= 2
    return min(thick, n)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_plane_back(  # type: ignore[no-untyped-def]
    image, field, per_voxel, gradient, thick, wants_image, wants_field, image_gradient, field_gradient
):
    """Both transposes in 2D: image_gradient is added to, field_gradient is written."""
    channels, ny, nx = gradient.shape
    sx, sy = per_voxel
    slabs = (ny + thick - 1) // thick
    for colour in range(2):
        for slab in prange((slabs + 1 - colour) // 2):
            first = (2 * slab + colour) * thick
            for y in range(first, min(first + thick, ny)):
                for x in range(nx):
                    i, i1, a, in_x = _cell(np.float32(x) + sx * field[0, y, x], nx)
                    j, j1, b, in_y = _cell(np.float32(y) + sy * field[1, y, x], ny)
                    gx = np.float32(0.0)
                    gy = np.float32(0.0)
                    for c in range(channels):
                        g = gradient[c, y, x]
                        if wants_image:
                            low = g * (np.float32(1.0) - b)
                            high = g * b
                            image_gradient[c, j, i] += low * (np.float32(1.0) - a)
                            image_gradient[c, j, i1] += low * a
                            image_gradient[c, j1, i] += high * (np.float32(1.0) - a)
                            image_gradient[c, j1, i1] += high * a
                        if wants_field:
                            d0 = image[c, j, i1] - image[c, j, i]
                            d1 = image[c, j1, i1] - image[c, j1, i]
                            gx += g * (d0 + b * (d1 - d0))
                            gy += g * (image[c, j1, i] + a * d1 - image[c, j, i] - a * d0)
                    if wants_field:
                        field_gradient[0, y, x] = sx * gx if in_x else np.float32(0.0)
                        field_gradient[1, y, x] = sy * gy if in_y else np.float32(0.0)


@njit(parallel=True, fastmath=_MATHS, cache=True, nogil=True)
def pull_volume_back(  # type: ignore[no-untyped-def]
    image, field, per_voxel, gradient, thick, wants_image, wants_field, image_gradient, field_gradient
):
    """Both transposes in 3D: image_gradient is added to, field_gradient is written."""
    channels, nz, ny, nx = gradient.shape
    sx, sy, sz = per_voxel
    one = np.float32(1.0)
    slabs = (nz + thick - 1) // thick
    for colour in range(2):
        for slab in prange((slabs + 1 - colour) // 2):
            first = (2 * slab + colour) * thick
            for z in range(first, min(first + thick, nz)):
                for y in range(ny):
                    for x in range(nx):
                        i, i1, a, in_x = _cell(np.float32(x) + sx * field[0, z, y, x], nx)
                        j, j1, b, in_y = _cell(np.float32(y) + sy * field[1, z, y, x], ny)
                        k, k1, w, in_z = _cell(np.float32(z) + sz * field[2, z, y, x], nz)
                        gx = np.float32(0.0)
                        gy = np.float32(0.0)
                        gz = np.float32(0.0)
                        for c in range(channels):
                            g = gradient[c, z, y, x]
                            if wants_image:
                                g00 = g * (one - w) * (one - b)
                                g01 = g * (one - w) * b
                                g10 = g * w * (one - b)
                                g11 = g * w * b
                                image_gradient[c, k, j, i] += g00 * (one - a)
                                image_gradient[c, k, j, i1] += g00 * a
                                image_gradient[c, k, j1, i] += g01 * (one - a)
                                image_gradient[c, k, j1, i1] += g01 * a
                                image_gradient[c, k1, j, i] += g10 * (one - a)
                                image_gradient[c, k1, j, i1] += g10 * a
                                image_gradient[c, k1, j1, i] += g11 * (one - a)
                                image_gradient[c, k1, j1, i1] += g11 * a
                            if wants_field:
                                d00 = image[c, k, j, i1] - image[c, k, j, i]
                                d01 = image[c, k, j1, i1] - image[c, k, j1, i]
                                d10 = image[c, k1, j, i1] - image[c, k1, j, i]
                                d11 = image[c, k1, j1, i1] - image[c, k1, j1, i]
                                v00 = image[c, k, j, i] + a * d00
                                v01 = image[c, k, j1, i] + a * d01
                                v10 = image[c, k1, j, i] + a * d10
                                v11 = image[c, k1, j1, i] + a * d11
                                d0 = d00 + b * (d01 - d00)
                                d1 = d10 + b * (d11 - d10)
                                gx += g * (d0 + w * (d1 - d0))
                                e0 = v01 - v00
                                e1 = v11 - v10
                                gy += g * (e0 + w * (e1 - e0))
                                gz += g * ((v10 + b * e1) - (v00 + b * e0))
                        if wants_field:
                            field_gradient[0, z, y, x] = sx * gx if in_x else np.float32(0.0)
                            field_gradient[1, z, y, x] = sy * gy if in_y else np.float32(0.0)
                            field_gradient[2, z, y, x] = sz * gz if in_z else np.float32(0.0)
