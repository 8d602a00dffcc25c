"""Where each source organ comes to lie on the target's grid, by its own motion alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.resample import warp
from RegSuite.pointcloud.field.label_map import TISSUE
from RegSuite.pointcloud.field.organ_inverse import OrganInverse


@dataclass(frozen=True, eq=False)
class MovedOrgans:
    """organ_at [*shape]: the moved organ of each target voxel, TISSUE where none is.

    overlap_cc: volume (2D: area in cm^2) that two moved organs or more claim. dice: of each moved organ with
    that of the target's label map, by name; empty where there is none.
    """

    organ_at: Tensor
    overlap_cc: float
    dice: Mapping[str, float]


def moved_organs(
    inverses: Sequence[OrganInverse], source_at: Tensor, target_at: Tensor | None, source: Grid, target: Grid
) -> MovedOrgans:
    """Each organ's voxels moved by that organ's motion. Where two claim a voxel, the deeper one has it.

    source_at, target_at: organ of each voxel of the grids (see label_map). A voxel is an organ's where the
    source mask, linear between its voxels, is at least one half at T^-1; deeper is where it is more.
    """
    best = torch.zeros(target.shape)
    claims = torch.zeros(target.shape, dtype=torch.uint8)
    organ_at = torch.full(target.shape, TISSUE, dtype=torch.int16)
    dice = {}
    d = target.ndim
    to_voxels = source.inverse_matrix[:d, :d]
    for k, inverse in enumerate(inverses):
        mask = (source_at == k).float()[None]
        if inverse.box.empty or not bool(mask.any()):
            continue
        both = moved = 0
        for slab in inverse.box.slabs():
            grid = slab.grid
            affine = (source.inverse_matrix @ grid.matrix)[:d]
            share = warp(mask, grid.shape, affine, inverse.displacement(grid), to_voxels, outside=0.0)[0]
            mine = share >= 0.5
            claims[slab.slices] += mine.byte()
            wins = mine & (share > best[slab.slices])
            organ_at[slab.slices] = torch.where(wins, k, organ_at[slab.slices].int()).short()
            best[slab.slices] = torch.where(wins, share, best[slab.slices])
            moved += int(mine.sum())
            if target_at is not None:
                both += int((mine & (target_at[slab.slices] == k)).sum())
        if target_at is not None and (count := int((target_at == k).sum())):
            dice[inverse.field.organ.name] = 2 * both / (moved + count)
    overlap = float((claims > 1).sum()) * target.voxel_volume / 1000 * (10 if d == 2 else 1)
    return MovedOrgans(organ_at, overlap, dice)
