"""Points that are spread evenly: none much nearer to its neighbour than the others, and no gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_CROWDED = {2: 0.7476, 3: 0.8346}
"""Smallest distance of two points over their spacing (one point a spacing^2; in 2D one a spacing) where
points were dropped at random until there was no place left: Renyi's parking constant 0.7476 on a line, and
sqrt(0.5470 * 4 / pi) = 0.8346 on a surface, with the jamming density 0.5470 of discs."""
_TRIES = 4
_NEAR_ENOUGH = 0.03


def evenly_spread(
    points: FloatArray, spacing_mm: float, area: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Indices of points [n, d], ascending: about area / spacing_mm^2 of them (2D: length / spacing_mm).

    points: more than are asked for, anywhere on the surface (curve) of that area. Greedy, in random order: a
    point is taken where none within a smallest distance was taken before, so that the taken ones cover
    all; the distance is changed a few times until their number is right.
    Source: Bridson 2007, "Fast Poisson disk sampling in arbitrary dimensions" (the property, not the grid).
    """
    from scipy.spatial import cKDTree

    ndim = points.shape[1]
    wanted = max(area / spacing_mm ** (ndim - 1), 1.0)
    if len(points) <= wanted:
        return np.arange(len(points))
    tree = cKDTree(points)
    order = rng.permutation(len(points)).tolist()
    radius = _CROWDED[ndim] * spacing_mm
    best = _apart(points, tree, order, radius)
    for _ in range(_TRIES):
        if abs(len(best) / wanted - 1) <= _NEAR_ENOUGH:
            break
        radius *= (len(best) / wanted) ** (1 / (ndim - 1))
        taken = _apart(points, tree, order, radius)
        best = min(best, taken, key=lambda found: abs(len(found) / wanted - 1))
    return best


def _apart(points: FloatArray, tree: object, order: list[int], radius: float) -> NDArray[np.int64]:
    """In this order, each point that has none of those taken before within the radius."""
    near = tree.query_ball_point  # type: ignore[attr-defined]
    free = np.ones(len(points), dtype=bool)
    taken = []
    for index in order:
        if free[index]:
            taken.append(index)
            free[near(points[index], radius)] = False
    return np.sort(np.array(taken, dtype=np.int64))
