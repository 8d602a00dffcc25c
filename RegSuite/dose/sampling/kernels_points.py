"""Compiled kernels of the points that stand for structures: their dose and its slope, and their histograms.

As the voxels' kernels: a sample a call, in a fixed order, the interpreter's lock released.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from RegSuite.dose.kernels import dose_and_slope, spread
from RegSuite.dose.mapping.trilinear import along, determinant, in_cell, turned, within

_MATH = {"contract", "arcp", "nsz"}  # not nnan: NaN is a value here; not reassoc: sums keep their order


@njit(inline="always")
def cell_of(x, y, z, nx, ny, nz, first):  # type: ignore[no-untyped-def]
    """Lowest corner (i, j, k) of a fractional voxel's cell, at the border the last one; k from `first`."""
    i = min(max(int(x), 0), nx - 2)
    j = min(max(int(y), 0), ny - 2)
    return i, j, max(min(int(z), nz - 2), first)


@njit(cache=True, nogil=True, fastmath=_MATH, error_model="numpy")
def at_points(places, alpha_beta, field, first, dose, place, per_mm, matrix, count, out):  # type: ignore[no-untyped-def]
    """out [kinds, 4, P] += dose and its slope a planning voxel along x, y, z, where u takes places [P, 3].

    Kinds: physical dose, and EQD2 of alpha_beta [P] (0: none). field [3, s, Y, X]: u of the planes from
    `first` on, trilinear in its cells and held at the border. NaN where u is undefined, where it folds
    (exact Jacobian of the cell) and where the dose is not known.
    """
    nz, ny, nx = first + field.shape[1], field.shape[2], field.shape[3]
    for p in range(len(places)):
        px, py, pz = places[p, 0], places[p, 1], places[p, 2]
        x, y, z = min(max(px, 0.0), nx - 1.0), min(max(py, 0.0), ny - 1.0), min(max(pz, 0.0), nz - 1.0)
        i, j, k = cell_of(x, y, z, nx, ny, nz, first)
        u, ux, uy, uz = in_cell(field, 0, k - first, j, i, x - i, y - j, z - k)
        v, vx, vy, vz = in_cell(field, 1, k - first, j, i, x - i, y - j, z - k)
        w, wx, wy, wz = in_cell(field, 2, k - first, j, i, x - i, y - j, z - k)
        ux, uy, uz = ux + matrix[0, 0], uy + matrix[0, 1], uz + matrix[0, 2]  # mm a voxel after the map
        vx, vy, vz = vx + matrix[1, 0], vy + matrix[1, 1], vz + matrix[1, 2]
        wx, wy, wz = wx + matrix[2, 0], wy + matrix[2, 1], wz + matrix[2, 2]
        a = along(place, 0, px, py, pz) + turned(per_mm, 0, u, v, w)
        b = along(place, 1, px, py, pz) + turned(per_mm, 1, u, v, w)
        c = along(place, 2, px, py, pz) + turned(per_mm, 2, u, v, w)
        # the grid's own determinant is positive or not with its handedness
        sign = determinant(
            matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[1, 0], matrix[1, 1], matrix[1, 2],
            matrix[2, 0], matrix[2, 1], matrix[2, 2],
        )  # fmt: skip
        if not (sign * determinant(ux, uy, uz, vx, vy, vz, wx, wy, wz) > 0 and within(dose.shape, a, b, c)):
            out[:, 0, p] = np.nan
            continue
        value, da, db, dc = dose_and_slope(dose, a, b, c)
        # slope a mm after the map, then a planning voxel before it
        mx = da * per_mm[0, 0] + db * per_mm[1, 0] + dc * per_mm[2, 0]
        my = da * per_mm[0, 1] + db * per_mm[1, 1] + dc * per_mm[2, 1]
        mz = da * per_mm[0, 2] + db * per_mm[1, 2] + dc * per_mm[2, 2]
        gx, gy, gz = mx * ux + my * vx + mz * wx, mx * uy + my * vy + mz * wy, mx * uz + my * vz + mz * wz
        put(out, 0, p, 1.0, value, gx, gy, gz)
        if len(out) > 1 and alpha_beta[p] > 0:
            ab = alpha_beta[p]
            put(
                out,
                1,
                p,
                (2 * value / count + ab) / (2 + ab),
                value * (value / count + ab) / (2 + ab),
                gx,
                gy,
                gz,
            )


