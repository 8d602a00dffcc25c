"""Features: F [M, K] of the points at hand, by blocks of organs that move on their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from RegSuite.pointcloud.basis import MotionBasis


@dataclass(frozen=True)
class FeatureBlock:
    """rows [m] and columns [k] (ascending) of the only entries that are not 0, values [m, k]."""

    rows: Tensor
    columns: Tensor
    values: Tensor


@dataclass(frozen=True)
class Features:
    """F in float64, and the products that a drift needs of it. L like blocks need L^2 times less work."""

    blocks: tuple[FeatureBlock, ...]
    points: int
    rank: int

    @classmethod
    def of(cls, basis: MotionBasis, device: str) -> Self:
        """All of a basis' points."""
        blocks = []
        for block in basis.blocks:
            if not len(block.columns):
                continue
            values = basis.values[:, block.columns]
            rows = torch.nonzero(values.ne(0).any(dim=1))[:, 0]
            made = FeatureBlock(rows.to(device), block.columns.to(device), values[rows].to(device))
            blocks.append(made)
        return cls(tuple(blocks), len(basis.values), basis.rank)

    @classmethod
    def dense(cls, values: Tensor) -> Self:
        """One block of all entries [M, K]."""
        rows, columns = (torch.arange(n, device=values.device) for n in values.shape)
        return cls((FeatureBlock(rows, columns, values),), *values.shape)

    def sample(self, which: Tensor) -> Self:
        """The rows `which` [n] (no row twice)."""
        place = torch.full((self.points,), -1, dtype=torch.int64, device=which.device)
        place[which] = torch.arange(len(which), device=which.device)
        blocks = []
        for block in self.blocks:
            kept = place[block.rows] >= 0
            blocks.append(FeatureBlock(place[block.rows[kept]], block.columns, block.values[kept]))
        return type(self)(tuple(blocks), len(which), self.rank)

    def motion(self, weights: Tensor) -> Tensor:
        """F w [M, d]."""
        out = weights.new_zeros((self.points, weights.shape[1]))
        for block in self.blocks:
            out[block.rows] = block.values @ weights[block.columns]
        return out

    def gram(self, evidence: Tensor) -> Tensor:
        """F^T diag(evidence) F [K, K]."""
        out = evidence.new_zeros((self.rank, self.rank))
        for block in self.blocks:
            heavy = block.values * evidence[block.rows].sqrt()[:, None]
            out[block.columns[:, None], block.columns[None]] = heavy.T @ heavy
        return out

    def pulled(self, values: Tensor) -> Tensor:
        """F^T values [K, d]."""
        out = values.new_zeros((self.rank, values.shape[1]))
        for block in self.blocks:
            out[block.columns] = block.values.T @ values[block.rows]
        return out

    def variance(self, factor: Tensor) -> Tensor:
        """f C f^T [M] of each row f, C = (factor factor^T)^-1 with the blocks of `gram`."""
        out = factor.new_zeros(self.points)
        for block in self.blocks:
            mine = factor[block.columns[:, None], block.columns[None]]
            solved = torch.linalg.solve_triangular(mine, block.values.T, upper=False)
            out[block.rows] = solved.square_().sum(dim=0)
        return out
