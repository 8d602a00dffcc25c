"""One block of a MotionBasis: the points of organs that move together, by pivoted Cholesky."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import MethodFailed
from RegSuite.pointcloud.prior import MotionPrior

_SMALLEST_PIVOT = 1e-10
"""A pivot's share of the largest variance below which its column is rounding."""


@dataclass(frozen=True, eq=False)
class BasisBlock:
    """How a block goes on between the points: kernel(points, pivots) @ mixing are its columns of F.

    members [L]: which organs are of it. pivots [P, d], pivot_organs [P], mixing [P, k], columns [k] of F.
    """

    members: Tensor
    pivots: Tensor
    pivot_organs: Tensor
    mixing: Tensor
    columns: Tensor

    def rows_of(self, organs: Tensor) -> Tensor:
        """The rows of points that are of this block."""
        return torch.nonzero(self.members[organs])[:, 0]


@dataclass(frozen=True, eq=False)
class FoundBlock:
    """A block before the largest eigenvalues of all blocks are chosen.

    rows [m] of the points, values [m, p] with orthogonal columns, weights [p] their squared lengths.
    """

    members: Tensor
    rows: Tensor
    values: Tensor
    weights: Tensor
    pivots: Tensor
    pivot_organs: Tensor
    mixing: Tensor

    def block(self, mine: Tensor, columns: Tensor) -> BasisBlock:
        """With its columns `mine`, which are `columns` of the whole basis."""
        return BasisBlock(self.members, self.pivots, self.pivot_organs, self.mixing[:, mine], columns)


def block_of(
    prior: MotionPrior,
    points: Tensor,
    organs: Tensor,
    members: Tensor,
    tolerance: float,
    smallest: int,
    largest: int,
) -> FoundBlock:
    """The block of the points [M, d] whose organ is a member, until `tolerance` of its own trace is left."""
    rows = torch.nonzero(members[organs])[:, 0]
    points, organs = points[rows], organs[rows]
    columns, pivots = _pivoted_cholesky(prior, points, organs, tolerance, smallest, largest)
    # G of the pivots is T T^T, so F at any point is kernel(point, pivots) T^-T, turned onto the eigenvectors
    weights, vectors = torch.linalg.eigh(columns @ columns.T)
    weights, vectors = weights.flip(0).clamp(min=0), vectors.flip(1)
    triangle = columns[:, pivots].T
    mixing = torch.linalg.solve_triangular(triangle.T, vectors, upper=True)
    return FoundBlock(members, rows, columns.T @ vectors, weights, points[pivots], organs[pivots], mixing)


def _pivoted_cholesky(
    prior: MotionPrior, points: Tensor, organs: Tensor, tolerance: float, smallest: int, largest: int
) -> tuple[Tensor, Tensor]:
    """Columns [p, m] (as rows, to be read in one stretch) and the places [p] of their pivots."""
    left = prior.variance(organs)
    trace, largest_variance = float(left.sum()), float(left.max())
    most = min(largest, len(points))
    columns = points.new_empty((most, len(points)))
    pivots: list[int] = []
    for k in range(most):
        index = int(left.argmax())
        pivot = float(left[index])
        remains = float(left.clamp(min=0).sum())
        if pivot <= _SMALLEST_PIVOT * largest_variance or (k >= smallest and remains <= tolerance * trace):
            break
        column = prior.kernel(points, organs, points[index : index + 1], organs[index : index + 1])[:, 0]
        column -= columns[:k, index] @ columns[:k]
        columns[k] = column.div_(pivot**0.5)
        left -= columns[k].square()
        pivots.append(index)
    if float(left.min()) < -1e-6 * largest_variance:
        raise MethodFailed(
            f"the covariance of the points' motion is not positive definite ({float(left.min()):.3g} mm^2)",
            where="motion prior",
            mend="use one bandwidth for organs that move together, or let the Gibbs kernel be chosen",
        )
    return columns[: len(pivots)], torch.tensor(pivots, device=points.device)
