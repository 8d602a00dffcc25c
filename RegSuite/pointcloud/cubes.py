"""Cubes: points of one or two clouds sorted by organ and by the cube of a common grid that they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

CUBES_A_POINT = 4
"""Cubes times organs at most, for each point: more of them are slower than the pairs that they save."""


@dataclass(frozen=True)
class Cubes:
    """Points [n, 3] float32 by organ and cube.

    order [n]: where each came from; cell [n, 3] its cube; begins [organs cubes + 1]: where the points of an
    organ and cube begin; size [3] cubes along x, y, z; side: a cube's, in the points' unit.
    """

    points: NDArray[np.float32]
    organs: NDArray[np.int64]
    order: NDArray[np.int64]
    cell: NDArray[np.int64]
    begins: NDArray[np.int64]
    size: NDArray[np.int64]
    low: NDArray[np.float64]
    side: float
    groups: int

    @classmethod
    def of(
        cls,
        points: NDArray[np.float32],
        organs: NDArray[np.int64],
        groups: int,
        others: NDArray[np.float32],
        side: float,
    ) -> Self | None:
        """Cubes of at least `side` that hold `points` and `others`; None where there are under 25."""
        low = np.minimum(points.min(axis=0), others.min(axis=0)).astype(np.float64)
        reach = np.maximum(points.max(axis=0), others.max(axis=0)) - low
        most = CUBES_A_POINT * (len(points) + len(others)) + 1000
        while np.prod(np.floor(reach / side) + 1) * groups > most:
            side *= 1.26
        size = (np.floor(reach / side) + 1).astype(np.int64)
        if np.prod(size) < 25:
            return None
        return cls._sorted(points, organs, groups, low, side, size)

    def sorted(self, points: NDArray[np.float32], organs: NDArray[np.int64]) -> Self:
        """Other points in the same cubes."""
        return self._sorted(points, organs, self.groups, self.low, self.side, self.size)

    @classmethod
    def _sorted(
        cls,
        points: NDArray[np.float32],
        organs: NDArray[np.int64],
        groups: int,
        low: NDArray[np.float64],
        side: float,
        size: NDArray[np.int64],
    ) -> Self:
        cell = np.clip(np.floor((points - low) / side).astype(np.int64), 0, size - 1)
        cells = int(np.prod(size))
        key = ((organs * size[2] + cell[:, 2]) * size[1] + cell[:, 1]) * size[0] + cell[:, 0]
        order = np.argsort(key, kind="stable")
        begins = np.zeros(groups * cells + 1, dtype=np.int64)
        np.cumsum(np.bincount(key, minlength=groups * cells), out=begins[1:])
        return cls(
            np.ascontiguousarray(points[order]),
            organs[order],
            order,
            cell[order],
            begins,
            size,
            low,
            side,
            groups,
        )
