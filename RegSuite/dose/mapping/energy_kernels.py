"""Compiled kernels of the energy account: which fraction points planning points map to, their energy."""

from __future__ import annotations

import numpy as np
from numba import njit

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

LEFT = 0
"""Reached from beyond the planning grid only."""
COVERED = 1
"""Some planning point maps to it."""
UNKNOWN = 2
"""No planning point was found: the deformation is undefined there or folds."""
MIXED = 3
"""A voxel whose neighbours are not all of its own kind: its parts are looked at one by one."""

_ITERATIONS = 25
_TOLERANCE = 1e-4
"""Of the solved place, in parts of the smallest planning voxel."""


@njit(inline="always")
def _residual(field, matrix, p, q, e, slope):  # type: ignore[no-untyped-def]
    """e = M (p - q) + u(p) in mm and its derivative [3, 3] a voxel; u goes on to the faces, then is held."""
    total = 0.0
    n = (field.shape[3], field.shape[2], field.shape[1])
    px = min(max(p[0], -0.5), n[0] - 0.5)
    py = min(max(p[1], -0.5), n[1] - 0.5)
    pz = min(max(p[2], -0.5), n[2] - 0.5)
    i = min(max(int(np.floor(px)), 0), n[0] - 2)
    j = min(max(int(np.floor(py)), 0), n[1] - 2)
    k = min(max(int(np.floor(pz)), 0), n[2] - 2)
    for c in range(3):
        u, ux, uy, uz = in_cell(field, c, k, j, i, px - i, py - j, pz - k)
        slope[c, 0] = matrix[c, 0] + (ux if px == p[0] else 0.0)
        slope[c, 1] = matrix[c, 1] + (uy if py == p[1] else 0.0)
        slope[c, 2] = matrix[c, 2] + (uz if pz == p[2] else 0.0)
        e[c] = turned(matrix, c, p[0] - q[0], p[1] - q[1], p[2] - q[2]) + u
        total += e[c] * e[c]
    return total


@njit(inline="always")
def _step(a, e, out):  # type: ignore[no-untyped-def]
    """out = a^-1 e by Cramer's rule, at most two voxels long; False for a matrix that flattens space."""
    det = determinant(a[0, 0], a[0, 1], a[0, 2], a[1, 0], a[1, 1], a[1, 2], a[2, 0], a[2, 1], a[2, 2])
    if not abs(det) > 1e-9:
        return False
    out[0] = determinant(e[0], a[0, 1], a[0, 2], e[1], a[1, 1], a[1, 2], e[2], a[2, 1], a[2, 2]) / det
    out[1] = determinant(a[0, 0], e[0], a[0, 2], a[1, 0], e[1], a[1, 2], a[2, 0], e[2], a[2, 2]) / det
    out[2] = determinant(a[0, 0], a[0, 1], e[0], a[1, 0], a[1, 1], e[1], a[2, 0], a[2, 1], e[2]) / det
    longest = max(abs(out[0]), max(abs(out[1]), abs(out[2])))
    if longest > 2.0:
        for r in range(3):
            out[r] *= 2.0 / longest
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def solve(field, matrix, q, p, enough, e, slope, step, trial):  # type: ignore[no-untyped-def]
    """Newton's method, steps halved that lead up: p + M^-1 u(p) = q in planning voxels. True where found.

    p [3]: the start, then the solution. enough: mm^2 of the residual. e, slope, step, trial: room to work in.
    """
    norm = _residual(field, matrix, p, q, e, slope)
    for _ in range(_ITERATIONS):
        if norm <= enough:
            return True
        if not np.isfinite(norm) or not _step(slope, e, step):
            return False
        share, found = 1.0, False
        for _ in range(8):
            for r in range(3):
                trial[r] = p[r] - share * step[r]
            new = _residual(field, matrix, trial, q, e, slope)
            if new < norm:
                norm, found = new, True
                for r in range(3):
                    p[r] = trial[r]
                break
            share *= 0.5
        if not found:
            return False
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _kind(field, matrix, q, p, far, enough, e, slope, step, trial):  # type: ignore[no-untyped-def]
    """LEFT, COVERED or UNKNOWN of the fraction point q (planning voxels); p: start, then solution."""
    shape = field.shape[1:]
    for r in range(3):
        if q[r] < -0.5 - far[r] or q[r] > shape[2 - r] - 0.5 + far[r]:
            return LEFT
    if not solve(field, matrix, q, p, enough, e, slope, step, trial):
        for r in range(3):
            p[r] = q[r]
        if not solve(field, matrix, q, p, enough, e, slope, step, trial):
            return UNKNOWN
    return COVERED if within(shape, p[0], p[1], p[2]) else LEFT


