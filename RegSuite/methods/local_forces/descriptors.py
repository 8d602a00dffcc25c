"""MIND-SSC descriptors as the channels of a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.local_forces.level import Level
from RegSuite.numerics.local_systems import Blocks, local_statistics
from RegSuite.numerics.pyramid import block_mean
from RegSuite.numerics.resample import warp
from RegSuite.similarity.mind import mind_ssc

MARGIN_MM = 20.0
"""How far beyond the fixed volume the moving descriptors reach, unless a method asks for more."""


FLAT = 1e-3
"""Variance (image range 0..1) at which a place has half a weight."""


def descriptors(values: Tensor) -> Tensor:
    """Channels of a volume [C, Z, Y, X]: 12 C; of one slice, the 4 C within the slice."""
    return mind_ssc(values) if values.shape[1] > 1 else mind_ssc(values[:, 0])[:, None]


def described(level: Level, margin_mm: float = MARGIN_MM, factors: Sequence[int] = (1, 1, 1)) -> Level:
    """The level with descriptors for channels, as means of blocks of `factors` (x, y, z) voxels.

    Descriptors compare neighbours along the axes: the moving image is taken onto the fixed
    lattice, `margin_mm` wider on every side, before they are formed. Nodes are the blocks. A voxel
    weighs by the contrast around it: descriptors of a flat place compare nothing but noise.
    """
    grid, pads = widened(level.grid, margin_mm, factors)
    shift = np.eye(4)
    shift[:3, 3] = [-p for p in pads]
    affine = level.affine @ shift  # wide lattice -> fixed lattice -> moving
    weight = None
    if level.moving_weight is not None or level.partial:
        there = torch.ones_like(level.moving[0]) if level.moving_weight is None else level.moving_weight
        weight = (warp(there[None], grid.shape, affine, outside=0.0)[0] > 0.999).float()
    shift[:3, 3] = [p / f for p, f in zip(pads, factors, strict=True)]
    inside = _whole_blocks(level.fixed_weight, factors)
    contrast = block_mean(_contrast(level.fixed)[None], factors)[0]
    blocks = level.blocks if max(factors) == 1 else Blocks(level.grid.coarser(factors).spacing, (1, 1, 1))
    return replace(
        level,
        fixed=block_mean(descriptors(level.fixed), factors),
        moving=block_mean(descriptors(warp(level.moving, grid.shape, affine)), factors),
        grid=level.grid.coarser(factors),
        affine=shift[:3],
        fixed_weight=contrast if inside is None else contrast * inside,
        moving_weight=_whole_blocks(weight, factors),
        partial=True,
        blocks=blocks,
        step_mm=level.step_mm * max(factors),
    )


def _contrast(image: Tensor) -> Tensor:
    """variance / (variance + FLAT) in windows of 5 voxels, the largest over channels: [Z, Y, X], 0..1."""
    weights = [1 - FLAT * local_statistics(c, 2, FLAT).precision.square() for c in image]
    return torch.stack(weights).amax(dim=0)


def _whole_blocks(weight: Tensor | None, factors: Sequence[int]) -> Tensor | None:
    """1 where every voxel of a block counts."""
    return None if weight is None else (block_mean(weight[None], factors)[0] > 0.999).float()


def widened(grid: Grid, margin_mm: float, factors: Sequence[int]) -> tuple[Grid, list[int]]:
    """The grid with `margin_mm` more on every side, and the voxels added (multiples of `factors`)."""
    pads = [
        f * int(np.ceil(margin_mm / (f * s))) if n > 1 else 0
        for s, n, f in zip(grid.spacing, grid.size, factors, strict=True)
    ]
    size = [n + 2 * p for n, p in zip(grid.size, pads, strict=True)]
    origin = grid.points([-float(p) for p in pads])
    return replace(grid, size=tuple(size), origin=tuple(origin)), pads
