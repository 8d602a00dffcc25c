"""Gaussian process regression of displacements that are given at points: its settings, its doubts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.prior import MotionPrior

FloatArray = NDArray[np.float64]

BANDWIDTHS_MM = (10.0, 15.0, 22.0, 33.0, 50.0, 75.0)
NOISE_SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Variance of the noise over that of the motion."""
POINTS_TO_CHOOSE_BY = 600


@dataclass(frozen=True, eq=False)
class Regression:
    """Displacement at any point: kernel(x, points) @ weights, mm.

    points, weights: [n, d] float64. left_out_mm: [n] distance of each displacement from what the others
    say there (leave one out), left_out_sd_mm: the standard deviation per axis that is expected of it.
    noise_mm: standard deviation of a given displacement's error, per axis.
    """

    prior: MotionPrior
    points: Tensor
    weights: Tensor
    factor: Tensor
    noise_mm: float
    magnitude_mm: float
    bandwidth_mm: float
    left_out_mm: FloatArray
    left_out_sd_mm: FloatArray

    def at(self, points: Tensor) -> Tensor:
        """Mean displacement [m, d] at points [m, d]."""
        out = torch.empty((len(points), points.shape[1]), dtype=torch.float64)
        for start in range(0, len(points), 8192):
            part = slice(start, start + 8192)
            out[part] = _kernel(self.prior, points[part], self.points) @ self.weights
        return out

    def sd(self, points: Tensor) -> Tensor:
        """Standard deviation per axis [m], mm: the magnitude far from all points, little at them."""
        out = torch.empty(len(points), dtype=torch.float64)
        for start in range(0, len(points), 4096):
            part = slice(start, start + 4096)
            k = _kernel(self.prior, self.points, points[part])
            solved = torch.linalg.solve_triangular(self.factor, k, upper=False)
            out[part] = (self.magnitude_mm**2 - solved.square().sum(0)).clamp(min=0).sqrt()
        return out


class Settings(NamedTuple):
    """bandwidth_mm of the motion; noise: variance of the given displacements' errors over the motion's."""

    bandwidth_mm: float
    noise: float


def best_settings(points: FloatArray, displacement: FloatArray, bandwidth_mm: float | None) -> Settings:
    """Bandwidth (if None) and noise under which each displacement is best told by all others.

    That is the least mean leave-one-out distance, over at most 600 of the points; each bandwidth costs one
    eigen decomposition.
    """
    rows = np.unique(
        np.linspace(0, len(points) - 1, min(len(points), POINTS_TO_CHOOSE_BY)).round().astype(int)
    )
    x, y = torch.from_numpy(points[rows]), torch.from_numpy(displacement[rows])
    found: list[tuple[float, Settings]] = []
    for width in BANDWIDTHS_MM if bandwidth_mm is None else (bandwidth_mm,):
        values, vectors = torch.linalg.eigh(_kernel(_prior(width, 1.0), x, x))
        turned, shares = vectors.T @ y, vectors.square()
        for noise in NOISE_SHARES:
            inverse = 1 / (values.clamp(min=0) + noise)
            missed = (vectors @ (inverse[:, None] * turned)) / (shares @ inverse)[:, None]
            found.append((float(missed.norm(dim=1).mean()), Settings(width, noise)))
    return min(found)[1]


def regress(points: FloatArray, displacement: FloatArray, settings: Settings) -> Regression:
    """Regression of displacements [n, d] at points [n, d]; the motion's magnitude in closed form.

    Source: Rasmussen and Williams 2006, Eq. 2.25, 2.26, 5.12.
    """
    x, y = torch.from_numpy(points.copy()), torch.from_numpy(displacement.copy())
    width, share = settings
    solved = _solved(_kernel(_prior(width, 1.0), x, x), y, share)
    variance = max(float((y * solved.weights).sum() / y.numel()), 1e-12)
    magnitude = float(np.sqrt(variance))
    return Regression(
        prior=_prior(width, magnitude),
        points=x,
        weights=solved.weights / variance,
        factor=solved.factor * magnitude,
        noise_mm=magnitude * float(np.sqrt(share)),
        magnitude_mm=magnitude,
        bandwidth_mm=width,
        left_out_mm=solved.missed.norm(dim=1).numpy(),
        left_out_sd_mm=magnitude * solved.spread.numpy(),
    )


class _Solved(NamedTuple):
    """Of A = kernel + share I: A^-1 y, its Cholesky factor, leave-one-out residuals and their spread."""

    weights: Tensor
    factor: Tensor
    missed: Tensor
    spread: Tensor


def _solved(kernel: Tensor, y: Tensor, share: float) -> _Solved:
    a = kernel + share * torch.eye(len(kernel), dtype=torch.float64)
    factor = torch.linalg.cholesky(a)
    inverse = torch.cholesky_inverse(factor)
    weights = inverse @ y
    diagonal = inverse.diagonal()
    return _Solved(weights, factor, weights / diagonal[:, None], diagonal.rsqrt())


def _prior(bandwidth_mm: float, magnitude_mm: float) -> MotionPrior:
    model = OrganModel.of([0], [0], magnitude_mm=magnitude_mm, bandwidth_mm=bandwidth_mm)
    return MotionPrior(model)


def _kernel(prior: MotionPrior, a: Tensor, b: Tensor) -> Tensor:
    one, other = (torch.zeros(len(v), dtype=torch.int64) for v in (a, b))
    return prior.kernel(a, one, b, other)
