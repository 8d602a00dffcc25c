"""Compiled: how much a displacement on a grid stretches space at its voxels."""

from __future__ import annotations

import numpy as np
from numba import njit

from RegSuite.dose.mapping.trilinear import determinant


@njit(inline="always")
def slope_at(field, c, k, j, i, axis):  # type: ignore[no-untyped-def]
    """Difference a voxel of field [3, z, y, x] along an axis: central, one-sided beside a border or NaN.

    NaN where neither neighbour has a value.
    """
    nk, nj, ni = field.shape[1], field.shape[2], field.shape[3]
    here = field[c, k, j, i]
    low = high = np.float32(np.nan)
    if axis == 0:
        low = field[c, k, j, i - 1] if i > 0 else low
        high = field[c, k, j, i + 1] if i < ni - 1 else high
    elif axis == 1:
        low = field[c, k, j - 1, i] if j > 0 else low
        high = field[c, k, j + 1, i] if j < nj - 1 else high
    else:
        low = field[c, k - 1, j, i] if k > 0 else low
        high = field[c, k + 1, j, i] if k < nk - 1 else high
    if np.isfinite(low) and np.isfinite(high):
        return 0.5 * (np.float64(high) - low)
    return np.float64(high) - here if np.isfinite(high) else np.float64(here) - low


@njit(inline="always")
def jacobian_at(field, m, volume, k, j, i):  # type: ignore[no-untyped-def]
    """det(I + du/dx) at a voxel: that of mm a voxel after the map over before it; m, volume: mm before."""
    return (
        determinant(
            m[0, 0] + slope_at(field, 0, k, j, i, 0),
            m[0, 1] + slope_at(field, 0, k, j, i, 1),
            m[0, 2] + slope_at(field, 0, k, j, i, 2),
            m[1, 0] + slope_at(field, 1, k, j, i, 0),
            m[1, 1] + slope_at(field, 1, k, j, i, 1),
            m[1, 2] + slope_at(field, 1, k, j, i, 2),
            m[2, 0] + slope_at(field, 2, k, j, i, 0),
            m[2, 1] + slope_at(field, 2, k, j, i, 1),
            m[2, 2] + slope_at(field, 2, k, j, i, 2),
        )
        / volume
    )


@njit(inline="always")
def jacobians_inside(field, m, volume, k, j, row):  # type: ignore[no-untyped-def]
    """As `jacobian_at`, of a row of voxels; NaN where a neighbour is undefined or beyond the field.

    Central differences in runs of memory, so that the processor takes several voxels at once.
    """
    nk, nj, ni = field.shape[1:]
    row[:] = np.nan
    if k == 0 or j == 0 or k == nk - 1 or j == nj - 1:
        return
    u, v, w = field[0, k, j], field[1, k, j], field[2, k, j]
    u_y, v_y, w_y = field[0, k, j + 1], field[1, k, j + 1], field[2, k, j + 1]
    u_b, v_b, w_b = field[0, k, j - 1], field[1, k, j - 1], field[2, k, j - 1]
    u_z, v_z, w_z = field[0, k + 1, j], field[1, k + 1, j], field[2, k + 1, j]
    u_l, v_l, w_l = field[0, k - 1, j], field[1, k - 1, j], field[2, k - 1, j]
    per = 1.0 / volume
    for i in range(1, ni - 1):
        row[i] = per * determinant(
            m[0, 0] + 0.5 * (np.float64(u[i + 1]) - u[i - 1]),
            m[0, 1] + 0.5 * (np.float64(u_y[i]) - u_b[i]),
            m[0, 2] + 0.5 * (np.float64(u_z[i]) - u_l[i]),
            m[1, 0] + 0.5 * (np.float64(v[i + 1]) - v[i - 1]),
            m[1, 1] + 0.5 * (np.float64(v_y[i]) - v_b[i]),
            m[1, 2] + 0.5 * (np.float64(v_z[i]) - v_l[i]),
            m[2, 0] + 0.5 * (np.float64(w[i + 1]) - w[i - 1]),
            m[2, 1] + 0.5 * (np.float64(w_y[i]) - w_b[i]),
            m[2, 2] + 0.5 * (np.float64(w_z[i]) - w_l[i]),
        )
