"""Bayesian coherent point drift as printed (Hirose 2021, Fig. 2; paper 13, Eq. 1 to 3): dense, with G^-1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Array = NDArray[np.float64]


@dataclass
class Textbook:
    """State of the printed algorithm after `steps`; u [N, M] are the likelihoods of labels."""

    y: Array
    x: Array
    G: Array
    u: Array
    omega: float
    outlier_density: Array
    kappa: float
    sigma2: float

    def __post_init__(self) -> None:
        m, d = self.y.shape
        self.s, self.R, self.t = 1.0, np.eye(d), np.zeros(d)
        self.v, self.sigma_m = np.zeros((m, d)), np.zeros(m)
        self.alpha = np.full(m, 1 / m)
        self.moved = self.y.copy()

    def posterior(self) -> Array:
        """P [M, N]."""
        d = self.y.shape[1]
        apart = ((self.x[None] - self.moved[:, None]) ** 2).sum(axis=2)
        phi = np.exp(-apart / (2 * self.sigma2)) / (2 * np.pi * self.sigma2) ** (d / 2)
        phi *= np.exp(-(self.s**2) * d * self.sigma_m / (2 * self.sigma2))[:, None] * self.u.T
        inside = (1 - self.omega) * self.alpha[:, None] * phi
        return inside / (self.omega * self.outlier_density + inside.sum(axis=0))

    def step(self) -> None:
        P = self.posterior()
        nu, nu_target = P.sum(axis=1), P.sum(axis=0)
        count, (m, d) = nu.sum(), self.y.shape
        x_hat = P @ self.x / nu[:, None]
        ratio = self.s**2 / self.sigma2
        Sigma = np.linalg.inv(np.linalg.inv(self.G) + ratio * np.diag(nu))
        back = (x_hat - self.t) @ self.R / self.s
        self.v = ratio * Sigma @ (nu[:, None] * (back - self.y))
        self.sigma_m = np.diag(Sigma)
        u = self.y + self.v
        self.alpha = np.exp(digamma(self.kappa + nu) - digamma(self.kappa * m + count))
        mean_x, mean_u = nu @ x_hat / count, nu @ u / count
        mean_sigma = nu @ self.sigma_m / count
        S_xu = (x_hat - mean_x).T @ (nu[:, None] * (u - mean_u)) / count
        S_uu = (u - mean_u).T @ (nu[:, None] * (u - mean_u)) / count + mean_sigma * np.eye(d)
        left, _, right = np.linalg.svd(S_xu)
        signs = np.ones(d)
        signs[-1] = np.linalg.det(left @ right)
        self.R = left @ np.diag(signs) @ right
        self.s = np.trace(self.R.T @ S_xu) / np.trace(S_uu)
        self.t = mean_x - self.s * self.R @ mean_u
        self.moved = self.s * u @ self.R.T + self.t
        squared = (nu_target @ (self.x**2).sum(axis=1)) - 2 * (P @ self.x * self.moved).sum()
        squared += nu @ (self.moved**2).sum(axis=1)
        self.sigma2 = squared / (count * d) + self.s**2 * mean_sigma
