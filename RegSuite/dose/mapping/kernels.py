"""Compiled kernels of dose mapping: some slices at a time, one thread each, the interpreter's lock released.

Voxels are independent of each other, so that how the slices are shared out among threads changes no
bit. The plain torch twins are in plain.py. Places are computed in float64, values are float32.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from RegSuite.dose.mapping.jacobians import jacobian_at, jacobians_inside
from RegSuite.dose.mapping.marks import FOLDED, OUTSIDE, UNDEFINED
from RegSuite.dose.mapping.trilinear import (
    along,
    determinant,
    in_cell,
    part_width,
    share_within,
    turned,
    value_at,
    within,
)

_MATH = {"contract", "arcp", "nsz"}  # not nnan: NaN is a value here


@njit(cache=True, nogil=True, fastmath=_MATH, error_model="numpy")
def ddm(dose, place, per_mm, field, first, z0, matrix, out, marks):  # type: ignore[no-untyped-def]
    """out [n, y, x], marks [n, y, x]: the planning slices z0 to z0 + n of the dose at x + u(x).

    dose float32 [z, y, x]. place [3, 4]: planning voxel to dose voxel; per_mm [3, 3]: dose voxels a mm.
    field float32 [3, s, y, x]: u in LPS mm of the planning slices from `first` on, NaN undefined; it
    holds the slice before z0 and the one after the last unless these are beyond the planning grid.
    matrix [3, 3]: mm a planning voxel.
    """
    n, ny, nx = out.shape
    volume = determinant(
        matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[1, 0], matrix[1, 1], matrix[1, 2],
        matrix[2, 0], matrix[2, 1], matrix[2, 2],
    )  # fmt: skip
    inside = np.empty(nx)
    for s in range(n):
        k = z0 + s - first
        for j in range(ny):
            jacobians_inside(field, matrix, volume, k, j, inside)
            for i in range(nx):
                u, v, w = field[0, k, j, i], field[1, k, j, i], field[2, k, j, i]
                mark = 0
                value = np.float32(np.nan)
                jacobian = np.nan
                if np.isfinite(u) and np.isfinite(v) and np.isfinite(w):
                    jacobian = inside[i]
                    if not np.isfinite(jacobian):
                        jacobian = jacobian_at(field, matrix, volume, k, j, i)
                    x = along(place, 0, i, j, z0 + s) + turned(per_mm, 0, u, v, w)
                    y = along(place, 1, i, j, z0 + s) + turned(per_mm, 1, u, v, w)
                    z = along(place, 2, i, j, z0 + s) + turned(per_mm, 2, u, v, w)
                    if not within(dose.shape, x, y, z):
                        mark |= OUTSIDE
                    elif jacobian > 0:
                        value = np.float32(value_at(dose, x, y, z))
                if not np.isfinite(jacobian):
                    mark |= UNDEFINED
                elif jacobian <= 0:
                    mark |= FOLDED
                out[s, j, i] = value
                marks[s, j, i] = mark


@njit(cache=True, nogil=True, fastmath=_MATH, error_model="numpy")
def emt(  # type: ignore[no-untyped-def]
    dose, place, per_mm, density, density_place, density_per_mm, field, first, z0, matrix, parts, out, marks,
    sums,
):  # fmt: skip
    """As `ddm`, but energy over mass of each voxel, cut in `parts` (even) along each axis.

    density float32 [z, y, x] in g/cm3 with density_place, density_per_mm as the dose's. sums [n, 3] of each
    slice, in Gy g/cm3 planning voxels (mass: g/cm3 planning voxels): energy that arrived in voxels
    without a mark, energy in voxels with one as far as it is known, and mass of the former. Of a part
    that the face of the dose or density grid cuts, what lies within counts.
    """
    n, ny, nx = out.shape
    nk = field.shape[1]
    half = parts // 2
    volume = determinant(
        matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[1, 0], matrix[1, 1], matrix[1, 2],
        matrix[2, 0], matrix[2, 1], matrix[2, 2],
    )  # fmt: skip
    share = 1.0 / (parts * parts * parts)
    wide, density_wide = part_width(place, parts), part_width(density_place, parts)
    for s in range(n):
        kept, lost, weight = 0.0, 0.0, 0.0
        for j in range(ny):
            for i in range(nx):
                energy, mass, mark = 0.0, 0.0, 0
                for octant in range(8):
                    # the cell between voxel centres that this eighth lies in; at the border the last goes on
                    ci = min(max(i - 1 + (octant & 1), 0), nx - 2)
                    cj = min(max(j - 1 + ((octant >> 1) & 1), 0), ny - 2)
                    ck = min(max(z0 + s - 1 + (octant >> 2), first), first + nk - 2)
                    for part in range(half * half * half):
                        px = (part % half + 0.5) / parts + ((octant & 1) * 0.5 - 0.5)
                        py = ((part // half) % half + 0.5) / parts + (((octant >> 1) & 1) * 0.5 - 0.5)
                        pz = (part // (half * half) + 0.5) / parts + ((octant >> 2) * 0.5 - 0.5)
                        px, py, pz = i + px, j + py, z0 + s + pz
                        fx, fy, fz = px - ci, py - cj, pz - ck
                        u, ux, uy, uz = in_cell(field, 0, ck - first, cj, ci, fx, fy, fz)
                        v, vx, vy, vz = in_cell(field, 1, ck - first, cj, ci, fx, fy, fz)
                        w, wx, wy, wz = in_cell(field, 2, ck - first, cj, ci, fx, fy, fz)
                        if not (np.isfinite(u) and np.isfinite(v) and np.isfinite(w)):
                            mark |= UNDEFINED
                            continue
                        jacobian = (
                            determinant(
                                matrix[0, 0] + ux, matrix[0, 1] + uy, matrix[0, 2] + uz,
                                matrix[1, 0] + vx, matrix[1, 1] + vy, matrix[1, 2] + vz,
                                matrix[2, 0] + wx, matrix[2, 1] + wy, matrix[2, 2] + wz,
                            )
                            / volume
                        )  # fmt: skip
                        if not jacobian > 0:
                            mark |= FOLDED
                            continue
                        x = along(place, 0, px, py, pz) + turned(per_mm, 0, u, v, w)
                        y = along(place, 1, px, py, pz) + turned(per_mm, 1, u, v, w)
                        z = along(place, 2, px, py, pz) + turned(per_mm, 2, u, v, w)
                        a = along(density_place, 0, px, py, pz) + turned(density_per_mm, 0, u, v, w)
                        b = along(density_place, 1, px, py, pz) + turned(density_per_mm, 1, u, v, w)
                        c = along(density_place, 2, px, py, pz) + turned(density_per_mm, 2, u, v, w)
                        if not (within(dose.shape, x, y, z) and within(density.shape, a, b, c)):
                            mark |= OUTSIDE
                        inside = share_within(dose.shape, x, y, z, wide)
                        inside = min(inside, share_within(density.shape, a, b, c, density_wide))
                        if inside <= 0:
                            continue
                        heavy = value_at(density, a, b, c) * jacobian * inside
                        energy += heavy * value_at(dose, x, y, z)
                        mass += heavy
                marks[s, j, i] = mark
                if mark:
                    out[s, j, i] = np.nan
                    lost += energy
                else:
                    out[s, j, i] = np.float32(energy / mass)
                    kept += energy
                    weight += mass
        sums[s, 0], sums[s, 1], sums[s, 2] = kept * share, lost * share, weight * share
