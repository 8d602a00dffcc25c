"""Points of all structures together, in the order in which slabs of the planning grid meet them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.sampling.quadrature import Quadrature

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Points:
    """place [P, 3], volume_cc [P], variance [P, 6] as quadrature.Cells has them; structure [P].

    alpha_beta [P] Gy (0: no EQD2); which [P]: its place among the distinct ones, from 1; 0 for none.
    upper [P], rising: the upper one of the two planes that the point lies between.
    """

    place: Floats
    volume_cc: Floats
    variance: Floats
    structure: NDArray[np.int64]
    alpha_beta: Floats
    which: NDArray[np.int64]
    upper: NDArray[np.int64]

    @classmethod
    def of(
        cls, found: Sequence[Quadrature], planes: int, alpha_betas: Sequence[float], distinct: Sequence[float]
    ) -> Points:
        """All points; alpha_betas: of each structure, 0 for none."""
        cells = [q.cells for q in found]
        place = np.concatenate([np.zeros((0, 3)), *(c.place for c in cells)])
        volume = np.concatenate([np.zeros(0), *(c.volume_cc for c in cells)])
        variance = np.concatenate([np.zeros((0, 6)), *(c.variance for c in cells)])
        structure = np.repeat(np.arange(len(cells)), [len(c.place) for c in cells])
        given = np.array([*alpha_betas, 0.0])[structure]
        which = np.zeros(len(given), np.int64)
        for number, value in enumerate(distinct, 1):
            which[given == value] = number
        upper = np.clip(place[:, 2].astype(np.int64), 0, planes - 2) + 1
        order = np.argsort(upper, kind="stable")
        columns = (place, volume, variance, structure, given, which, upper)
        return cls(*(np.ascontiguousarray(c[order]) for c in columns))

    def between(self, z0: int, z1: int) -> slice:
        """The points whose upper plane is one of z0 to before z1."""
        low, high = np.searchsorted(self.upper, [z0, z1])
        return slice(int(low), int(high))
