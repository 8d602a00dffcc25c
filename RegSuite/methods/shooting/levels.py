"""The scene at several resolutions, and momenta carried from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.methods.shooting.scene import Scene
from RegSuite.numerics.pyramid import block_mean, factors_for, refine
from RegSuite.numerics.smoothing import gaussian

FEWEST_VOXELS = 24
"""Along the longest axis of the coarsest level."""
VOXELS_A_SIGMA = 1.25
"""At the coarsest level the smallest sigma spans at least so many voxels."""
FINEST_3D = 2.0
"""The finest level of a volume has so many voxels in the smallest sigma."""


@dataclass(frozen=True, eq=False)
class Level:
    """One resolution: images [C, *shape], where they count, M at the steps' times, the blocks' factors."""

    source: Tensor
    target: Tensor
    counts: Tensor | None
    weight: Tensor | None
    grid: Grid
    factors: tuple[int, ...]

    @property
    def voxels(self) -> int:
        return self.grid.voxels


def make_levels(scene: Scene, parameters: ShootingParameters, weighted: bool) -> list[Level]:
    """Coarsest first. weighted: with M (1 everywhere if the scene has no growth)."""
    found: list[Level] = []
    for factors in level_factors(scene.grid, parameters):
        if not found or factors != found[-1].factors:
            found.append(_level(scene, parameters, factors, weighted))
    return found


def level_factors(grid: Grid, parameters: ShootingParameters) -> list[tuple[int, ...]]:
    """Voxels a block along x, y, z at each level, coarsest first."""
    sigma = min(parameters.kernels_mm)
    own = min(grid.spacing)
    finest = parameters.finest_mm or (max(own, sigma / FINEST_3D) if grid.ndim == 3 else own)
    most = max(finest, min(sigma / VOXELS_A_SIGMA, float(max(grid.extent_mm)) / FEWEST_VOXELS))
    steps = [min(finest * 2.0**n, most) for n in range(parameters.levels)]
    return [tuple(factors_for(grid, step)) for step in reversed(steps)]


def carried(momentum: Tensor, coarse: Level, fine: Level) -> Tensor:
    """A momentum of a coarser level on the next one; its values are densities and stay."""
    if coarse.factors == fine.factors:
        return momentum
    strides = [c / f for c, f in zip(coarse.factors, fine.factors, strict=True)]
    return refine(momentum, fine.grid.shape, strides)


def whole(field: Tensor, level: Level, grid: Grid) -> Tensor:
    """Values of a level at every voxel of the scene's grid, linearly."""
    if all(f == 1 for f in level.factors):
        return field
    return refine(field, grid.shape, level.factors)


def _level(scene: Scene, parameters: ShootingParameters, factors: tuple[int, ...], weighted: bool) -> Level:
    source, target = (
        gaussian(block_mean(v, factors), parameters.edge_voxels) for v in (scene.source, scene.target)
    )
    counts = scene.counts
    if counts is not None:
        counts = block_mean(counts[None].float(), factors)[0]
    weight = _weights(scene, parameters.time_steps, factors) if weighted else None
    return Level(source, target, counts, weight, scene.grid.coarser(factors), factors)


def _weights(scene: Scene, steps: int, factors: tuple[int, ...]) -> Tensor:
    """M at steps + 1 times on the blocks, [steps + 1, *shape]."""
    growth = scene.growth
    if growth is None:
        shape = scene.grid.coarser(factors).shape
        return torch.ones((1, *shape), device=scene.source.device).expand(steps + 1, *shape)
    return at_steps(growth, steps, factors).to(scene.source.device)


def at_steps(growth: Growth, steps: int, factors: Sequence[int]) -> Tensor:
    """M at steps + 1 equally spaced times, means over blocks."""
    if len(growth.weights) == 1:
        one = block_mean(growth.weights.float(), factors)
        return one.expand(steps + 1, *one.shape[1:])
    return torch.cat([block_mean(growth.at(k / steps)[None].float(), factors) for k in range(steps + 1)])
