"""rho and w at once: the linear map that is best for the motion that it leaves to the organs.

Taken in turns, as printed, rho hardly moves once sigma is small: what it left to v in the first, blurred
iterations (a cloud that shrank, say) v keeps, and each turn gives back only about sigma^2 / Lambda^2 of it.
With w integrated out the residuals of rho alone have the covariance s^2 F F^T + sigma^2 / nu, so that rho is
a generalised least-squares fit:

J(R, s, t) = 1/2 tr r^T W r + d/2 log det(I + s^2 / sigma^2 F^T diag(nu) F),    r = x - s R y - t,

W = (s^2 F F^T + sigma^2 diag(nu)^-1)^-1 = (diag(nu) - c diag(nu) F C F^T diag(nu))
/ sigma^2 with c = s^2 / sigma^2.

It is the same bound as that of the printed updates, only climbed faster: R and t are its maximum at the
former s, and a step of s is taken only if the bound gains.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.pointcloud.features import Features
from RegSuite.pointcloud.linear_part import GUARD, nearest_rotation

HALVINGS = 4
"""Times that a step of the scale is halved before it is given up."""


@dataclass(frozen=True)
class JointFit:
    """matrix [d, d] and shift [d] of rho, weights [K, d] of the motion, Cholesky factor [K, K]."""

    matrix: Tensor
    shift: Tensor
    weights: Tensor
    factor: Tensor


@dataclass(frozen=True)
class _Points:
    """y [M, d], evidence nu [M], weighted nu x [M, d], gram F^T diag(nu) F [K, K], sigma2."""

    features: Features
    y: Tensor
    evidence: Tensor
    weighted: Tensor
    gram: Tensor
    sigma2: float

    def factor(self, scale: float) -> Tensor:
        inner = self.gram * (scale**2 / self.sigma2)
        inner.diagonal().add_(1.0)
        factor: Tensor = torch.linalg.cholesky(inner)
        return factor

    def weighed(self, values: Tensor, factor: Tensor, scale: float) -> Tensor:
        """sigma^2 W a from nu a [M, k]."""
        inside = torch.cholesky_solve(self.features.pulled(values), factor)
        return values - (scale**2 / self.sigma2) * self.evidence[:, None] * self.features.motion(inside)

    def left(self, matrix: Tensor, shift: Tensor) -> Tensor:
        """nu r [M, d] of a rho."""
        return self.weighted - self.evidence[:, None] * (self.y @ matrix.T + shift)


def joint_fit(
    kind: str | None,
    features: Features,
    y: Tensor,
    evidence: Tensor,
    weighted: Tensor,
    sigma2: float,
    matrix: Tensor,
    shift: Tensor,
) -> JointFit:
    """The next rho and motion. kind: "similarity", "rigid", or None (rho stays); weighted [M, d]: nu x.

    matrix, shift: the former rho. Directions that the points do not fix stay as they were.
    """
    points = _Points(features, y, evidence, weighted, features.gram(evidence), sigma2)
    scale = float(torch.linalg.det(matrix).abs()) ** (1 / len(matrix))
    factor = points.factor(scale)
    if kind is not None:
        rotation, means = _turned(points, factor, scale, matrix / scale)
        shift = means[0] - scale * rotation @ means[1]
        if kind == "similarity":
            scale, shift, factor = _scaled(points, factor, scale, rotation, shift, means)
        matrix = scale * rotation
    pulled = points.left(matrix, shift) @ matrix / scale**2
    weights = torch.cholesky_solve((scale**2 / sigma2) * features.pulled(pulled), factor)
    return JointFit(matrix, shift, weights, factor)


def _turned(points: _Points, factor: Tensor, scale: float, former: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation [d, d], and the means [2, d] of x and y under W."""
    nu = points.evidence[:, None]
    ones = points.weighed(nu, factor, scale)
    total = ones.sum().clamp(min=1e-30)
    of_x = points.weighed(points.weighted, factor, scale)
    mean_x, mean_y = of_x.sum(dim=0) / total, (ones[:, 0] @ points.y) / total
    apart = points.y - mean_y
    cross = of_x.T @ apart - torch.outer(mean_x, ones[:, 0] @ apart)
    size = (points.weighed(nu * apart, factor, scale) * apart).sum()
    return nearest_rotation(cross + GUARD * size * former), torch.stack([mean_x, mean_y])


def _scaled(
    points: _Points, factor: Tensor, scale: float, rotation: Tensor, shift: Tensor, means: Tensor
) -> tuple[float, Tensor, Tensor]:
    """A Newton step of s, halved until the bound gains: (s, t, factor)."""
    d = points.y.shape[1]
    turned = (points.y - means[1]) @ rotation.T
    left = points.left(scale * rotation, shift)
    weights = torch.cholesky_solve((scale / points.sigma2) * points.features.pulled(left), factor)
    eye = torch.eye(len(factor), dtype=factor.dtype, device=factor.device)
    inverse = torch.linalg.solve_triangular(factor, eye, upper=False)
    known = len(factor) - float(inverse.square().sum())
    slope = -float((points.weighed(left, factor, scale) * turned).sum()) / points.sigma2
    slope += (d * known - float(weights.square().sum())) / scale
    own = points.weighed(points.evidence[:, None] * turned, factor, scale)
    bend = float((own * turned).sum()) / points.sigma2 + d * known / scale**2
    step = min(max(-slope / max(bend, 1e-30), -0.3 * scale), 0.3 * scale)
    start = _loss(points, factor, scale, left, 0.0)
    for _ in range(HALVINGS):
        tried = scale + step
        shift_tried = means[0] - tried * rotation @ means[1]
        change = (tried - scale) * turned  # of rho(y); the mean stays
        gained = -2 * float((left * change).sum()) + float(points.evidence @ change.square().sum(dim=1))
        factor_tried = points.factor(tried)
        left_tried = left - points.evidence[:, None] * change
        if _loss(points, factor_tried, tried, left_tried, gained) <= start:
            return tried, shift_tried, factor_tried
        step /= 2
    return scale, shift, factor


def _loss(points: _Points, factor: Tensor, scale: float, left: Tensor, squared: float) -> float:
    """J, less what does not depend on rho; left: nu r; squared: change of the sum of nu |r|^2."""
    pulled = points.features.pulled(left)
    inside = torch.linalg.solve_triangular(factor, pulled, upper=False)
    fit = squared - (scale**2 / points.sigma2) * float(inside.square().sum())
    logs = 2 * float(factor.diagonal().log().sum())
    return 0.5 * fit / points.sigma2 + 0.5 * points.y.shape[1] * logs
