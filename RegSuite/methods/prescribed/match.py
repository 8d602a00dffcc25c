"""How far the moving image through a map is from the fixed one, and what moving each voxel changes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.methods.local_forces.level import Level
from RegSuite.numerics.pull import pull
from RegSuite.numerics.resample import index_map, sample


@dataclass(frozen=True, eq=False)
class Match:
    """The mean squared difference on one level (node = voxel) as a function of the displacement."""

    level: Level

    def value(self, u: Tensor) -> Tensor:
        """Half the mean squared difference over the voxels that count; u [3, Z, Y, X] mm along the axes.

        Differentiable in u (the weights count as constants).
        """
        index = self._index(u)
        squared = (sample(self.level.moving, index) - self.level.fixed).square().mean(dim=0)
        weight = self._weight(index.detach())
        if weight is None:
            return 0.5 * squared.mean()
        return 0.5 * (weight * squared).sum() / weight.sum().clamp(min=1e-12)

    def covered(self, u: Tensor) -> float:
        """Share of the fixed voxels that count which still read the moving image."""
        weight = self._weight(self._index(u))
        if weight is None:
            return 1.0
        whole = weight.numel() if self.level.fixed_weight is None else float(self.level.fixed_weight.sum())
        return float(weight.sum()) / max(whole, 1e-12)

    def _index(self, u: Tensor) -> Tensor:
        level = self.level
        to_voxels = level.affine[:, :3] / level.grid.spacing
        return index_map(level.grid.shape, level.affine, u, to_voxels, device=u.device)

    def _weight(self, index: Tensor) -> Tensor | None:
        level, weight = self.level, self.level.fixed_weight
        if level.partial:
            size = torch.tensor(level.moving.shape[:0:-1], device=index.device)
            inside = ((index >= -0.5) & (index <= size - 0.5)).all(dim=-1).float()
            weight = inside if weight is None else weight * inside
        if level.moving_weight is not None:
            there = (sample(level.moving_weight[None], index)[0] > 0.999).float()
            weight = there if weight is None else weight * there
        return weight


def composed(outer: Tensor, inner: Tensor, spacing: tuple[float, ...]) -> Tensor:
    """x -> inner(x) + outer(x + inner(x)), differentiable in inner; beyond the border its value."""
    return inner + pull(outer, inner, spacing)
