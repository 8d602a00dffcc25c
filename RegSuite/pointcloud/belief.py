"""The variational posterior of a drift and its updates (Hirose 2021, Fig. 2; paper 13, algorithm 1).

q(v, alpha) q(c, e) q(rho, sigma^2) is improved factor by factor: the sums of `sums.py` are q(c, e), `updated`
makes the rest. The motion is v = F w with w ~ N(0, I) (G = F F^T), so that no inverse of G is needed: the
covariance of w is (I + s^2 / sigma^2 F^T diag(nu) F)^-1, whose inverse has no eigenvalue under 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from RegSuite.errors import MethodFailed
from RegSuite.pointcloud.features import Features
from RegSuite.pointcloud.joint import joint_fit
from RegSuite.pointcloud.linear_part import LinearKind, fitted_linear, mean_scale
from RegSuite.pointcloud.sums import Mixture, Pairs, PosteriorSums


@dataclass(frozen=True)
class Scene:
    """What stays the same through the iterations; float64 on one device, coordinates about one centre.

    y [M, d] source points; features F [M, K] (None: rho alone); linear: what rho is (None: as it is given);
    log_inside, log_outside [N]: log (1 - omega) and log omega p_out of each target point; smallest: floor of
    sigma, mm; kappa: Dirichlet parameter or None for infinity; joint: rho and w at once (`joint.py`).
    """

    y: Tensor
    pairs: Pairs
    features: Features | None
    linear: LinearKind | None
    log_inside: Tensor
    log_outside: Tensor
    smallest: float
    kappa: float | None = None
    joint: bool = True


@dataclass(frozen=True)
class Belief:
    """matrix [d, d] and shift [d] of rho; sigma2 mm^2; v [M, d]; variance [M] of v (an axis), mm^2.

    log_alpha [M]: expected logarithm of the source points' shares. weights [K, d] and the Cholesky factor
    [K, K] of the inverse covariance of w, None where nothing is known of w yet.
    evidence [M]: nu of the sums that it was made of, for the Dirichlet's part of the bound.
    """

    matrix: Tensor
    shift: Tensor
    sigma2: float
    v: Tensor
    variance: Tensor
    log_alpha: Tensor
    weights: Tensor | None = None
    factor: Tensor | None = None
    evidence: Tensor | None = None

    @cached_property
    def scale(self) -> float:
        """s of rho (the mean stretch where it is affine)."""
        return mean_scale(self.matrix)

    def moved(self, y: Tensor) -> Tensor:
        """rho(y + v) [M, d]."""
        return (y + self.v) @ self.matrix.T + self.shift


def first_belief(scene: Scene, matrix: Tensor, shift: Tensor, sigma2: float) -> Belief:
    """Nothing has moved, and that is taken as certain: only so the first sums tell near from far."""
    m = len(scene.y)
    level = torch.full((m,), -math.log(m), dtype=torch.float64, device=scene.y.device)
    return Belief(matrix, shift, sigma2, torch.zeros_like(scene.y), torch.zeros_like(level), level)


def carried(belief: Belief, scene: Scene) -> Belief:
    """The same belief for another sample of the same source cloud."""
    fresh = first_belief(scene, belief.matrix, belief.shift, belief.sigma2)
    if scene.features is None or belief.weights is None or belief.factor is None:
        return fresh
    v, variance = scene.features.motion(belief.weights), scene.features.variance(belief.factor)
    return Belief(
        belief.matrix,
        belief.shift,
        belief.sigma2,
        v,
        variance,
        fresh.log_alpha,
        belief.weights,
        belief.factor,
    )


def mixture_of(scene: Scene, belief: Belief) -> Mixture:
    """The terms of the next E-step: <alpha_m> <phi_mn> with the trace term of the uncertain v."""
    d = scene.y.shape[1]
    uncertain = belief.scale**2 * d * belief.variance / (2 * belief.sigma2)
    inlier = scene.log_inside - 0.5 * d * math.log(2 * math.pi * belief.sigma2)
    return Mixture(
        belief.moved(scene.y), belief.log_alpha - uncertain, belief.sigma2, inlier, scene.log_outside
    )


def updated(scene: Scene, belief: Belief, sums: PosteriorSums) -> Belief:
    """The belief after the sums: w and rho, alpha, then sigma^2.

    Raises MethodFailed where no target point belongs to any source point.
    """
    evidence, d = sums.evidence, scene.y.shape[1]
    count = float(evidence.sum())
    if not count > 1e-9 * len(sums.total):
        raise MethodFailed(
            "no target point belongs to any source point: all are taken for outliers",
            where="drift",
            mend="check that both clouds are in mm and in one frame, or let start be 'global'",
        )
    before = belief.moved(scene.y)
    weighted = sums.apart + evidence[:, None] * before
    matrix, shift, v, variance = belief.matrix, belief.shift, belief.v, belief.variance
    weights = factor = None
    if scene.features is not None and scene.joint:
        fit = joint_fit(
            scene.linear, scene.features, scene.y, evidence, weighted, belief.sigma2, matrix, shift
        )
        matrix, shift, weights, factor = fit.matrix, fit.shift, fit.weights, fit.factor
        v, variance = scene.features.motion(weights), scene.features.variance(factor)
    elif scene.features is not None:
        pulled = torch.linalg.solve(matrix, sums.apart.T).T + evidence[:, None] * v
        weights, factor = _motion(scene.features, evidence, pulled, belief.scale**2 / belief.sigma2)
        v, variance = scene.features.motion(weights), scene.features.variance(factor)
    uncertain = float(evidence @ variance) / count
    if scene.linear is not None and not (scene.joint and scene.features is not None):
        matrix, shift = fitted_linear(scene.linear, scene.y + v, weighted, evidence, uncertain, matrix)
    step = (scene.y + v) @ matrix.T + shift - before
    squared = sums.squared - 2 * float((sums.apart * step).sum()) + float(evidence @ step.square().sum(dim=1))
    sigma2 = max(squared, 0.0) / (count * d) + mean_scale(matrix) ** 2 * uncertain
    return Belief(
        matrix,
        shift,
        max(sigma2, scene.smallest**2),
        v,
        variance,
        _log_alpha(scene.kappa, evidence, belief.log_alpha),
        weights,
        factor,
        evidence,
    )


def bound(scene: Scene, belief: Belief, sums: PosteriorSums) -> float:
    """The evidence's lower bound after an E-step, in nats: it never falls from one iteration to the next.

    Sum of the targets' log-densities, less the divergences of q(w) and q(alpha) from their priors.
    """
    value = float(sums.total.sum())
    if belief.weights is not None and belief.factor is not None:
        k, d = belief.weights.shape
        eye = torch.eye(k, dtype=torch.float64, device=belief.factor.device)
        inverse = torch.linalg.solve_triangular(belief.factor, eye, upper=False)
        logs = 2 * float(belief.factor.diagonal().log().sum())
        value -= 0.5 * d * (float(inverse.square().sum()) - k + logs)
        value -= 0.5 * float(belief.weights.square().sum())
    if scene.kappa is not None and belief.evidence is not None:
        own = scene.kappa + belief.evidence
        m, total = len(own), own.sum()
        divergence = torch.lgamma(total) - torch.lgamma(own).sum() + m * math.lgamma(scene.kappa)
        divergence = divergence - math.lgamma(m * scene.kappa) + (belief.evidence * belief.log_alpha).sum()
        value -= float(divergence)
    return value


def _motion(features: Features, evidence: Tensor, pulled: Tensor, ratio: float) -> tuple[Tensor, Tensor]:
    """Mean [K, d] of w and the Cholesky factor of its inverse covariance; ratio = s^2 / sigma^2."""
    inner = features.gram(evidence).mul_(ratio)
    inner.diagonal().add_(1.0)
    factor = torch.linalg.cholesky(inner)
    return torch.cholesky_solve(ratio * features.pulled(pulled), factor), factor


def _log_alpha(kappa: float | None, evidence: Tensor, before: Tensor) -> Tensor:
    if kappa is None:
        return before
    total = kappa * len(evidence) + evidence.sum()
    return torch.digamma(kappa + evidence) - torch.digamma(total)
