"""Lines: a region cut into parallel line segments, each standing for the bar around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lines:
    """A region as n parallel segments: exact along themselves, sampled across.

    start_mm [n, 3]: LPS mm of where each begins. length_mm [n]. across_mm [n, 2]: width of its bar
    along the second and third axis. share [n]: of the bar that is inside, 0..1. axes [3, 3]: rows are
    the unit vectors (LPS) along the segments and across them.
    """

    start_mm: Floats
    length_mm: Floats
    across_mm: Floats
    share: Floats
    axes: Floats

    @property
    def volume_mm3(self) -> float:
        """Volume of all bars."""
        return float(np.sum(self.length_mm * self.across_mm[:, 0] * self.across_mm[:, 1] * self.share))

    @staticmethod
    def joined(parts: Iterable[Lines], axes: Floats) -> Lines:
        """All lines of `parts`, which have the axes given; of none, no lines."""
        found = list(parts)
        if not found:
            return Lines(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 2)), np.zeros(0), axes)
        return Lines(
            np.concatenate([p.start_mm for p in found]),
            np.concatenate([p.length_mm for p in found]),
            np.concatenate([p.across_mm for p in found]),
            np.concatenate([p.share for p in found]),
            axes,
        )


def runs(
    counts: NDArray[np.int64], write: Callable[[NDArray[np.int64], Floats], None]
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Row, begin and end of the parts inside: between each odd crossing of a row and the next.

    counts: crossings of each row. write(first, places) puts the places of row r from places[first[r]] on.
    """
    bounds = np.concatenate([[0], np.cumsum(counts)])
    places = np.empty(int(bounds[-1]))
    write(bounds[:-1].copy(), places)
    row = np.repeat(np.arange(len(counts)), counts)
    places = places[np.lexsort((places, row))]
    order = np.arange(len(places)) - bounds[row]
    opens = (order % 2 == 0) & (order + 1 < counts[row])
    begin = np.flatnonzero(opens)
    long = places[begin + 1] > places[begin]
    begin = begin[long]
    return row[begin], places[begin], places[begin + 1]
