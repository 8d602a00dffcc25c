"""Drift: what the drift of one cloud to another found, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.transforms.affine import AffineTransform

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class DriftPoint:
    """One iteration: sigma in mm and the mean log-likelihood of a target point."""

    stage: str
    iteration: int
    sigma_mm: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class Drift:
    """T(y) = start(y + F(y) w): source points to target points, LPS mm.

    start: rho, a similarity (or affine) map. basis, weights [K, d], covariance [K, K] of w (the same for
    each coordinate): None where the map is rho alone. sigma_mm: standard deviation of the target points
    about the moved ones. moved_mm [M, d]; matched_mm [M, d], the mean of the target points that belong
    to each (NaN where none does); evidence [M], their number; outlier_probability [N];
    residual_mm [M] |moved - matched|; point_sd_mm [M], an axis' posterior standard deviation.
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
    convergence: tuple[DriftPoint, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def residual_mm(self) -> FloatArray:
        """|moved - matched| [M], NaN where there is no evidence."""
        return np.asarray(np.linalg.norm(self.moved_mm - self.matched_mm, axis=1))

    @property
    def point_sd_mm(self) -> FloatArray:
        """An axis' posterior standard deviation of each moved source point [M]."""
        return self.sd_mm(self.source.points, self.source.labels)

    @property
    def scale(self) -> float:
        """s of rho: the mean stretch."""
        return float(abs(np.linalg.det(self.start.matrix)) ** (1 / self.source.ndim))

    def points(self, points_mm: FloatArray, labels: NDArray[np.int64] | None = None) -> FloatArray:
        """T of any points [n, d] of the source's space, each by its organ's motion."""
        place = torch.as_tensor(np.array(points_mm, dtype=np.float64))
        if self.basis is not None and self.weights is not None:
            place = place + self.basis.features(place, self._organs(labels, len(place))) @ self.weights
        return np.asarray(self.start.points(place))

    def sd_mm(self, points_mm: FloatArray, labels: NDArray[np.int64] | None = None) -> FloatArray:
        """An axis' posterior standard deviation of T at points [n, d], mm; 0 where only rho moves."""
        if self.basis is None or self.covariance is None:
            return np.zeros(len(points_mm))
        place = torch.as_tensor(np.array(points_mm, dtype=np.float64))
        organs = self._organs(labels, len(place))
        features = self.basis.features(place, organs)
        known = ((features @ self.covariance) * features).sum(1)
        left = (self.basis.prior.variance(organs) - features.square().sum(1)).clamp(min=0)
        return np.asarray(self.scale * (known + left).clamp(min=0).sqrt())

    def _organs(self, labels: NDArray[np.int64] | None, count: int) -> Tensor:
        if self.model is None:
            return torch.zeros(count, dtype=torch.int64)
        return torch.as_tensor(self.model.indices(labels, count))
