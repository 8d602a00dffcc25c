"""When do points make a contour, and contours a structure? Closed, flat, in parallel planes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FLAT_MM = 0.5
"""Points may lie so far from their contour's plane: some systems round each to 0.1 mm or more."""

PARALLEL_COSINE = 0.9998
"""Of the angle between two planes that count as parallel (about 1 degree)."""

SMALL_MM2 = 1.0
"""A contour of less area has no plane of its own to speak of."""


def without_repeats(points: FloatArray) -> FloatArray:
    """The points [n, 3] without those that stand where their predecessor does; the last is not the first."""
    if len(points) == 0:
        return points
    kept = np.ones(len(points), dtype=bool)
    kept[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
    out = points[kept]
    while len(out) > 1 and (out[0] == out[-1]).all():
        out = out[:-1]
    return out


def area_vector(contour: FloatArray) -> FloatArray:
    """[3] the normal of a contour [n, 3] times its area in mm^2 (Newell); a keyhole's hole is taken off."""
    around = contour - contour[0]
    vector: FloatArray = 0.5 * np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)
    return vector


def normal_of(contours: Sequence[FloatArray]) -> FloatArray | None:
    """[3] the unit normal of the largest contour; None where no contour has an area."""
    vectors = [area_vector(c) for c in contours]
    largest = max(vectors, key=lambda v: float(v @ v), default=np.zeros(3))
    length = float(np.linalg.norm(largest))
    return largest / length if length > 1e-6 else None


def fault_in_planes(contours: Sequence[FloatArray]) -> str | None:
    """Why contours do not lie in parallel planes, with the numbers; None where they do."""
    normal = normal_of(contours)
    if normal is None:
        return "none of its contours has an area"
    for number, contour in enumerate(contours, start=1):
        vector = area_vector(contour)
        area = float(np.linalg.norm(vector))
        if area > SMALL_MM2 and abs(float(vector @ normal)) < PARALLEL_COSINE * area:
            angle = np.degrees(np.arccos(min(1.0, abs(float(vector @ normal)) / area)))
            return f"contour {number} is turned by {angle:.0f} degrees against the largest"
        depth = contour @ normal
        if np.ptp(depth) > 2 * FLAT_MM:
            return f"contour {number} is not flat: its points span {np.ptp(depth):.2g} mm of the normal"
    return None
