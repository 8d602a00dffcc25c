"""Costs of displacements at keypoints: compiled patch differences of descriptors."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def _corner(t, n):  # type: ignore[no-untyped-def]
    """Lower voxel and weight of the upper one along an axis of n voxels, the border repeated."""
    t = min(max(t, 0.0), n - 1.0)
    i = min(np.int64(t), max(n - 2, 0))
    return i, t - i


@njit(cache=True, nogil=True, fastmath=True)
def _taken(values, x, y, z, out):  # type: ignore[no-untyped-def]
    """out[:] = descriptors at fractional voxel (x, y, z), linearly."""
    nz, ny, nx, channels = values.shape
    i, fx = _corner(x, nx)
    j, fy = _corner(y, ny)
    k, fz = _corner(z, nz)
    out[:] = 0.0
    for c in range(8):
        dx = c & 1
        dy = (c >> 1) & 1
        dz = c >> 2
        w = (fx if dx else 1.0 - fx) * (fy if dy else 1.0 - fy) * (fz if dz else 1.0 - fz)
        if w == 0.0:
            continue
        w32 = np.float32(w)
        for m in range(channels):
            out[m] += w32 * np.float32(values[k + dz, j + dy, i + dx, m])


@njit(cache=True, nogil=True, fastmath=True)
def _block(values, at, half, channels, out):  # type: ignore[no-untyped-def]
    """out [C, bz, by, bx] = descriptors around fractional voxel `at`, `half` (x, y, z) voxels either way."""
    one = np.empty(channels, np.float32)
    for z in range(2 * half[2] + 1):
        for y in range(2 * half[1] + 1):
            for x in range(2 * half[0] + 1):
                _taken(values, at[0] + x - half[0], at[1] + y - half[1], at[2] + z - half[2], one)
                for m in range(channels):
                    out[m, z, y, x] = one[m]


@njit(cache=True, nogil=True, fastmath=True)
def _row(block, fixed, reach, dz, dy, row):  # type: ignore[no-untyped-def]
    """row[dx] = sum over patch and channels of (fixed - shifted block)^2; patch samples two voxels apart."""
    channels = block.shape[0]
    length = len(row)
    row[:] = 0.0
    n = 0
    for pz in range(2 * reach[2] + 1):
        for py in range(2 * reach[1] + 1):
            for px in range(2 * reach[0] + 1):
                for m in range(channels):
                    f = fixed[n, m]
                    line = block[m, dz + 2 * pz, dy + 2 * py]
                    for dx in range(length):
                        e = f - line[dx + 2 * px]
                        row[dx] += e * e
                n += 1


@njit(cache=True, nogil=True)
def patch_costs(fixed, moving, inside, at_fixed, at_moving, window, reach, neutral, costs):  # type: ignore[no-untyped-def]
    """costs[i, l] = mean over patch and channels of squared descriptor differences (1 is 255^2).

    fixed, moving: uint8 [z, y, x, C]; inside: uint8 on moving. at_fixed, at_moving: [n, 3] voxels x, y, z
    of the keypoint and of its place at displacement 0. window, reach: half widths x, y, z of displacements
    and of the patch (in samples two voxels apart). l runs over displacements, x fastest. Where the place
    is outside, the cost is `neutral` (NaN: marked, for the caller to fill).
    """
    channels = fixed.shape[3]
    half = window + 2 * reach
    patch = (2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1)
    size = 2 * half + 1
    across = 2 * window + 1
    nz, ny, nx = inside.shape
    sample = np.empty((patch, channels), np.float32)
    block = np.empty((channels, size[2], size[1], size[0]), np.float32)
    row = np.empty(across[0], np.float32)
    for i in range(len(at_fixed)):
        n = 0
        for pz in range(-reach[2], reach[2] + 1):
            for py in range(-reach[1], reach[1] + 1):
                for px in range(-reach[0], reach[0] + 1):
                    _taken(
                        fixed,
                        at_fixed[i, 0] + 2 * px,
                        at_fixed[i, 1] + 2 * py,
                        at_fixed[i, 2] + 2 * pz,
                        sample[n],
                    )
                    n += 1
        _block(moving, at_moving[i], half, channels, block)
        scale = np.float32(1.0 / (255.0 * 255.0 * patch * channels))
        label = 0
        for dz in range(across[2]):
            z = np.int64(math.floor(at_moving[i, 2] + dz - window[2] + 0.5))
            for dy in range(across[1]):
                y = np.int64(math.floor(at_moving[i, 1] + dy - window[1] + 0.5))
                _row(block, sample, reach, dz, dy, row)
                for dx in range(across[0]):
                    x = np.int64(math.floor(at_moving[i, 0] + dx - window[0] + 0.5))
                    seen = 0 <= x < nx and 0 <= y < ny and 0 <= z < nz and inside[z, y, x] > 0
                    costs[i, label] = row[dx] * scale if seen else neutral
                    label += 1
