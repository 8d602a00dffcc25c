"""The plain torch twins of kernels.py: any device, any number of samples; the reference in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.dose.mapping.marks import FOLDED, OUTSIDE, UNDEFINED
from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from RegSuite.dose.mapping.prepared import DoseMapping, Values

Parts = tuple[Tensor, Tensor, Tensor]


def mapped_slab(
    job: DoseMapping, displacement: Tensor, z0: int, z1: int, first: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Dose, marks [..., n, y, x] and sums [..., n, 3] of slices [z0, z1) (see DoseMapping.slab_on)."""
    field = displacement.double()
    if job.mapping == "ddm":
        return _ddm(job, field, z0, z1, first)
    return _emt(job, field, z0, z1, first)


def _ddm(job: DoseMapping, field: Tensor, z0: int, z1: int, first: int) -> tuple[Tensor, Tensor, Tensor]:
    low, high = z0 - first, z1 - first
    here = field[..., low:high, :, :]
    known = here.isfinite().all(dim=-4)
    jacobian = jacobian_by_differences(field, job.grid)[..., low:high, :, :]
    x, y, z = voxels(job.grid, z0, z1, (0.0, 0.0, 0.0), field.device)
    dose, inside, _ = sampled(job.dose_gy, job.dose_grid, job.grid, mapped_points(job.grid, (x, y, z), here))
    judged = known & jacobian.isfinite()
    marks = (known & ~inside).to(torch.uint8) * OUTSIDE
    marks |= (judged & (jacobian <= 0)).to(torch.uint8) * FOLDED
    marks |= (~judged).to(torch.uint8) * UNDEFINED
    dose = torch.where(marks == 0, dose, torch.nan).float()
    return dose, marks, torch.zeros(*dose.shape[:-2], 3, dtype=torch.float64, device=field.device)


def _emt(job: DoseMapping, field: Tensor, z0: int, z1: int, first: int) -> tuple[Tensor, Tensor, Tensor]:
    assert job.density is not None
    assert job.density_grid is not None
    grid, parts = job.grid, job.oversampling
    shape = (*field.shape[:-4], z1 - z0, *grid.shape[1:])
    energy, mass = (torch.zeros(shape, dtype=torch.float64, device=field.device) for _ in range(2))
    marks = torch.zeros(shape, dtype=torch.uint8, device=field.device)
    for place in np.ndindex(parts, parts, parts):
        shift = tuple((p + 0.5) / parts - 0.5 for p in place)
        at = voxels(grid, z0, z1, (shift[0], shift[1], shift[2]), field.device)
        value, jacobian = in_cells(field, grid, at, (shift[0], shift[1], shift[2]), first)
        points = mapped_points(grid, at, value)
        dose, inside, share = sampled(job.dose_gy, job.dose_grid, grid, points, parts)
        density, weighed, of_density = sampled(job.density, job.density_grid, grid, points, parts)
        known = value.isfinite().all(dim=-4)
        positive = known & (jacobian > 0)
        share = torch.minimum(share, of_density)
        heavy = torch.where(positive & (share > 0), density * jacobian * share, 0.0)
        energy += torch.where(heavy > 0, heavy * dose, 0.0)
        mass += heavy
        marks |= (~known).to(torch.uint8) * UNDEFINED
        marks |= (known & ~positive).to(torch.uint8) * FOLDED
        marks |= (positive & ~(inside & weighed)).to(torch.uint8) * OUTSIDE
    free = marks == 0
    dose = torch.where(free, energy / mass, torch.nan).float()
    sums = [torch.where(free, energy, 0.0), torch.where(free, 0.0, energy), torch.where(free, mass, 0.0)]
    return dose, marks, torch.stack([s.sum(dim=(-1, -2)) for s in sums], dim=-1) / parts**3


def voxels(grid: Grid, z0: int, z1: int, shift: tuple[float, float, float], device: torch.device) -> Parts:
    """x, y, z (fractional voxels) of the slices' voxels moved by `shift`, ready to be broadcast."""
    x, y = (torch.arange(n, dtype=torch.float64, device=device) for n in grid.size[:2])
    z = torch.arange(z0, z1, dtype=torch.float64, device=device)
    return (x + shift[0])[None, None, :], (y + shift[1])[None, :, None], (z + shift[2])[:, None, None]


def mapped_points(grid: Grid, at: Parts, displacement: Tensor) -> Parts:
    """LPS mm of x + u(x): three parts, each [..., n, y, x]."""
    m = grid.matrix
    found = [
        m[r, 0] * at[0] + m[r, 1] * at[1] + m[r, 2] * at[2] + m[r, 3] + displacement[..., r, :, :, :]
        for r in range(3)
    ]
    return found[0], found[1], found[2]


