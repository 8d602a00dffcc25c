"""One resolution of a pair: block means, their weights, and the nodes that carry the field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.local_forces.pair import Pair
from RegSuite.numerics.local_systems import Blocks
from RegSuite.numerics.node_warp import warp_by_nodes
from RegSuite.numerics.pyramid import block_mean, factors_for

LEAST_KEPT = 0.25
"""A mask that loses more than this share of itself at its edge is used with its edge."""


@dataclass(frozen=True, eq=False)
class Level:
    """Volumes [C, Z, Y, X] at about `step_mm`, and the node lattice over the fixed one.

    affine: [3, 4] fixed voxel to moving voxel. *_weight: float [Z, Y, X] or None, 0 where a
    voxel's neighbourhood holds something that the mask leaves out.
    """

    fixed: Tensor
    moving: Tensor
    grid: Grid
    affine: np.ndarray
    fixed_weight: Tensor | None
    moving_weight: Tensor | None
    partial: bool
    blocks: Blocks
    step_mm: float

    @cached_property
    def nodes(self) -> Grid:
        """The lattice of the field: centres of blocks of voxels."""
        return self.grid.coarser(self.blocks.strides)

    def warped(self, field: Tensor) -> tuple[Tensor, Tensor | None]:
        """(moving image at x + u(x), weight of each voxel or None) for u on the nodes."""
        shape, strides, spacing = self.grid.shape, self.blocks.strides, self.grid.spacing
        warped, inside = warp_by_nodes(
            self.moving, shape, self.affine, field, strides, spacing, wants_inside=self.partial
        )
        weight = self.fixed_weight
        if inside is not None:
            weight = inside if weight is None else weight * inside
        if self.moving_weight is not None:
            there, _ = warp_by_nodes(self.moving_weight[None], shape, self.affine, field, strides, spacing)
            whole = (there[0] > 0.999).float()  # every voxel that was read counts
            weight = whole if weight is None else weight * whole
        return warped, weight

    def swapped(self, field: Tensor | None = None) -> Level:
        """The same level with the roles exchanged: the moving image taken onto this lattice once.

        field: displacement on the nodes that the moving image is taken through, if any.
        """
        still = torch.zeros((3, *self.nodes.shape), device=self.fixed.device) if field is None else field
        there, weight = replace(self, fixed_weight=None).warped(still)
        return replace(
            self,
            fixed=there,
            moving=self.fixed,
            affine=np.eye(3, 4),
            fixed_weight=weight,
            moving_weight=self.fixed_weight,
            partial=False,
        )


def make_level(pair: Pair, step_mm: float, node_mm: float, edge_voxels: int) -> Level:
    """The pair at voxels of about `step_mm`, nodes about `node_mm` apart (not finer than voxels).

    edge_voxels: how far a measure looks around a voxel: masks shrink by so many, so that no
    value outside a mask has a say (a mask too thin for that keeps its edge).
    """
    factors, moving_factors = factors_for(pair.fixed_grid, step_mm), factors_for(pair.moving_grid, step_mm)
    grid, moving_grid = pair.fixed_grid.coarser(factors), pair.moving_grid.coarser(moving_factors)
    strides = [max(1, min(n, round(node_mm / s))) for s, n in zip(grid.spacing, grid.size, strict=True)]
    fixed, fixed_weight = _means(pair.fixed, pair.fixed_mask, factors, edge_voxels)
    moving, moving_weight = _means(pair.moving, pair.moving_mask, moving_factors, edge_voxels)
    return Level(
        fixed=fixed,
        moving=moving,
        grid=grid,
        affine=np.ascontiguousarray((moving_grid.inverse_matrix @ pair.matrix @ grid.matrix)[:3]),
        fixed_weight=fixed_weight,
        moving_weight=moving_weight,
        partial=pair.partial,
        blocks=Blocks(grid.spacing, tuple(strides)),
        step_mm=step_mm,
    )


def steps_mm(pair: Pair, finest_mm: float | None, count: int) -> list[float]:
    """Voxel sizes of the levels, coarse to fine, each half the one before.

    The finest is the fixed image's smallest spacing unless given; levels at which every axis
    would be shorter than 8 voxels are left out.
    """
    spacings = [s for s, n in zip(pair.fixed_grid.spacing, pair.fixed_grid.size, strict=True) if n > 1]
    finest = max(min(spacings), finest_mm or 0.0)
    extent = float(pair.fixed_grid.extent_mm.max())
    steps = [finest * 2**k for k in range(count)]
    return [s for k, s in enumerate(steps) if k == 0 or extent / s >= 8][::-1]


def _means(
    values: Tensor, mask: Tensor | None, factors: list[int], edge_voxels: int
) -> tuple[Tensor, Tensor | None]:
    """Block means of the voxels within the mask, and the weight of each block."""
    if mask is None:
        return block_mean(values, factors), None
    values = torch.where(mask, values, torch.zeros_like(values))
    share = block_mean(mask[None].float(), factors)
    means = block_mean(values, factors) / share.clamp(min=1e-6)
    kept = (share[0] >= 0.5).float()
    inner = _eroded(kept, edge_voxels)
    return means, inner if float(inner.sum()) >= LEAST_KEPT * float(kept.sum()) else kept


def _eroded(weight: Tensor, voxels: int) -> Tensor:
    """The weight where no voxel within `voxels` along the axes' boxes is 0 (beyond the border all count)."""
    for dim, n in enumerate(weight.shape):
        if n == 1 or voxels == 0:
            continue
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[dim], padding[dim] = 2 * voxels + 1, voxels
        weight = -nnf.max_pool3d(-weight[None, None], kernel, 1, padding)[0, 0]
    return weight
