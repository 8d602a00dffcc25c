"""Drift: what the drift of one cloud to another found, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.uncertainty import MotionUncertainty
from RegSuite.transforms.affine import AffineTransform

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POINTS_AT_ONCE = 1 << 14
"""Points whose features are held at once: 300 columns of them are 40 MB."""


@dataclass(frozen=True)
class DriftPoint:
    """One iteration: sigma in mm and the bound of the evidence (nats; it never falls within a stage)."""

    stage: str
    iteration: int
    sigma_mm: float
    bound: float


@dataclass(frozen=True, eq=False)
class Drift:
    """T(y) = start(y + F(y) w): source points to target points, LPS mm.

    start: rho, a similarity (or affine) map. basis, weights [K, d], covariance [K, K] of w (the same for
    each coordinate, partners taken as known): None where the map is rho alone. sigma_mm: standard deviation
    of the target points about the moved ones. moved_mm [M, d]; matched_mm [M, d], the mean of the target
    points that belong to each (NaN where none does); evidence [M], their number; outlier_probability [N];
    residual_mm [M] |moved - matched|; point_sd_mm [M], an axis' posterior standard deviation;
    partner [N]: the source point that each target point most likely belongs to (-1: none may), with
    partner_probability [N]. unsure: labels of organs whose uncertainty is not stated (NaN), because part of
    them was not seen.
    """

    source: PointSet
    target: PointSet
    model: OrganModel | None
    start: AffineTransform
    basis: MotionBasis | None
    weights: Tensor | None
    covariance: Tensor | None
    sigma_mm: float
    moved_mm: FloatArray
    matched_mm: FloatArray
    evidence: FloatArray
    outlier_probability: FloatArray
    partner: IntArray
    partner_probability: FloatArray
    uncertainty: MotionUncertainty | None = None
    unsure: tuple[int, ...] = ()
    convergence: tuple[DriftPoint, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def residual_mm(self) -> FloatArray:
        """|moved - matched| [M], NaN where there is no evidence."""
        return np.asarray(np.linalg.norm(self.moved_mm - self.matched_mm, axis=1))

    @cached_property
    def point_sd_mm(self) -> FloatArray:
        """An axis' posterior standard deviation of each moved source point [M]."""
        return self.sd_mm(self.source.points, self.source.labels)

    @property
    def scale(self) -> float:
        """s of rho: the mean stretch."""
        return float(abs(np.linalg.det(self.start.matrix)) ** (1 / self.source.ndim))

    def points(self, points_mm: FloatArray, labels: IntArray | None = None) -> FloatArray:
        """T of any points [n, d] of the source's space, each by its organ's motion.

        labels [n]: the points' organs. None with several organs: that of the nearest source point.
        Raises InputError for labels that the model does not have.
        """
        place = torch.as_tensor(np.array(points_mm, dtype=np.float64))
        if self.basis is not None and self.weights is not None:
            place = place + self.basis.motion(place, self._organs(place, labels), self.weights)
        return np.asarray(self.start.points(place))

    def sd_mm(self, points_mm: FloatArray, labels: IntArray | None = None) -> FloatArray:
        """Posterior standard deviation of T at points [n, d], mm [n]: root mean square of the axes'.

        Partners are not taken as known, nor is rho, and what the basis leaves out is added (see
        `uncertainty.py`). It holds for organs as elastic as the model says. NaN where nothing is known of it.
        """
        if self.uncertainty is None:
            return np.full(len(points_mm), np.nan)
        place = torch.as_tensor(np.array(points_mm, dtype=np.float64))
        moved = torch.as_tensor(self.points(points_mm, labels))
        organs = self._organs(place, labels)
        found = np.empty(len(place))
        for first in range(0, len(place), POINTS_AT_ONCE):
            part = slice(first, first + POINTS_AT_ONCE)
            features, prior = place.new_zeros((len(place[part]), 0)), place.new_zeros(len(place[part]))
            if self.basis is not None:
                features = self.basis.features(place[part], organs[part]).cpu()
                prior = self.basis.prior.variance(organs[part])
            found[part] = self.uncertainty.variance(features, moved[part], prior).sqrt().numpy()
        if self.unsure and self.model is not None:
            found[np.isin(self.model.labels[organs.numpy()], self.unsure)] = np.nan
        return found

    def correspondences(self, least: float = 0.0) -> tuple[IntArray, IntArray, FloatArray]:
        """(source index, target index, probability): the best partner of each target point that has one.

        least: probability below which a pair is left out. With several source points near each target point
        they share its probability: pairs of less than one half may still be right to within sigma.
        """
        kept = np.flatnonzero((self.partner >= 0) & (self.partner_probability >= least))
        return self.partner[kept], kept.astype(np.int64), self.partner_probability[kept]

    def told(self, notes: tuple[str, ...], warnings: tuple[str, ...], seconds: Mapping[str, float]) -> Drift:
        """The same with what is to be said of it."""
        return replace(self, notes=notes, warnings=warnings, seconds=dict(seconds))

    def _organs(self, place: Tensor, labels: IntArray | None) -> Tensor:
        """The organ of each point [n]."""
        if self.model is None or len(self.model.organs) == 1:
            return torch.zeros(len(place), dtype=torch.int64)
        if labels is not None:
            if len(labels) != len(place):
                raise InputError(f"{len(labels)} labels for {len(place)} points")
            return torch.as_tensor(self.model.indices(np.asarray(labels), len(place)))
        from scipy.spatial import cKDTree

        nearest = cKDTree(self.source.points).query(place.numpy())[1]
        own = self.model.indices(self.source.labels, len(self.source))
        return torch.as_tensor(own[nearest])