@njit(inline="always")
def put(out, kind, p, rate, value, gx, gy, gz):  # type: ignore[no-untyped-def]
    """Add a value, and `rate` times a slope."""
    out[kind, 0, p] += value
    out[kind, 1, p] += rate * gx
    out[kind, 2, p] += rate * gy
    out[kind, 3, p] += rate * gz


@njit(cache=True, nogil=True, fastmath=_MATH)
def between_voxels(places, which, below, planes, z0, out):  # type: ignore[no-untyped-def]
    """out [kinds, 4, P]: doses and slopes as above of the doses at voxels, trilinear between these.

    planes [1 + a, s, Y, X] from z0 on, below [1 + a, Y, X] the plane before; which [P]: index of the
    EQD2 wanted in the first axis, 0 for none.
    """
    ny, nx = planes.shape[2:]
    nz = z0 + planes.shape[1]
    for p in range(len(places)):
        x, y = min(max(places[p, 0], 0.0), nx - 1.0), min(max(places[p, 1], 0.0), ny - 1.0)
        z = min(max(places[p, 2], 0.0), nz - 1.0)
        i, j, k = cell_of(x, y, z, nx, ny, nz, max(z0 - 1, 0))
        a, b, c = x - i, y - j, z - k
        for kind in range(len(out)):
            source = 0 if kind == 0 else which[p]
            if kind == 1 and source == 0:
                continue
            low = below[source] if k < z0 else planes[source, k - z0]
            high = planes[source, k + 1 - z0]
            d0, d1 = low[j, i + 1] - low[j, i], low[j + 1, i + 1] - low[j + 1, i]
            e0, e1 = high[j, i + 1] - high[j, i], high[j + 1, i + 1] - high[j + 1, i]
            f0, f1 = low[j, i] + a * d0, low[j + 1, i] + a * d1
            h0, h1 = high[j, i] + a * e0, high[j + 1, i] + a * e1
            one, other = f0 + b * (f1 - f0), h0 + b * (h1 - h0)
            out[kind, 0, p] = one + c * (other - one)
            out[kind, 1, p] = (1 - c) * (d0 + b * (d1 - d0)) + c * (e0 + b * (e1 - e0))
            out[kind, 2, p] = (1 - c) * (f1 - f0) + c * (h1 - h0)
            out[kind, 3, p] = other - one


@njit(cache=True, nogil=True)
def count_volume(found, volume, variance, structure, effective, limits, first, width, k, ramps, sums):  # type: ignore[no-untyped-def]
    """Volume by dose of sample k: ramps [S, kinds, n, b] and sums [S, kinds, n, 4] (see tally.Tally).

    found [kinds, 4, P]: doses and slopes; volume [P] cc; variance [P, 6]: xx, yy, zz, xy, xz, yz of what
    the point stands for, over which the slope spreads its dose (evenly, of the same variance). effective
    [P]: whether it has an EQD2. limits [kinds, 2]: doses that cannot be exceeded. Points without volume, on
    the structure's face, count for the least and the largest dose alone.
    """
    for p in range(found.shape[2]):
        for kind in range(len(found)):
            d = np.float64(found[kind, 0, p])
            if np.isnan(d) or (kind == 1 and not effective[p]):
                continue
            x, y, z = (
                np.float64(found[kind, 1, p]),
                np.float64(found[kind, 2, p]),
                np.float64(found[kind, 3, p]),
            )
            v = variance[p]
            square = x * x * v[0] + y * y * v[1] + z * z * v[2]
            square += 2 * (x * y * v[3] + x * z * v[4] + y * z * v[5])
            half = np.sqrt(3 * max(square, 0.0))
            low, high = max(d - half, limits[kind, 0]), min(d + half, limits[kind, 1])
            total = sums[structure[p], kind, k]
            total[0] += volume[p]
            total[1] += volume[p] * d
            total[2] = min(total[2], d)
            total[3] = max(total[3], d)
            spread(ramps[structure[p], kind, k], low, high, volume[p], first[kind], width[kind])
