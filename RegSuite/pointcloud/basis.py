"""MotionBasis: the prior of rank K, as eigenvectors that reach to any point."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.pointcloud.prior import MotionPrior


@dataclass(frozen=True, eq=False)
class MotionBasis:
    """values F [M, K] with F F^T near G (mm^2), and how it goes on between the points.

    pivots: points [P, d] and organs [P] whose kernel columns span the basis; mixing [P, K].
    left_out: share of G's trace that F leaves out.
    """

    prior: MotionPrior
    values: Tensor
    left_out: float
    pivots: Tensor
    pivot_organs: Tensor
    mixing: Tensor

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
        """Pivoted Cholesky until `tolerance` of the trace is left, then the eigenvectors of that."""
        points = points.double()
        left = prior.variance(organs).clone()
        trace = float(left.sum())
        columns: list[Tensor] = []
        pivots: list[int] = []
        made = torch.zeros((len(points), 0), dtype=torch.float64)
        while len(columns) < min(largest, len(points)):
            if len(columns) >= smallest and float(left.clamp(min=0).sum()) <= tolerance * trace:
                break
            index = int(left.argmax())
            if float(left[index]) <= 1e-9 * trace / len(points):
                break
            column = prior.kernel(points, organs, points[index : index + 1], organs[index : index + 1])[:, 0]
            column = (column - made @ made[index]) / left[index].sqrt()
            columns.append(column)
            pivots.append(index)
            made = torch.stack(columns, dim=1)
            left = left - column.square()
        _, vectors = torch.linalg.eigh(made.T @ made)
        vectors = vectors.flip(1)
        triangle = made[pivots]
        mixing = torch.linalg.solve_triangular(triangle.T, vectors, upper=True)
        return cls(
            prior,
            made @ vectors,
            max(0.0, float(left.clamp(min=0).sum()) / trace),
            points[pivots],
            organs[pivots],
            mixing,
        )

    @property
    def rank(self) -> int:
        """K."""
        return int(self.values.shape[1])

    def features(self, points: Tensor, organs: Tensor) -> Tensor:
        """F at any points [n, d] of organs [n]: [n, K] (paper 13, Eq. 5 and 6)."""
        return self.prior.kernel(points, organs, self.pivots, self.pivot_organs) @ self.mixing

    def unexplained(self, points: Tensor, organs: Tensor) -> Tensor:
        """Prior variance that the basis leaves out at points [n, d], mm^2 [n]."""
        features = self.features(points, organs)
        return (self.prior.variance(organs) - features.square().sum(1)).clamp(min=0)