@njit(cache=True, nogil=True, error_model="numpy")
def kinds(field, matrix, far, back, spacing, k0, out):  # type: ignore[no-untyped-def]
    """out uint8 [n, y, x]: LEFT, COVERED or UNKNOWN of the centres of the dose voxels of slices k0 to k0 + n.

    field float32 [3, z, y, x] in mm; matrix [3, 3] mm a planning voxel; far [3]: the most that u moves, in
    planning voxels; back [3, 4]: dose voxel to planning voxel; spacing: smallest of the planning grid.
    """
    p, q, e, step, trial = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    slope = np.zeros((3, 3))
    enough = (_TOLERANCE * spacing) ** 2
    for s in range(out.shape[0]):
        for j in range(out.shape[1]):
            known = False
            for i in range(out.shape[2]):
                for r in range(3):
                    new = along(back, r, i, j, k0 + s)
                    p[r] = p[r] + (new - q[r]) if known else new  # start as far off as the voxel before ended
                    q[r] = new
                out[s, j, i] = _kind(field, matrix, q, p, far, enough, e, slope, step, trial)
                known = out[s, j, i] != UNKNOWN


@njit(cache=True, nogil=True, error_model="numpy")
def energies(  # type: ignore[no-untyped-def]
    dose, density, to_density, status, cut, field, matrix, far, back, spacing, k0, sums
):
    """sums [n, 3]: energy (Gy g/cm3 dose voxels) of slices k0 to k0 + n that LEFT, is COVERED, is UNKNOWN.

    Voxels are cut into cut^3 parts; those of MIXED ones are traced back one by one, and a part that a face
    of the planning grid cuts is shared out. Where the density is not known, there is no energy.
    to_density [3, 4]: dose voxel to density voxel; the rest as in `kinds`.
    """
    p, q, e, step, trial = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    width, density_width = part_width(back, cut), part_width(to_density, cut)
    share = 1.0 / (cut * cut * cut)
    slope = np.zeros((3, 3))
    enough = (_TOLERANCE * spacing) ** 2
    ny, nx = status.shape[1:]
    planning = field.shape[1:]
    for s in range(sums.shape[0]):
        k = k0 + s
        for j in range(ny):
            for i in range(nx):
                kind = status[k, j, i]
                known = False
                for part in range(cut * cut * cut):
                    x = i + (part % cut + 0.5) / cut - 0.5
                    y = j + ((part // cut) % cut + 0.5) / cut - 0.5
                    z = k + (part // (cut * cut) + 0.5) / cut - 0.5
                    a = along(to_density, 0, x, y, z)
                    b = along(to_density, 1, x, y, z)
                    c = along(to_density, 2, x, y, z)
                    weighed = share_within(density.shape, a, b, c, density_width)
                    if weighed <= 0:
                        continue
                    energy = share * value_at(dose, x, y, z) * value_at(density, a, b, c)
                    if kind != MIXED:
                        sums[s, kind] += weighed * energy
                        continue
                    for r in range(3):
                        new = along(back, r, x, y, z)
                        p[r] = p[r] + (new - q[r]) if known else new
                        q[r] = new
                    here = _kind(field, matrix, q, p, far, enough, e, slope, step, trial)
                    known = here != UNKNOWN
                    if here == UNKNOWN:
                        sums[s, UNKNOWN] += weighed * energy
                    else:  # faces that cut one part lie near each other: the smaller share lies in the larger
                        covered = min(share_within(planning, p[0], p[1], p[2], width), weighed)
                        sums[s, COVERED] += covered * energy
                        sums[s, LEFT] += (weighed - covered) * energy
