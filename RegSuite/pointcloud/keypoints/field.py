"""A dense displacement from sparse matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.geometry.landmarks import check_landmarks
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.resample import warp
from RegSuite.pointcloud.keypoints.regression import Regression, best_settings, regress
from RegSuite.pointcloud.keypoints.spread import spread
from RegSuite.transforms import AffineTransform, DisplacementTransform

FloatArray = NDArray[np.float64]

MOST_POINTS = 3000
"""Matches that a dense kernel is made of: 72 MB, three times."""
NODES_A_BANDWIDTH = 3.0
"""The field is computed at nodes so close, and is linear between them (within 1.4 % of a bend)."""
FAR = 3.0
"""Distance from what the others say, over what is expected there, beyond which a match is none: three
times the median of all (of Gaussian errors in 3D 4.6 standard deviations)."""
NEVER_FAR_MM = 0.5
ROUNDS = 6
ROUNDS_TO_CHOOSE = 3


@dataclass(frozen=True, eq=False)
class MatchField:
    """The field, and which matches it stands on.

    transform: fixed to moving points, on the grid asked for. linear: its rigid part. sd_mm: [1, *shape],
    standard deviation per axis. kept: [n] matches that agree with the others. left_out_mm: [n] distance of
    each match from what the others say there (NaN where it was not looked at). folds_percent: of the
    voxels, with a Jacobian determinant of 0 or less.
    """

    transform: DisplacementTransform
    linear: AffineTransform
    sd_mm: Image | None
    kept: NDArray[np.bool_]
    left_out_mm: FloatArray
    bandwidth_mm: float
    noise_mm: float
    folds_percent: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def field_from_matches(
    fixed: PointSet,
    moving: PointSet,
    grid: Grid,
    *,
    bandwidth_mm: float | None = None,
    uncertainty: bool = False,
) -> MatchField:
    """The displacement on `grid` that a Gaussian process finds from pairs of points, LPS mm.

    A rigid map is fitted first; what is left is a process with the prior of one organ (MotionPrior), whose
    bandwidth (if None), magnitude and noise are chosen by leaving one match out after the other. A match is
    dropped where its distance from what the others say, over what is expected there, is more than three
    times the median of all, and the rest is fitted again. Far from all matches the field is the rigid map.
    uncertainty: also the standard deviation; it takes the matches' errors as independent, which neighbours'
    are not: it is too small (docs/keypoints.md).
    Raises GeometryError for sets that are no pairs, fewer than d + 1 of them or all at one place.
    """
    check_landmarks(fixed, moving, grid.ndim)
    _check(fixed, grid)
    x, y = np.asarray(fixed.points), np.asarray(moving.points)
    taken = np.arange(len(x))
    if len(x) > MOST_POINTS:
        taken, _ = spread(x, np.ones(len(x)), MOST_POINTS, 1e-3)
    kept, linear, found, left_out = _agreeing(x[taken], y[taken], bandwidth_mm)
    displacement, sd = _on_grid(linear, found, grid, uncertainty)
    folds = float((jacobian_determinant(displacement, grid) <= 0).double().mean() * 100)
    everywhere, apart = np.zeros(len(x), dtype=bool), np.full(len(x), np.nan)
    everywhere[taken], apart[taken] = kept, left_out
    notes = (
        f"{int(kept.sum())} of {len(taken)} matches agree with the others; bandwidth "
        f"{found.bandwidth_mm:g} mm, noise {found.noise_mm:.2g} mm, by leaving one match out after the other",
    )
    warnings = () if folds == 0 else (f"the field of the matches folds at {folds:.2g} % of the voxels",)
    return MatchField(
        transform=DisplacementTransform(displacement, grid),
        linear=AffineTransform.from_homogeneous(linear.homogeneous),
        sd_mm=sd,
        kept=everywhere,
        left_out_mm=apart,
        bandwidth_mm=found.bandwidth_mm,
        noise_mm=found.noise_mm,
        folds_percent=folds,
        notes=notes,
        warnings=warnings,
    )


@dataclass(frozen=True, eq=False)
class _Rigid:
    homogeneous: FloatArray

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray) -> _Rigid:
        """The least squares rotation and translation of points [n, d] (Kabsch 1976)."""
        d = x.shape[1]
        here, there = x.mean(axis=0), y.mean(axis=0)
        left, _, right = np.linalg.svd((y - there).T @ (x - here))
        turn = np.eye(d)
        turn[-1, -1] = np.sign(np.linalg.det(left @ right))
        out = np.eye(d + 1)
        out[:d, :d] = left @ turn @ right
        out[:d, d] = there - out[:d, :d] @ here
        return cls(out)

    def __call__(self, points: FloatArray) -> FloatArray:
        d = points.shape[1]
        return np.asarray(points @ self.homogeneous[:d, :d].T + self.homogeneous[:d, d])


def _agreeing(
    x: FloatArray, y: FloatArray, bandwidth_mm: float | None
) -> tuple[NDArray[np.bool_], _Rigid, Regression, FloatArray]:
    """Which pairs agree with the others, the fit to these, and each pair's distance from it (left out)."""
    kept = np.ones(len(x), dtype=bool)
    for number in range(ROUNDS):
        linear = _Rigid.of(x[kept], y[kept])
        rest = y[kept] - linear(x[kept])
        if number < ROUNDS_TO_CHOOSE:  # then they stand, so that the rounds can end
            settings = best_settings(x[kept], rest, bandwidth_mm)
        found = regress(x[kept], rest, settings)
        places = torch.from_numpy(x.copy())
        left_out = np.linalg.norm(y - linear(x) - found.at(places).numpy(), axis=1)
        expected = np.hypot(found.sd(places).numpy(), found.noise_mm)
        left_out[kept], expected[kept] = found.left_out_mm, found.left_out_sd_mm
        ratio = left_out / np.maximum(expected, 1e-9)
        agree = (ratio <= FAR * float(np.median(ratio))) | (left_out <= NEVER_FAR_MM)
        if bool((agree == kept).all()):
            break
        kept = agree
    return kept, linear, found, left_out


