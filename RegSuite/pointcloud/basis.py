"""MotionBasis: the motion prior of rank K, as eigenvectors that reach to any point."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.pointcloud.basis_block import BasisBlock, block_of
from RegSuite.pointcloud.prior import MotionPrior

FINEST = 0.02
"""Share of the narrowest scale's variance that may be left out."""


@dataclass(frozen=True, eq=False)
class MotionBasis:
    """values F [M, K] with F F^T near G (mm^2), columns orthogonal and by falling weight.

    A motion is F w, with w [K, d] standard normal before anything is seen. The basis goes on between the
    points (`features`) as the prior does: F there is its regression (paper 13, Eq. 5 and 6) from the pivots,
    the few points whose columns of G span the basis, so that nothing of the size of G is ever inverted.
    left_out: share of the trace of G, the prior's variance at the points, that F leaves out.
    Organs that move independently have blocks of their own: F is 0 where a column is of another block.
    """

    prior: MotionPrior
    values: Tensor
    left_out: float
    blocks: tuple[BasisBlock, ...]

    @classmethod
    def of(
        cls,
        prior: MotionPrior,
        points: Tensor,
        organs: Tensor,
        *,
        tolerance: float = 1e-3,
        smallest: int = 20,
        largest: int = 300,
    ) -> MotionBasis:
        """The basis of the prior at points [M, d] of organs [M] (indices), on the points' device.

        Pivoted Cholesky of each block, then the eigenvectors of what it found; those of the largest
        eigenvalues are kept, as many as leave out at most `tolerance` of the trace, at least `smallest`, at
        most `largest` (then `left_out` says what that costs). Of organs with several scales at most
        FINEST of the narrowest one's part of the trace is left out: it would else be lost beside a large one.
        Time grows as M K^2, memory as M K.
        Source of the pivoting: Harbrecht, Peters, Schneider, Applied Numerical Mathematics 62 (2012), 428.
        """
        points = points.double()
        organs = organs.to(points.device)
        groups = torch.as_tensor(prior.components, device=points.device)
        trace = float(prior.variance(organs).sum())
        tolerance = min(tolerance, FINEST * float(prior.finest_variance(organs).sum()) / trace)
        found = [
            block_of(prior, points, organs, groups == group, tolerance / 2, smallest, largest)
            for group in torch.unique(groups[organs]).tolist()
        ]
        weights = torch.cat([block.weights for block in found])
        order = torch.argsort(weights, descending=True, stable=True)
        kept = order[: _rank(weights[order], trace, tolerance, smallest, largest)]
        values = points.new_zeros((len(points), len(kept)))
        blocks = []
        first = 0
        for block in found:
            count = len(block.weights)
            columns = torch.nonzero((kept >= first) & (kept < first + count))[:, 0]
            mine = kept[columns] - first
            values[block.rows[:, None], columns[None]] = block.values[:, mine]
            blocks.append(block.block(mine, columns))
            first += count
        left_out = max(0.0, 1 - float(weights[kept].sum()) / trace)
        return cls(prior, values, left_out, tuple(blocks))

    @property
    def rank(self) -> int:
        """K."""
        return int(self.values.shape[1])

    def features(self, points: Tensor, organs: Tensor) -> Tensor:
        """F at any points [n, d] of organs [n]: [n, K]; at the basis' own points its `values`."""
        points, organs = points.to(self.values).double(), organs.to(self.values.device)
        features = self.values.new_zeros((len(points), self.rank))
        for block in self.blocks:
            rows = block.rows_of(organs)
            near = self.prior.kernel(points[rows], organs[rows], block.pivots, block.pivot_organs)
            features[rows[:, None], block.columns[None]] = near @ block.mixing
        return features

    def motion(self, points: Tensor, organs: Tensor, weights: Tensor) -> Tensor:
        """features(points, organs) @ weights [K, d]: [n, d] mm, with K times less work than by features."""
        points, organs = points.to(self.values).double(), organs.to(self.values.device)
        motion = self.values.new_zeros((len(points), weights.shape[1]))
        for block in self.blocks:
            rows = block.rows_of(organs)
            near = self.prior.kernel(points[rows], organs[rows], block.pivots, block.pivot_organs)
            motion[rows] = near @ (block.mixing @ weights.to(self.values)[block.columns])
        return motion

    def unexplained(self, points: Tensor, organs: Tensor) -> Tensor:
        """Variance of a coordinate that the basis leaves out at points [n, d] of organs [n], mm^2 [n]."""
        features = self.features(points, organs)
        variance = self.prior.variance(organs.to(self.values.device))
        return (variance - features.square().sum(dim=1)).clamp(min=0)


def _rank(weights: Tensor, trace: float, tolerance: float, smallest: int, largest: int) -> int:
    """How many of the eigenvalues (falling) are kept."""
    left = 1 - torch.cumsum(weights, dim=0) / trace
    enough = int((left > tolerance).sum()) + 1
    return min(max(enough, smallest), largest, len(weights))
