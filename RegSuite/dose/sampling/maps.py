"""DoseMaps: what the samples of a dose say at each voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.sampling.sampled_dvh import KNOWN_SHARE

Values = NDArray[np.float32]

LOW_SHARE = 0.05
"""Of the low percentile; the high one is at 1 - LOW_SHARE."""


@dataclass(frozen=True, eq=False)
class DoseMaps:
    """Mean, SD (n - 1), 5th and 95th percentile (linear between ranks) over the samples, [z, y, x] in Gy.

    known [z, y, x]: in how many samples the dose is known. Where that is fewer than 95 % of them the maps
    are NaN, elsewhere they are of the known ones.
    """

    mean: Values
    sd: Values
    p05: Values
    p95: Values
    known: NDArray[np.uint16]

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> DoseMaps:
        """Maps to be filled in."""
        mean, sd, p05, p95 = (np.full(shape, np.nan, np.float32) for _ in range(4))
        return cls(mean, sd, p05, p95, np.zeros(shape, np.uint16))


def least_known(n: int) -> int:
    """In how many of n samples a voxel must be known for its statistics to be given; 2 at least."""
    return max(int(np.ceil(KNOWN_SHARE * n - 1e-9)), 2)
