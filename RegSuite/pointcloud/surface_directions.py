"""Directions in which a point's place can be told from its neighbours: across a surface, not along it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NEIGHBOURS = 12
"""Of the same organ, from which a point's surface is judged."""

FLAT = 0.25
"""Ratio of the two smallest variances of a point's neighbourhood under which it lies on a surface."""


def surface_directions(points: Tensor, organs: Tensor) -> Tensor:
    """Projections [M, d, d]: onto the normal for points on a surface (a line in 2D), else the identity."""
    from scipy.spatial import cKDTree

    places, labels = points.cpu().numpy().astype(np.float64), organs.cpu().numpy()
    d = places.shape[1]
    out: NDArray[np.float64] = np.tile(np.eye(d), (len(places), 1, 1))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) <= NEIGHBOURS:
            continue
        near = cKDTree(places[own]).query(places[own], k=NEIGHBOURS + 1)[1]
        hood = places[own][near]
        hood = hood - hood.mean(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(np.einsum("nki,nkj->nij", hood, hood))
        flat = values[:, 0] < FLAT * values[:, 1]
        normal = vectors[flat, :, 0]
        out[own[flat]] = normal[:, :, None] * normal[:, None]
    return torch.from_numpy(out)
