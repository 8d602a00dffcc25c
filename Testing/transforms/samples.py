"""Grids, points and one transform of every kind, made from a seed."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from RegSuite.geometry import Grid
from RegSuite.transforms import (
    AffineTransform,
    BSplineTransform,
    CompositeTransform,
    DisplacementTransform,
    LogPolyaffineTransform,
    RigidTransform,
    SimilarityTransform,
    TimeVaryingVelocityTransform,
    Transform,
    VelocityTransform,
)
from RegSuite.transforms.log_polyaffine import gaussian_weights

KINDS = (
    "identity",
    "rigid",
    "similarity",
    "affine",
    "displacement",
    "velocity",
    "time-varying",
    "bspline",
    "log-polyaffine",
    "composite",
)


def oblique_grid(ndim: int, seed: int = 0, thin: bool = False) -> Grid:
    """An anisotropic grid with an oblique direction, away from the origin."""
    rng = np.random.default_rng(seed)
    size = [int(n) for n in rng.integers(12, 18, ndim)]
    if thin:
        size[-1] = 1
    turn = Rotation.from_rotvec(rng.normal(size=3)).as_matrix()
    angle = rng.uniform(-3, 3)
    flat = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return Grid.make(
        size, rng.uniform(0.7, 3.0, ndim).tolist(), rng.uniform(-80, 80, ndim), flat if ndim == 2 else turn
    )


def smooth_field(grid: Grid, amplitude_mm: float, seed: int = 1) -> torch.Tensor:
    """A cubic B-spline field of random coefficients: float32 [d, *shape]."""
    return random_bspline(grid, amplitude_mm, seed).displacement(grid)


def random_bspline(grid: Grid, amplitude_mm: float, seed: int = 1) -> BSplineTransform:
    """Random coefficients of `amplitude_mm`, four control spacings an axis."""
    spline = BSplineTransform.for_grid(grid, (grid.extent_mm / 4).tolist())
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(spline.coefficients_mm.shape, generator=generator).clamp(-2, 2)
    for axis in [a for a, n in enumerate(grid.size) if n == 1]:  # constant through a single slice
        dim = noise.ndim - 1 - axis
        noise = noise.narrow(dim, 0, 1).expand_as(noise)
    return spline.with_coefficients(noise * amplitude_mm)


def points_in(grid: Grid, count: int = 200, seed: int = 2, margin_voxels: float = 0.0) -> torch.Tensor:
    """Random points [count, d] within the outer voxel faces, `margin_voxels` away from them."""
    rng = np.random.default_rng(seed)
    size = np.asarray(grid.size)
    margin = np.minimum(margin_voxels, (size - 1) / 2)
    index = rng.uniform(-0.49 + margin, size - 0.51 - margin, (count, grid.ndim))
    return torch.from_numpy(grid.points(index))


@cache
def transform_of_kind(kind: str, grid: Grid) -> Transform:
    """One transform of every kind, a few voxels strong."""
    d, step = grid.ndim, min(grid.spacing)
    turn = [0.2] if d == 2 else [0.1, -0.2, 0.15]
    shift = list(range(3, 3 + d))
    rng = np.random.default_rng(7)
    shear = np.eye(d) + rng.uniform(-0.15, 0.15, (d, d))
    if kind == "identity":
        return AffineTransform.identity(d)
    if kind == "rigid":
        return RigidTransform.from_parameters(turn + shift, d, grid.centre)
    if kind == "similarity":
        return SimilarityTransform.from_parameters(turn + shift + [0.1], d, grid.centre)
    if kind == "affine":
        return AffineTransform.about(shear, grid.centre, shift)
    if kind == "displacement":
        return DisplacementTransform(smooth_field(grid, step), grid)
    if kind == "velocity":
        return VelocityTransform(smooth_field(grid, 1.5 * step), grid)
    if kind == "time-varying":
        return TimeVaryingVelocityTransform(
            torch.stack([smooth_field(grid, step, s) for s in (1, 2, 3)]), grid
        )
    if kind == "bspline":
        return random_bspline(grid, step)
    if kind == "log-polyaffine":
        motions = [AffineTransform.about(shear, grid.centre, 0.5 * np.ones(d)), AffineTransform.identity(d)]
        centres = grid.points(np.stack([0.2 * np.asarray(grid.size), 0.7 * np.asarray(grid.size)]))
        return LogPolyaffineTransform.of(motions, gaussian_weights(centres, 5 * step, grid), grid)
    small = AffineTransform.about(np.eye(d) + 0.2 * (shear - np.eye(d)), grid.centre, np.full(d, 0.5))
    return CompositeTransform.of(
        random_bspline(grid, 0.5 * step), small, DisplacementTransform(smooth_field(grid, step), grid)
    )