def sampled(values: Values, grid: Grid, planning: Grid, points: Parts, parts: int = 1) -> Parts:
    """Trilinear values at LPS points, held to the outer faces; whether the points lie within these.

    Third: how much of a part of a planning voxel about each point does (kernels' share_within).
    """
    m, (px, py, pz), device = grid.inverse_matrix, points, points[0].device
    width = np.linalg.norm((m @ planning.matrix)[:3, :3], axis=1) / parts
    stored = torch.from_numpy(values).to(device).reshape(-1)
    inside, share = torch.ones_like(px, dtype=torch.bool), torch.ones_like(px)
    low, part = [], []
    for r, n in enumerate(grid.size):
        index = m[r, 0] * px + m[r, 1] * py + m[r, 2] * pz + m[r, 3]
        inside &= (index >= -0.5) & (index <= n - 0.5)
        from_face = torch.minimum(index + 0.5, n - 0.5 - index)
        share *= (0.5 + from_face / float(width[r])).clamp(0, 1)
        index = index.nan_to_num(0.0).clamp(0, n - 1)
        floor = index.long().clamp(max=n - 2)
        low.append(floor)
        part.append(index - floor)
    nx, ny = grid.size[:2]
    base = (low[2] * ny + low[1]) * nx + low[0]
    total = torch.zeros_like(px)
    for corner in np.ndindex(2, 2, 2):
        weight = torch.ones_like(px)
        for r, up in enumerate(corner):
            weight = weight * (part[r] if up else 1 - part[r])
        total += weight * stored[base + (corner[2] * ny + corner[1]) * nx + corner[0]]
    return total, inside, share


def jacobian_by_differences(field: Tensor, grid: Grid) -> Tensor:
    """det(I + du/dx) [..., s, y, x]: central differences, one-sided beside a border or an undefined voxel."""
    columns = []
    for dim in (-1, -2, -3):
        n = field.shape[dim]
        step = field.narrow(dim, 1, n - 1) - field.narrow(dim, 0, n - 1)
        missing = torch.full_like(field.narrow(dim, 0, 1), torch.nan)
        after, before = torch.cat([step, missing], dim), torch.cat([missing, step], dim)
        both = 0.5 * (after + before)
        columns.append(torch.where(both.isfinite(), both, torch.where(after.isfinite(), after, before)))
    return _determinant(columns, grid)


def in_cells(
    field: Tensor, grid: Grid, at: Parts, shift: tuple[float, float, float], first: int
) -> tuple[Tensor, Tensor]:
    """u [..., 3, n, y, x] at voxels moved by `shift`, trilinear in its cell, and det(I + du/dx) there."""
    corners, parts = [], []
    starts = (0, 0, first)
    for axis, (n, place) in enumerate(zip((*grid.size[:2], field.shape[-3]), at, strict=True)):
        voxel = (place - shift[axis]).round().long().reshape(-1)
        cell = (voxel - int(shift[axis] < 0) - starts[axis]).clamp(0, n - 2)
        corners.append(cell)
        parts.append((place.reshape(-1) - starts[axis] - cell).reshape(place.shape))
    value: Tensor = torch.zeros(())
    slopes: list[Tensor] = [torch.zeros(())] * 3
    for corner in np.ndindex(2, 2, 2):
        taken = field.index_select(-1, corners[0] + corner[0]).index_select(-2, corners[1] + corner[1])
        taken = taken.index_select(-3, corners[2] + corner[2])
        weights = [part if up else 1 - part for part, up in zip(parts, corner, strict=True)]
        value = value + weights[0] * weights[1] * weights[2] * taken
        for axis in range(3):
            others = [w for r, w in enumerate(weights) if r != axis]
            slopes[axis] = slopes[axis] + (1 if corner[axis] else -1) * others[0] * others[1] * taken
    return value, _determinant(slopes, grid)


def _determinant(columns: list[Tensor], grid: Grid) -> Tensor:
    """det(M + dU) / det(M) from dU's columns (u's change a voxel along x, y, z), each [..., 3, s, y, x]."""
    m = grid.matrix[:3, :3]
    a = [[m[r, c] + columns[c][..., r, :, :, :] for c in range(3)] for r in range(3)]
    found = (
        a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1])
        - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
        + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0])
    )
    determinant: Tensor = found / float(np.linalg.det(m))
    return determinant