def _on_grid(linear: _Rigid, found: Regression, grid: Grid, uncertainty: bool) -> tuple[Tensor, Image | None]:
    """Displacement [d, *shape] float32 and standard deviation, linear between nodes."""
    d = grid.ndim
    nodes = _nodes(grid, found.bandwidth_mm / NODES_A_BANDWIDTH)
    places = nodes.all_points()
    moved = found.at(torch.from_numpy(places.reshape(-1, d))).numpy()
    moved += linear(places.reshape(-1, d)) - places.reshape(-1, d)
    field = torch.from_numpy(np.ascontiguousarray(moved.T.reshape(d, *nodes.shape))).float()
    displacement = warp(field, grid.shape, (nodes.inverse_matrix @ grid.matrix)[:d])
    if not uncertainty:
        return displacement, None
    coarse = _nodes(grid, found.bandwidth_mm / 2)
    sd = found.sd(torch.from_numpy(coarse.all_points().reshape(-1, d))).reshape(1, *coarse.shape).float()
    on_grid = warp(sd, grid.shape, (coarse.inverse_matrix @ grid.matrix)[:d])
    return displacement, Image(on_grid, grid, name="uncertainty")


def _nodes(grid: Grid, spacing_mm: float) -> Grid:
    """Nodes about `spacing_mm` apart, the first and last of each axis on the grid's; no finer than it."""
    steps = [
        max(1, min(n - 1, int(np.ceil((n - 1) * s / spacing_mm)))) if n > 1 else 1
        for n, s in zip(grid.size, grid.spacing, strict=True)
    ]
    spacing = [
        s * (n - 1) / k if n > 1 else s for n, s, k in zip(grid.size, grid.spacing, steps, strict=True)
    ]
    size = [k + 1 if n > 1 else 1 for n, k in zip(grid.size, steps, strict=True)]
    return Grid.make(size, spacing, grid.origin, grid.direction)


def _check(fixed: PointSet, grid: Grid) -> None:
    if len(fixed) < grid.ndim + 1 or float(np.ptp(fixed.points, axis=0).max()) == 0:
        raise GeometryError(
            f"{len(fixed)} matches do not fix a displacement in {grid.ndim}D",
            where=fixed.name,
            mend=f"give {grid.ndim + 1} pairs of points or more, at different places",
        )
