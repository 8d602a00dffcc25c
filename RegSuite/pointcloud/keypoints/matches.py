"""Matches: pairs of points of two images, and how far to trust them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import PointSet

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Matches:
    """Row i of `fixed` was found at row i of `moving`, LPS mm; both are named alike (k1, k2, ...).

    confidence: [n], 0 to 1, from the entropy of the displacement's probabilities (1: one displacement
    alone explains the place). residual_mm: [n], by how much the way back misses the keypoint. cost: [n],
    of the match, over what a place within the window costs on the mean. searched: how many keypoints were
    searched, of which these are the consistent ones. at_border: share of the searched ones whose
    displacement lies at the window's border. finest_mm: voxels of the last search. notes, warnings: a
    sentence each.
    """

    fixed: PointSet
    moving: PointSet
    confidence: FloatArray
    residual_mm: FloatArray
    cost: FloatArray
    searched: int
    at_border: float
    finest_mm: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.fixed)

    def __iter__(self) -> Iterator[PointSet | FloatArray]:
        """fixed, moving, confidence."""
        return iter((self.fixed, self.moving, self.confidence))

    def landmarks(self, least_confidence: float = 0.0) -> tuple[PointSet, PointSet]:
        """Pairs of at least that confidence, as any method's landmarks: (fixed, moving), named alike."""
        chosen = self.chosen(self.confidence >= least_confidence)
        return chosen.fixed, chosen.moving

    def clouds(self, label: int = 0, least_confidence: float = 0.0) -> tuple[PointSet, PointSet]:
        """As clouds for a drift: (source, target) = (moving, fixed), all points with one label."""
        chosen = self.chosen(self.confidence >= least_confidence)
        labels = np.full(len(chosen), label, dtype=np.int64)
        source = PointSet(chosen.moving.points, labels, name=chosen.moving.name)
        return source, PointSet(chosen.fixed.points, labels, name=chosen.fixed.name)

    def chosen(self, rows: NDArray[np.bool_]) -> Matches:
        """The matches of these rows [n]."""
        kept = np.flatnonzero(rows)
        return replace(
            self,
            fixed=_rows(self.fixed, kept),
            moving=_rows(self.moving, kept),
            confidence=self.confidence[kept],
            residual_mm=self.residual_mm[kept],
            cost=self.cost[kept],
        )


def _rows(points: PointSet, rows: NDArray[np.int64]) -> PointSet:
    names = None if points.names is None else tuple(points.names[i] for i in rows)
    labels = None if points.labels is None else points.labels[rows]
    return PointSet(points.points[rows], labels, names, points.name)
