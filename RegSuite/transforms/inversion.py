"""Numeric inversion of a displacement field, with what is left of T(T^-1(y)) - y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.numerics.resample import index_map, warp
from RegSuite.transforms.dense import check_field
from RegSuite.transforms.linear_field import linear_field

FloatArray = NDArray[np.float64]

POINTS_OF_THE_FIT = 20_000


@dataclass(frozen=True)
class InverseField:
    """displacement_mm: w [d, *shape] with T(y + w(y)) = y. residual_mm: {mean, p95, max} of
    |T(y + w(y)) - y| over the voxel centres y whose y + w(y) lies between the voxel centres of
    the field's grid (within the slice for a grid of one).
    """

    displacement_mm: Tensor
    residual_mm: dict[str, float]


def invert_displacement(
    field_mm: Tensor,
    grid: Grid,
    out_grid: Grid | None = None,
    iterations: int = 30,
    tolerance_mm: float = 1e-3,
) -> InverseField:
    """The inverse of T(x) = x + u(x) at the voxels of `out_grid` (`grid` if None).

    field_mm: [d, *grid.shape] LPS mm, linear between voxels. The affine map A nearest to T is
    the start, and beyond the voxel centres T goes on as A plus what the border differs from it:
    so a large rotation or shift in the field does no harm. On CPU each voxel is solved by Newton's
    method, a step halved where it does not lead down (compiled); elsewhere
    all voxels together by a fixed-point iteration, damped where the residual grew.
    iterations: at most, per voxel. A voxel in a fold keeps its best point and shows in the residual.
    Raises GeometryError when no voxel of `out_grid` has its preimage on `grid`.
    """
    out = grid if out_grid is None else out_grid
    field = check_field(field_mm, grid, "displacement field")
    linear = fitted_affine(field, grid)
    solve = _by_newton if field.device.type == "cpu" else _by_fixed_point
    displacement, residual = solve(field, grid, out, linear, iterations, tolerance_mm)
    known = residual[residual >= 0]
    if known.numel() == 0:
        raise GeometryError(
            "no voxel of the grid to invert on is reached by the transform",
            where=f"displacement on {grid}; inverse wanted on {out}",
            mend="give the moving image's grid to the inversion",
        )
    return InverseField(displacement, summary(known))


def summary(residual_mm: Tensor) -> dict[str, float]:
    """{mean, p95, max} of lengths [n] in mm."""
    values = residual_mm.detach().cpu().numpy()
    rank = min(len(values) - 1, int(np.ceil(0.95 * len(values))) - 1)
    p95 = float(np.partition(values, rank)[rank])
    return {"mean": float(values.mean(dtype=np.float64)), "p95": p95, "max": float(values.max())}


def fitted_affine(field_mm: Tensor, grid: Grid) -> FloatArray:
    """[d+1, d+1] least-squares affine map of x + u(x) over some 20000 voxels; never a singular one."""
    d = grid.ndim
    stride = max(1, round((grid.voxels / POINTS_OF_THE_FIT) ** (1 / d)))
    index = np.stack(
        np.meshgrid(*(np.arange(0, n, stride) for n in grid.shape), indexing="ij"), axis=-1
    ).reshape(-1, d)[:, ::-1]
    u = field_mm[(slice(None), *(slice(None, None, stride),) * d)].reshape(d, -1).double().cpu().numpy().T
    home = grid.points(index)
    centre = home.mean(axis=0)
    # minimum-norm solution: an axis of one voxel has no slope and counts as undeformed
    solution = np.linalg.lstsq(np.column_stack([home - centre, np.ones(len(home))]), u, rcond=None)[0]
    out = np.eye(d + 1)
    out[:d, :d] += solution[:d].T
    if np.linalg.det(out[:d, :d]) < 0.05:
        out[:d, :d] = np.eye(d)
    out[:d, d] = centre + u.mean(axis=0) - out[:d, :d] @ centre
    return out


def _by_newton(
    field: Tensor, grid: Grid, out: Grid, linear: FloatArray, iterations: int, tolerance_mm: float
) -> tuple[Tensor, Tensor]:
    """(w [d, *shape], residual [*shape], negative where off the grid) by the compiled kernel."""
    from RegSuite.transforms.inversion_kernel import invert

    d = grid.ndim
    target = _as_3d(grid.inverse_matrix @ out.matrix)
    start = _as_3d(grid.inverse_matrix @ np.linalg.inv(linear) @ out.matrix)
    turn = grid.inverse_matrix[:d, :d] @ np.linalg.inv(linear[:d, :d]) @ grid.matrix[:d, :d]
    guess = _as_3d(np.block([[turn, np.zeros((d, 1))], [np.zeros((1, d)), np.ones((1, 1))]]))
    beyond = _as_3d(grid.inverse_matrix @ linear @ grid.matrix) - np.eye(3, 4)
    shape = (1,) * (3 - d) + out.shape
    lattice = field.numpy()
    if d == 2:
        lattice = np.concatenate([lattice, np.zeros_like(lattice[:1])])[:, None]
    result, residual = np.empty((3, *shape), np.float32), np.empty(shape, np.float32)
    f32 = np.float32
    invert(
        lattice, _as_3d(grid.inverse_matrix)[:, :3].astype(f32), _as_3d(grid.matrix)[:, :3].astype(f32),
        start.astype(f32), target.astype(f32), guess[:, :3].astype(f32), beyond[:, :3].astype(f32),
        iterations, f32(tolerance_mm), shape, result, residual,
    )  # fmt: skip
    return torch.from_numpy(result[:d].reshape(d, *out.shape)), torch.from_numpy(residual.reshape(out.shape))


def _as_3d(homogeneous: FloatArray) -> FloatArray:
    """The upper [3, 4] of a homogeneous matrix; a 2D one leaves z as it is."""
    d = len(homogeneous) - 1
    out = np.eye(3, 4)
    out[:d, :d] = homogeneous[:d, :d]
    out[:d, 3] = homogeneous[:d, d]
    return out


def _by_fixed_point(
    field: Tensor, grid: Grid, out: Grid, linear: FloatArray, iterations: int, tolerance_mm: float
) -> tuple[Tensor, Tensor]:
    """The same with torch's operators, all voxels together: s <- s - damping (s + r(z + s)).

    z = A^-1 y and r = A^-1 T - id, A the fitted affine map; T(z + s) - y = A (s + r(z + s)).
    """
    d, device = grid.ndim, field.device
    back = np.linalg.inv(linear)
    rest = linear_field(back - np.eye(d + 1), grid, device)
    rest += torch.einsum("ij,j...->i...", torch.tensor(back[:d, :d], device=device).float(), field)
    affine = (grid.inverse_matrix @ back @ out.matrix)[:d]
    to_voxels = grid.inverse_matrix[:d, :d]
    stretch = torch.tensor(linear[:d, :d], device=device).float()
    s = torch.zeros((d, *out.shape), device=device)
    best, best_e = s, torch.zeros_like(s)
    least = torch.full(out.shape, float("inf"), device=device)
    damping = torch.ones(out.shape, device=device)
    for _ in range(iterations):
        e = s + warp(rest, out.shape, affine, s, to_voxels)
        length = torch.einsum("ij,j...->i...", stretch, e).norm(dim=0)
        better = length < least
        best, best_e = torch.where(better, s, best), torch.where(better, e, best_e)
        least = torch.where(better, length, least)
        damping = torch.where(better, (damping * 1.2).clamp(max=1.0), damping * 0.5)
        if float(least.max()) <= tolerance_mm:
            break
        s = best - damping * best_e
    displacement = best + linear_field(back - np.eye(d + 1), out, device)
    index = index_map(out.shape, affine, best, to_voxels, device=device)
    size = torch.tensor(grid.size, device=device)
    margin = torch.where(size == 1, 0.5, 1e-3)
    inside = ((index >= -margin) & (index <= size - 1 + margin)).all(dim=-1)
    return displacement, torch.where(inside, least, -1 - least)
