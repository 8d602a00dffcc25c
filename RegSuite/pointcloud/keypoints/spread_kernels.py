"""Greedy suppression of weaker points around stronger ones, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def suppressed(points, radius, kept):  # type: ignore[no-untyped-def]
    """kept[i] = whether no earlier kept point lies nearer than `radius` to point i; gives their number.

    points: [n, 3] mm, strongest first. Cells as wide as the radius, so that 27 are looked into.
    """
    n = len(points)
    low = np.empty(3)
    size = np.empty(3, np.int64)
    for a in range(3):
        low[a] = points[:, a].min()
        size[a] = np.int64((points[:, a].max() - low[a]) / radius) + 1
    head = np.full(size[0] * size[1] * size[2], -1, np.int64)
    after = np.full(n, -1, np.int64)
    squared = radius * radius
    count = 0
    cell = np.empty(3, np.int64)
    for i in range(n):
        for a in range(3):
            cell[a] = min(np.int64((points[i, a] - low[a]) / radius), size[a] - 1)
        free = True
        for cz in range(max(cell[2] - 1, 0), min(cell[2] + 2, size[2])):
            for cy in range(max(cell[1] - 1, 0), min(cell[1] + 2, size[1])):
                for cx in range(max(cell[0] - 1, 0), min(cell[0] + 2, size[0])):
                    j = head[(cz * size[1] + cy) * size[0] + cx]
                    while j >= 0 and free:
                        d = 0.0
                        for a in range(3):
                            d += (points[i, a] - points[j, a]) ** 2
                        free = d >= squared
                        j = after[j]
        kept[i] = free
        if free:
            at = (cell[2] * size[1] + cell[1]) * size[0] + cell[0]
            after[i] = head[at]
            head[at] = i
            count += 1
    return count
