"""A wanted number of points, strong ones and evenly spread, from many candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SEARCHES = 24
"""Halvings of the interval in which the radius lies: it is then known to a millionth."""


def spread(
    points_mm: FloatArray, strength: FloatArray, count: int, least_mm: float
) -> tuple[NDArray[np.int64], float]:
    """Rows of at most `count` of points [n, d] that keep their distance, and the distance in mm.

    A point stays where no stronger one that stays is nearer than the radius. The radius is the
    largest that leaves `count` points or more, at least `least_mm`; of what it leaves the strongest
    `count` are taken, strongest first (equal ones in the order given).
    Source: Bailo, Rameau, Joo et al., Pattern Recognition Letters 106:53 (2018),
    doi:10.1016/j.patrec.2018.02.020, suppression with a radius found by bisection.
    """
    from RegSuite.pointcloud.keypoints.spread_kernels import suppressed

    order = np.argsort(-strength, kind="stable")
    places = np.zeros((len(order), 3))
    places[:, : points_mm.shape[1]] = points_mm[order]
    kept = np.empty(len(order), np.bool_)
    if len(order) == 0 or suppressed(places, least_mm, kept) <= count:
        return order[kept[: len(order)]] if len(order) else order, least_mm
    reach = float(np.linalg.norm(np.ptp(places, axis=0)))
    low, high = least_mm, max(reach, least_mm)
    for _ in range(SEARCHES):
        middle = (low + high) / 2
        if suppressed(places, middle, kept) >= count:
            low = middle
        else:
            high = middle
    suppressed(places, low, kept)
    return order[kept][:count], low
