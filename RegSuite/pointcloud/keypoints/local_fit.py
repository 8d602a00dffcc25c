"""A displacement at points, made smooth without being made flat: local affine fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]

NEIGHBOURS = 20
RIDGE = 1e-2
"""Of the slopes, in squared distances to the neighbours: holds directions in which no neighbour lies."""


def smoothed(points_mm: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """values [n, k] at points [n, d], each replaced by an affine fit to its nearest neighbours'.

    weights: [n] of the values; a neighbour's falls off as a Gaussian whose standard deviation is half
    the distance of the farthest. Affine values stay as they are (but for the ridge).
    """
    n, d = points_mm.shape
    count = min(NEIGHBOURS + 1, n)
    if count < d + 2:
        return np.broadcast_to(np.average(values, axis=0, weights=weights), values.shape).copy()
    distance, near = cKDTree(points_mm).query(points_mm, k=count)
    reach = np.maximum(distance[:, -1:], 1e-9)
    w = np.exp(-0.5 * (distance / (0.5 * reach)) ** 2) * weights[near]
    x = np.concatenate([np.ones((n, count, 1)), (points_mm[near] - points_mm[:, None]) / reach[..., None]], 2)
    normal = np.einsum("nki,nk,nkj->nij", x, w, x)
    ridge = np.diag([0.0] + [1.0] * d) * RIDGE
    normal += ridge * w.sum(axis=1)[:, None, None]
    right = np.einsum("nki,nk,nkj->nij", x, w, values[near])
    return np.asarray(np.linalg.solve(normal, right)[:, 0])
