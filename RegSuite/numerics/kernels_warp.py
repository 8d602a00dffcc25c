"""Compiled trilinear warps: by a field at every voxel, and by a field on coarser nodes."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(inline="always")
def trilinear(image, x, y, z):  # type: ignore[no-untyped-def]
    """The image at fractional voxel (x, y, z), its border repeated."""
    nz, ny, nx = image.shape
    x = min(max(x, np.float32(0.0)), np.float32(nx - 1))
    y = min(max(y, np.float32(0.0)), np.float32(ny - 1))
    z = min(max(z, np.float32(0.0)), np.float32(nz - 1))
    i = min(int(x), max(nx - 2, 0))
    j = min(int(y), max(ny - 2, 0))
    k = min(int(z), max(nz - 2, 0))
    i1 = min(i + 1, nx - 1)
    j1 = min(j + 1, ny - 1)
    k1 = min(k + 1, nz - 1)
    a = np.float32(x - i)
    b = np.float32(y - j)
    c = np.float32(z - k)
    v00 = image[k, j, i] + a * (image[k, j, i1] - image[k, j, i])
    v01 = image[k, j1, i] + a * (image[k, j1, i1] - image[k, j1, i])
    v10 = image[k1, j, i] + a * (image[k1, j, i1] - image[k1, j, i])
    v11 = image[k1, j1, i] + a * (image[k1, j1, i1] - image[k1, j1, i])
    v0 = v00 + b * (v01 - v00)
    v1 = v10 + b * (v11 - v10)
    return v0 + c * (v1 - v0)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def warp_volume(image, affine, field, has_field, field_matrix, out, has_outside, outside):  # type: ignore[no-untyped-def]
    """out[z, y, x] = image at affine (x, y, z, 1) + field_matrix @ field; see resample.warp."""
    nz, ny, nx = out.shape
    mz, my, mx = image.shape
    a = affine.astype(np.float32)
    b = field_matrix.astype(np.float32)
    half = np.float32(0.5)
    for z in prange(nz):
        for y in range(ny):
            bx = a[0, 1] * y + a[0, 2] * z + a[0, 3]
            by = a[1, 1] * y + a[1, 2] * z + a[1, 3]
            bz = a[2, 1] * y + a[2, 2] * z + a[2, 3]
            for x in range(nx):
                px = bx + a[0, 0] * x
                py = by + a[1, 0] * x
                pz = bz + a[2, 0] * x
                if has_field:
                    u = field[0, z, y, x]
                    v = field[1, z, y, x]
                    w = field[2, z, y, x]
                    px += b[0, 0] * u + b[0, 1] * v + b[0, 2] * w
                    py += b[1, 0] * u + b[1, 1] * v + b[1, 2] * w
                    pz += b[2, 0] * u + b[2, 1] * v + b[2, 2] * w
                if has_outside and (
                    px < -half
                    or py < -half
                    or pz < -half
                    or px > mx - half
                    or py > my - half
                    or pz > mz - half
                ):
                    out[z, y, x] = outside
                else:
                    out[z, y, x] = trilinear(image, px, py, pz)


@njit(inline="always")
def node_position(index, stride, count):  # type: ignore[no-untyped-def]
    """Left node and weight of the right node for a voxel; nodes sit at the centres of blocks."""
    t = (np.float32(index) + np.float32(0.5)) / np.float32(stride) - np.float32(0.5)
    t = min(max(t, np.float32(0.0)), np.float32(count - 1))
    left = min(int(t), max(count - 2, 0))
    return left, np.float32(t - left)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def warp_by_nodes(image, affine, field, strides, per_voxel, out, inside, wants_inside):  # type: ignore[no-untyped-def]
    """Warp by a displacement on nodes, interpolated row by row while it is in cache.

    field: [3, z, y, x] mm along the fixed grid's axes, nodes at the centres of blocks of
    `strides` (x, y, z) voxels. per_voxel: 1 / spacing (x, y, z). affine: fixed voxel to
    moving voxel [3, 4]. The border of the image is repeated; where wanted, inside is 1 for the
    voxels that read between the image's outer faces and 0 for the others.
    """
    nz, ny, nx = out.shape
    kz, ky, kx = field.shape[1:]
    mz, my, mx = image.shape
    half = np.float32(0.5)
    a = affine.astype(np.float32)
    for z in prange(nz):
        rows = np.empty((3, kx + 1), np.float32)
        k, c = node_position(z, strides[2], kz)
        k1 = min(k + 1, kz - 1)
        for y in range(ny):
            j, b = node_position(y, strides[1], ky)
            j1 = min(j + 1, ky - 1)
            w00 = (np.float32(1.0) - c) * (np.float32(1.0) - b)
            w01 = (np.float32(1.0) - c) * b
            w10 = c * (np.float32(1.0) - b)
            w11 = c * b
            for m in range(3):
                s = per_voxel[m]
                for i in range(kx):
                    rows[m, i] = s * (
                        w00 * field[m, k, j, i]
                        + w01 * field[m, k, j1, i]
                        + w10 * field[m, k1, j, i]
                        + w11 * field[m, k1, j1, i]
                    )
                rows[m, kx] = rows[m, kx - 1]
            bx = a[0, 1] * y + a[0, 2] * z + a[0, 3]
            by = a[1, 1] * y + a[1, 2] * z + a[1, 3]
            bz = a[2, 1] * y + a[2, 2] * z + a[2, 3]
            for x in range(nx):
                i, t = node_position(x, strides[0], kx)
                u = x + rows[0, i] + t * (rows[0, i + 1] - rows[0, i])
                v = rows[1, i] + t * (rows[1, i + 1] - rows[1, i])
                w = rows[2, i] + t * (rows[2, i + 1] - rows[2, i])
                px = bx + a[0, 0] * u + a[0, 1] * v + a[0, 2] * w
                py = by + a[1, 0] * u + a[1, 1] * v + a[1, 2] * w
                pz = bz + a[2, 0] * u + a[2, 1] * v + a[2, 2] * w
                out[z, y, x] = trilinear(image, px, py, pz)
                if wants_inside:
                    within = (
                        px >= -half
                        and py >= -half
                        and pz >= -half
                        and px <= mx - half
                        and py <= my - half
                        and pz <= mz - half
                    )
                    inside[z, y, x] = np.float32(1.0) if within else np.float32(0.0)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)
def compose(outer, inner, per_voxel, out):  # type: ignore[no-untyped-def]
    """out(x) = inner(x) + outer(x + inner(x)): displacements in mm along the lattice's axes.

    outer, inner, out: [3, z, y, x] on one lattice; per_voxel: 1 / spacing (x, y, z).
    """
    nz, ny, nx = out.shape[1:]
    sx, sy, sz = per_voxel
    for z in prange(nz):
        for y in range(ny):
            for x in range(nx):
                u = inner[0, z, y, x]
                v = inner[1, z, y, x]
                w = inner[2, z, y, x]
                px = min(max(x + sx * u, np.float32(0.0)), np.float32(nx - 1))
                py = min(max(y + sy * v, np.float32(0.0)), np.float32(ny - 1))
                pz = min(max(z + sz * w, np.float32(0.0)), np.float32(nz - 1))
                i = min(int(px), max(nx - 2, 0))
                j = min(int(py), max(ny - 2, 0))
                k = min(int(pz), max(nz - 2, 0))
                i1 = min(i + 1, nx - 1)
                j1 = min(j + 1, ny - 1)
                k1 = min(k + 1, nz - 1)
                a = np.float32(px - i)
                b = np.float32(py - j)
                c = np.float32(pz - k)
                for m in range(3):
                    v00 = outer[m, k, j, i] + a * (outer[m, k, j, i1] - outer[m, k, j, i])
                    v01 = outer[m, k, j1, i] + a * (outer[m, k, j1, i1] - outer[m, k, j1, i])
                    v10 = outer[m, k1, j, i] + a * (outer[m, k1, j, i1] - outer[m, k1, j, i])
                    v11 = outer[m, k1, j1, i] + a * (outer[m, k1, j1, i1] - outer[m, k1, j1, i])
                    v0 = v00 + b * (v01 - v00)
                    v1 = v10 + b * (v11 - v10)
                    out[m, z, y, x] = inner[m, z, y, x] + v0 + c * (v1 - v0)
