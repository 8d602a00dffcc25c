"""OrganMotion: what a drift says of one organ's motion, at any point."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.result import Drift

FloatArray = NDArray[np.float64]

ENTRIES_AT_ONCE = 1 << 22
"""Numbers of a kernel's block held at once: 32 MiB."""

NODES_A_BANDWIDTH = 4
"""Nodes of a spline in the smallest bandwidth of the motion: it then misses some 0.1 % of the magnitude."""


@dataclass(frozen=True, eq=False)
class OrganMotion:
    """v(x) of one organ, so that T(x) = rho(x + v(x)): Gaussian process regression (paper 13, Eq. 5 and 6).

    organ: its place in the model. label: as in a label map. points [m, d]: its source points (LPS mm).
    narrowest_mm, widest_mm: its smallest and largest finite bandwidth. spread_mm: the prior's standard
    deviation. All times s, of the similarity transform, is a length in the target.
    """

    drift: Drift
    organ: int
    label: int
    name: str
    points: FloatArray
    narrowest_mm: float
    widest_mm: float
    spread_mm: float

    def motion(self, points_mm: Tensor) -> Tensor:
        """v at points [n, d]: [n, d] mm, float64, before rho turns and scales it."""
        basis, weights = self.drift.basis, self.drift.weights
        if basis is None or weights is None:
            return torch.zeros_like(points_mm)
        parts = [basis.motion(part, self._organ_of(part), weights).cpu() for part in self._parts(points_mm)]
        return torch.cat(parts)

    def variance(self, points_mm: Tensor) -> Tensor:
        """Variance of T at points [n, d], mean over the axes, in the target's mm^2: [n, 1].

        The drift's uncertainty, and what its basis leaves unexplained of the prior: far from all points
        it is the prior's. NaN where the drift states none.
        """
        basis, known = self.drift.basis, self.drift.uncertainty
        if basis is None or known is None or self.label in self.drift.unsure:
            return torch.full((len(points_mm), 1), torch.nan, dtype=torch.float64)
        columns = torch.cat(
            [block.columns for block in basis.blocks if bool(block.members[self.organ])]
        ).cpu()
        own = torch.cat([columns, torch.arange(basis.rank, len(known.form))])
        part_of_it = replace(known, form=known.form[own][:, own])
        out = []
        for part in self._parts(points_mm):
            organs = self._organ_of(part)
            features = basis.features(part, organs).cpu()[:, columns]
            prior = basis.prior.variance(organs)
            out.append(part_of_it.variance(features, self.moved(part), prior))
        return torch.cat(out)[:, None]

    def moved(self, points_mm: Tensor) -> Tensor:
        """T at points [n, d]."""
        return self.drift.start.points(points_mm + self.motion(points_mm))

    def _organ_of(self, points: Tensor) -> Tensor:
        return torch.full((len(points),), self.organ, dtype=torch.int64)

    def _parts(self, points: Tensor) -> tuple[Tensor, ...]:
        basis = self.drift.basis
        pivots = 1 if basis is None else max(len(block.pivots) for block in basis.blocks)
        rank = 1 if basis is None else basis.rank
        step = max(1, ENTRIES_AT_ONCE // max(pivots, rank))
        places = points.double()
        return tuple(places[first : first + step] for first in range(0, max(len(places), 1), step))


def rest_variance(drift: Drift, prior_mm2: float, moved_mm: Tensor) -> Tensor:
    """Variance of T where no organ tells the motion, at rho(y) = moved [n, d]: [n, 1] mm^2 of the target.

    What is unknown of rho, and all of a prior variance (before rho's scale). NaN without an uncertainty.
    """
    known, count = drift.uncertainty, len(moved_mm)
    if known is None:
        return torch.full((count, 1), torch.nan, dtype=torch.float64)
    d = moved_mm.shape[1]
    rho = replace(known, form=known.form[-1 - d :, -1 - d :])
    nothing = torch.zeros((count, 0), dtype=torch.float64)
    return rho.variance(nothing, moved_mm, torch.full((count,), prior_mm2).double())[:, None]


def organ_motions(drift: Drift) -> tuple[OrganMotion, ...]:
    """The organs whose motion the drift knows: those that move with at least one source point.

    Without a model all points are one organ, "everything", of label 0.
    """
    model = drift.model
    points = np.asarray(drift.source.points)
    if model is None:
        if drift.basis is None:
            return ()
        organ = drift.basis.prior.model.organs[0]
        return (_motion(drift, 0, 0, "everything", points, organ.scales),)
    places = model.indices(drift.source.labels, len(points))
    if drift.basis is None:
        return ()
    groups = drift.basis.prior.components
    seen = set(groups[places].tolist())
    return tuple(
        _motion(drift, k, organ.label, organ.name, points[places == k], organ.scales)
        for k, organ in enumerate(model.organs)
        if int(groups[k]) in seen
    )


def _motion(
    drift: Drift,
    organ: int,
    label: int,
    name: str,
    points: FloatArray,
    scales: tuple[tuple[float, float], ...],
) -> OrganMotion:
    widths = [width for _, width in scales if np.isfinite(width)]
    spread = float(np.sqrt(sum(size**2 for size, _ in scales)))
    return OrganMotion(drift, organ, label, name, points, min(widths), max(widths), spread)
