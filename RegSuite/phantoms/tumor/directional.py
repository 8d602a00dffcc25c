"""Smooth functions of a direction: polynomials on the unit circle or sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DEGREE = {2: 8, 3: 6}
"""Of the polynomial: details of 180 / degree degrees."""

RIDGE = 1e-9
"""Of the mean of the diagonal: monomials of a high degree are nearly dependent."""


@dataclass(frozen=True, eq=False)
class Directional:
    """f(n) = sum of c_k n^k over the monomials of degree L and L - 1: all harmonics up to L.

    coefficients: [m] of one function, or [m, functions].
    """

    ndim: int
    coefficients: FloatArray

    @classmethod
    def fit(cls, directions: FloatArray, values: FloatArray) -> Directional:
        """The smoothest of least squares through values [k] or [k, functions] at unit vectors [k, d]."""
        ndim = directions.shape[-1]
        basis = monomials(directions)
        normal = basis.T @ basis / len(basis)
        normal += RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal))
        return cls(ndim, np.asarray(np.linalg.solve(normal, basis.T @ values / len(basis)), np.float64))

    def __call__(self, directions: FloatArray) -> FloatArray:
        """f at unit vectors [..., d]: [...] or [..., functions]."""
        return np.asarray(monomials(directions) @ self.coefficients)


def monomials(directions: FloatArray) -> FloatArray:
    """[..., m] products of the components of [..., d], of degree L - 1 and L."""
    ndim = directions.shape[-1]
    top = DEGREE[ndim]
    powers = [np.ones_like(directions)]
    for _ in range(top):
        powers.append(powers[-1] * directions)
    columns = []
    for degree in (top - 1, top):
        for chosen in combinations_with_replacement(range(ndim), degree):
            term = np.ones(directions.shape[:-1])
            for axis in range(ndim):
                term = term * powers[chosen.count(axis)][..., axis]
            columns.append(term)
    return np.stack(columns, axis=-1)


def spread_directions(ndim: int) -> FloatArray:
    """[k, d] unit vectors evenly over the circle (360) or the sphere (1500, a Fibonacci spiral)."""
    if ndim == 2:
        angle = np.arange(360) * (2 * math.pi / 360)
        return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    n = 1500
    z = 1 - (2 * np.arange(n) + 1) / n
    angle = np.arange(n) * math.pi * (3 - math.sqrt(5))
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=-1)


def bumps(directions: FloatArray, rng: np.random.Generator, count: int, width_degrees: float) -> FloatArray:
    """[k] a random function of the direction of mean 0 and sd 1: `count` bumps of that width."""
    middles = rng.normal(size=(count, directions.shape[-1]))
    middles /= np.linalg.norm(middles, axis=-1, keepdims=True)
    heights = rng.normal(size=count)
    sharpness = 1 / math.radians(width_degrees) ** 2
    values = np.exp(sharpness * (directions @ middles.T - 1)) @ heights
    return np.asarray((values - values.mean()) / values.std())
