"""The compiled search for gamma."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(inline="always")
def dose_apart(low, high, dose):  # type: ignore[no-untyped-def]
    """How far `dose` is from the interval low..high; 0 within it."""
    return max(low - dose, dose - high, 0.0)


@njit(cache=True, nogil=True)
def best_in_cell(dose, i, j, k, x, y, z, spacing, wanted, dta, criterion, steps, best):  # type: ignore[no-untyped-def]
    """The least squared gamma within the cell whose lowest corner is (i, j, k), or `best` if that is less.

    The dose is trilinear: along lines parallel to an axis it is linear, and the least gamma on such a
    line is a closed form. The lines follow the axis of the steepest dose, so that each crosses the
    surface of the wanted dose squarely; across it they are `steps` a cell apart.
    """
    nz, ny, nx = dose.shape
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    c000, c100, c010, c110 = dose[k, j, i], dose[k, j, i1], dose[k, j1, i], dose[k, j1, i1]
    c001, c101, c011, c111 = dose[k1, j, i], dose[k1, j, i1], dose[k1, j1, i], dose[k1, j1, i1]
    if np.isnan(c000 + c100 + c010 + c110 + c001 + c101 + c011 + c111):
        return best  # a dose that is not known agrees with nothing
    low = min(min(min(c000, c100), min(c010, c110)), min(min(c001, c101), min(c011, c111)))
    high = max(max(max(c000, c100), max(c010, c110)), max(max(c001, c101), max(c011, c111)))
    dx = max(i - x, x - i1, 0.0) * spacing[0]
    dy = max(j - y, y - j1, 0.0) * spacing[1]
    dz = max(k - z, z - k1, 0.0) * spacing[2]
    per_mm, per_gy = 1.0 / (dta * dta), 1.0 / (criterion * criterion)
    apart = dose_apart(low, high, wanted)
    if (dx * dx + dy * dy + dz * dz) * per_mm + apart * apart * per_gy >= best:
        return best
    fall_x = (abs(c100 - c000) + abs(c110 - c010) + abs(c101 - c001) + abs(c111 - c011)) / spacing[0]
    fall_y = (abs(c010 - c000) + abs(c110 - c100) + abs(c011 - c001) + abs(c111 - c101)) / spacing[1]
    fall_z = (abs(c001 - c000) + abs(c101 - c100) + abs(c011 - c010) + abs(c111 - c110)) / spacing[2]
    # where the cell begins from the point, its size, and the lines across: along (a), then b and c
    if fall_x >= fall_y and fall_x >= fall_z:
        la, lb, lc = (i - x) * spacing[0], (j - y) * spacing[1], (k - z) * spacing[2]
        sa, sb, sc = (i1 - i) * spacing[0], (j1 - j) * spacing[1], (k1 - k) * spacing[2]
        nb, nc = steps[1], steps[2]
    elif fall_y >= fall_z:
        la, lb, lc = (j - y) * spacing[1], (i - x) * spacing[0], (k - z) * spacing[2]
        sa, sb, sc = (j1 - j) * spacing[1], (i1 - i) * spacing[0], (k1 - k) * spacing[2]
        nb, nc = steps[0], steps[2]
        c100, c010, c101, c011 = c010, c100, c011, c101
    else:
        la, lb, lc = (k - z) * spacing[2], (j - y) * spacing[1], (i - x) * spacing[0]
        sa, sb, sc = (k1 - k) * spacing[2], (j1 - j) * spacing[1], (i1 - i) * spacing[0]
        nb, nc = steps[1], steps[0]
        c100, c001, c110, c011 = c001, c100, c011, c110
    nb, nc = (nb if sb > 0 else 0), (nc if sc > 0 else 0)
    for m in range(nc + 1):
        w = m / max(nc, 1)
        apart_c = lc + w * sc
        if apart_c * apart_c * per_mm >= best:
            continue
        a00, a10 = c000 + w * (c001 - c000), c100 + w * (c101 - c100)
        a01, a11 = c010 + w * (c011 - c010), c110 + w * (c111 - c110)
        for n in range(nb + 1):
            v = n / max(nb, 1)
            apart_b = lb + v * sb
            across = (apart_b * apart_b + apart_c * apart_c) * per_mm
            if across >= best:
                continue
            d0 = a00 + v * (a01 - a00) - wanted
            slope = a10 + v * (a11 - a10) - wanted - d0
            # (la + t sa)^2 / dta^2 + (d0 + t slope)^2 / criterion^2 is least at
            divisor = sa * sa * per_mm + slope * slope * per_gy
            t = 0.0
            if divisor > 0:
                t = min(max(-(sa * la * per_mm + d0 * slope * per_gy) / divisor, 0.0), 1.0)
            apart_a, d = la + t * sa, d0 + t * slope
            best = min(best, across + apart_a * apart_a * per_mm + d * d * per_gy)
    return best


@njit(cache=True, nogil=True)
def unknown_at(dose, x, y, z):  # type: ignore[no-untyped-def]
    """Whether the trilinear dose at (x, y, z) rests on a voxel that is NaN."""
    nz, ny, nx = dose.shape
    slack = 1e-3
    for k in range(int(np.floor(z + slack)), int(np.ceil(z - slack)) + 1):
        for j in range(int(np.floor(y + slack)), int(np.ceil(y - slack)) + 1):
            for i in range(int(np.floor(x + slack)), int(np.ceil(x - slack)) + 1):
                if np.isnan(dose[min(k, nz - 1), min(j, ny - 1), min(i, nx - 1)]):
                    return True
    return False


@njit(parallel=True, cache=True, nogil=True)
def search(reference, index, evaluated, spacing, criterion, dta, most, steps, on_voxels, out):  # type: ignore[no-untyped-def]
    """out [n] = gamma of n points, at most `most`; NaN for points that the evaluated dose does not reach.

    reference [n] Gy at index [n, 3] (fractional voxels of the evaluated grid), criterion [n] Gy.
    on_voxels: only the evaluated voxels' centres are looked at, no point between them.
    """
    nz, ny, nx = evaluated.shape
    size = np.array([nx, ny, nz])
    slack = 1e-3
    for n in prange(len(reference)):
        p = index[n]
        outside = False
        for a in range(3):
            outside = outside or p[a] < -slack or p[a] > size[a] - 1 + slack
        if outside:
            out[n] = np.nan
            continue
        x = min(max(p[0], 0.0), nx - 1.0)
        y = min(max(p[1], 0.0), ny - 1.0)
        z = min(max(p[2], 0.0), nz - 1.0)
        if unknown_at(evaluated, x, y, z):
            out[n] = np.nan
            continue
        best = most * most
        rx, ry, rz = most * dta / spacing[0], most * dta / spacing[1], most * dta / spacing[2]
        if on_voxels:
            i0, i1 = max(int(np.ceil(x - rx)), 0), min(int(np.floor(x + rx)), nx - 1)
            j0, j1 = max(int(np.ceil(y - ry)), 0), min(int(np.floor(y + ry)), ny - 1)
            k0, k1 = max(int(np.ceil(z - rz)), 0), min(int(np.floor(z + rz)), nz - 1)
            for k in range(k0, k1 + 1):
                dz = (k - z) * spacing[2] / dta
                for j in range(j0, j1 + 1):
                    dy = (j - y) * spacing[1] / dta
                    for i in range(i0, i1 + 1):
                        dx = (i - x) * spacing[0] / dta
                        d = (evaluated[k, j, i] - reference[n]) / criterion[n]
                        if not np.isnan(d):
                            best = min(best, dx * dx + dy * dy + dz * dz + d * d)
            out[n] = np.sqrt(best)
            continue
        ci, cj, ck = min(int(x), max(nx - 2, 0)), min(int(y), max(ny - 2, 0)), min(int(z), max(nz - 2, 0))
        best = best_in_cell(
            evaluated, ci, cj, ck, x, y, z, spacing, reference[n], dta, criterion[n], steps, best
        )
        reach = int(np.ceil(max(rx, ry, rz))) + 1
        for shell in range(
            1, reach + 1
        ):  # cells outwards: what is near makes the bound that skips what is far
            nearest = (shell - 1) * min(spacing[0], spacing[1], spacing[2]) / dta
            if nearest * nearest >= best:
                break
            for k in range(max(ck - shell, 0), min(ck + shell, max(nz - 2, 0)) + 1):
                for j in range(max(cj - shell, 0), min(cj + shell, max(ny - 2, 0)) + 1):
                    on_face = abs(k - ck) == shell or abs(j - cj) == shell
                    stride = 1 if on_face else 2 * shell
                    for i in range(ci - shell, ci + shell + 1, stride):
                        if 0 <= i <= max(nx - 2, 0):
                            best = best_in_cell(
                                evaluated,
                                i,
                                j,
                                k,
                                x,
                                y,
                                z,
                                spacing,
                                reference[n],
                                dta,
                                criterion[n],
                                steps,
                                best,
                            )
        out[n] = np.sqrt(best)
