"""Contours with holes as DICOM wants them: the hole joined to its outline by a corridor of no width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def keyholed(contours: Sequence[FloatArray], normal: FloatArray) -> list[FloatArray] | None:
    """Contours [n, 3] of one plane, joined by exclusive or, as contours that need no such rule.

    A contour within another is a hole and becomes part of it (PS3.3 C.8.8.6.3); one within the hole is
    an outline again. Points stay as they are. None where contours cross or touch, which no keyhole says.
    """
    if len(contours) < 2:
        return list(contours)
    flat = [on_plane(c, normal) for c in contours]
    within = _within(flat)
    if within is None:
        return None
    depth = within.sum(axis=1)
    out = []
    for number in np.flatnonzero(depth % 2 == 0).tolist():
        holes = [h for h in np.flatnonzero(within[:, number]).tolist() if depth[h] == depth[number] + 1]
        points, ring = contours[number], flat[number]
        for hole in holes:
            points, ring = _joined(points, ring, contours[hole], flat[hole])
        out.append(points)
    return out


def on_plane(points: FloatArray, normal: FloatArray) -> FloatArray:
    """[n, 2] coordinates in mm within the plane of a unit normal."""
    least = np.eye(3)[int(np.argmin(np.abs(normal)))]
    first = np.cross(normal, least)
    first /= np.linalg.norm(first)
    return np.stack([points @ first, points @ np.cross(normal, first)], axis=1)


def signed_area(ring: FloatArray) -> float:
    """mm^2 of a ring [n, 2], positive where it runs counter-clockwise."""
    x, y = ring.T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def _within(rings: Sequence[FloatArray]) -> NDArray[np.bool_] | None:
    """[n, n] whether a ring lies within another; None where one lies there in part."""
    out = np.zeros((len(rings), len(rings)), dtype=bool)
    lows, highs = [r.min(axis=0) for r in rings], [r.max(axis=0) for r in rings]
    for inner, ring in enumerate(rings):
        for outer, around in enumerate(rings):
            apart = (lows[inner] > highs[outer]).any() or (highs[inner] < lows[outer]).any()
            if inner == outer or apart:
                continue
            inside = points_inside(ring, around)
            if inside.any() and not inside.all():
                return None
            out[inner, outer] = bool(inside.all())
    if (out & out.T).any():
        return None
    return out


def points_inside(points: FloatArray, ring: FloatArray) -> NDArray[np.bool_]:
    """[n] whether points [n, 2] lie within a ring [m, 2], by counting the edges to their right."""
    out = np.zeros(len(points), dtype=bool)
    following = np.roll(ring, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(ring, following, strict=True):
        if y0 != y1:
            crossed = (y0 > points[:, 1]) != (y1 > points[:, 1])
            out ^= crossed & (points[:, 0] < x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    return out


def _joined(
    points: FloatArray, ring: FloatArray, hole: FloatArray, hole_ring: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """A ring with a hole let in where both are nearest, running the other way round."""
    from scipy.spatial import cKDTree

    if signed_area(ring) * signed_area(hole_ring) > 0:
        hole, hole_ring = hole[::-1], hole_ring[::-1]
    distances, nearest = cKDTree(ring).query(hole_ring)
    start = int(np.argmin(distances))
    place = int(nearest[start])

    def let_in(outline: FloatArray, inner: FloatArray) -> FloatArray:
        around = np.concatenate([inner[start:], inner[: start + 1]])
        return np.concatenate([outline[: place + 1], around, outline[place:]])

    return let_in(points, hole), let_in(ring, hole_ring)
