"""Small discs (surfels) that make a surface of a cloud: where, how turned, how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrganSurface

Array = NDArray[Any]

MOST_POINTS = 3000
"""Of one organ, drawn; more are thinned evenly at random (a fixed choice)."""
_NEIGHBOURS = 12
_FLAT = 0.08
"""Clouds whose neighbourhoods are flatter (least of three variances by their sum, median) are surfaces."""

_BALL = 0.2
"""Radius of balls by that of discs: small, so that the inside of a cloud and the other cloud are seen."""


@dataclass(frozen=True, eq=False)
class Surfels:
    """Discs at points [n, 3] mm with unit normals [n, 3] of either sign and radius [n] mm.

    normals None: balls, where the cloud is no surface. chosen [n]: places in the cloud they were made of.
    """

    points: Array
    normals: Array | None
    radius: Array
    chosen: Array


def of_cloud(points: Array) -> Surfels:
    """Discs where the neighbourhoods of points [n, 3] are flat, balls where they are not."""
    from scipy.spatial import cKDTree

    chosen = thinned(len(points))
    kept = np.asarray(points, float)[chosen]
    count = min(_NEIGHBOURS, len(kept))
    if count < 4:
        return Surfels(kept, None, np.full(len(kept), 2.0), chosen)
    distances, near = cKDTree(kept).query(kept, k=count)
    radius = _radius(distances)
    around = kept[near] - kept[near].mean(axis=1, keepdims=True)
    variances, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    flatness = variances[:, 0] / np.maximum(variances.sum(axis=1), 1e-12)
    if np.median(flatness) > _FLAT:
        return Surfels(kept, None, np.full(len(kept), _BALL * float(np.median(radius))), chosen)
    return Surfels(kept, axes[:, :, 0], radius, chosen)


def of_surface(surface: OrganSurface) -> Surfels:
    """Discs at the corners of a triangulated surface, turned as its triangles are."""
    from scipy.spatial import cKDTree

    points, triangles = np.asarray(surface.points_mm, float), np.asarray(surface.triangles)
    corners = points[triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], across)
    lengths = np.linalg.norm(normals, axis=1)
    usable = np.flatnonzero(lengths > 1e-12)
    chosen = usable[thinned(len(usable))]
    kept = points[chosen]
    count = min(7, len(kept))
    radius = _radius(cKDTree(kept).query(kept, k=count)[0]) if count > 1 else np.full(len(kept), 2.0)
    if len(chosen) == len(usable):
        radius = np.maximum(
            radius, np.minimum(0.7 * _longest_edges(points, triangles)[chosen], 2 * np.median(radius))
        )
    return Surfels(kept, normals[chosen] / lengths[chosen, None], radius, chosen)


def thinned(count: int) -> Array:
    """Which of `count` points are drawn, rising; the same ones each time."""
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).permutation(count)[:MOST_POINTS])


def _longest_edges(points: Array, triangles: Array) -> Array:
    """Of those that end at each point [V], so that discs of 0.58 of it cover the triangles."""
    longest = np.zeros(len(points))
    for first, second in ((0, 1), (1, 2), (2, 0)):
        ends = triangles[:, [first, second]]
        length = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)
        for end in ends.T:
            np.maximum.at(longest, end, length)
    return longest


def _radius(distances: Array) -> Array:
    """From the distances [n, k] of the nearest points: about that of the sixth, none far from the usual."""
    sixth = distances[:, min(6, distances.shape[1] - 1)]
    usual = max(float(np.median(sixth)), 1e-6)
    return np.asarray(0.9 * np.clip(sixth, 0.7 * usual, 2.0 * usual))
