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

    The dose is trilinear: along each of the lines along x, `steps` a cell apart in y and z, it is
    linear, and the least gamma on the line is a closed form.
    """
    nz, ny, nx = dose.shape
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    c000, c100, c010, c110 = dose[k, j, i], dose[k, j, i1], dose[k, j1, i], dose[k, j1, i1]
    c001, c101, c011, c111 = dose[k1, j, i], dose[k1, j, i1], dose[k1, j1, i], dose[k1, j1, i1]
    low = min(min(min(c000, c100), min(c010, c110)), min(min(c001, c101), min(c011, c111)))
    high = max(max(max(c000, c100), max(c010, c110)), max(max(c001, c101), max(c011, c111)))
    dx = max(i - x, x - i1, 0.0) * spacing[0]
    dy = max(j - y, y - j1, 0.0) * spacing[1]
    dz = max(k - z, z - k1, 0.0) * spacing[2]
    per_mm, per_gy = 1.0 / (dta * dta), 1.0 / (criterion * criterion)
    apart = dose_apart(low, high, wanted)
    if (dx * dx + dy * dy + dz * dz) * per_mm + apart * apart * per_gy >= best:
        return best
    sx = spacing[0]
    ny_, nz_ = (steps[1] if j1 > j else 0), (steps[2] if k1 > k else 0)
    for c in range(nz_ + 1):
        w = c / max(nz_, 1)
        dz = (k + w - z) * spacing[2]
        if dz * dz * per_mm >= best:
            continue
        a00, a10 = c000 + w * (c001 - c000), c100 + w * (c101 - c100)
        a01, a11 = c010 + w * (c011 - c010), c110 + w * (c111 - c110)
        for b in range(ny_ + 1):
            v = b / max(ny_, 1)
            dy = (j + v - y) * spacing[1]
            across = (dy * dy + dz * dz) * per_mm
            if across >= best:
                continue
            d0 = a00 + v * (a01 - a00) - wanted
            slope = a10 + v * (a11 - a10) - wanted - d0
            # (sx (i + t - x))^2 / dta^2 + (d0 + slope t)^2 / criterion^2 is least at
            divisor = sx * sx * per_mm + slope * slope * per_gy
            t = (sx * sx * (x - i) * per_mm - d0 * slope * per_gy) / divisor
            t = min(max(t, 0.0), 1.0) if i1 > i else 0.0
            dx = (i + t - x) * sx
            d = d0 + slope * t
            best = min(best, across + dx * dx * per_mm + d * d * per_gy)
    return best


@njit(parallel=True, cache=True, nogil=True)
def search(reference, index, evaluated, spacing, criterion, dta, most, steps, on_voxels, out):  # type: ignore[no-untyped-def]
    """out [n] = gamma of n points, at most `most`; NaN for points outside of the evaluated grid.

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
