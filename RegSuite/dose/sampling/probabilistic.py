"""ProbabilisticDose: what the samples of a course's deformations make of its dose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.sampling.maps import DoseMaps, Values
from RegSuite.dose.sampling.sampled_dvh import SampledDvh
from RegSuite.geometry import Grid


@dataclass(frozen=True, eq=False)
class ProbabilisticDose:
    """The accumulated dose over n samples of the deformations, on the planning grid.

    physical: maps of the physical dose. eqd2: {alpha/beta: maps of the EQD2, formed per fraction and voxel}.
    dvhs: of each structure, in their order. folded [n]: share of voxels where the sample's deformation
    folds in a fraction at least (mean over fractions). assumptions, warnings: in words, for the report.
    """

    grid: Grid
    n: int
    seed: int
    correlation: str
    mapping: str
    physical: DoseMaps
    eqd2: Mapping[float, DoseMaps]
    dvhs: tuple[SampledDvh, ...]
    folded: NDArray[np.float64]
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def mean(self) -> Values:
        """[z, y, x] Gy; as all maps NaN where fewer than 95 % of the samples know the dose."""
        return self.physical.mean

    @property
    def sd(self) -> Values:
        """Standard deviation over the samples, [z, y, x] Gy."""
        return self.physical.sd

    @property
    def p05(self) -> Values:
        """5th percentile over the samples, [z, y, x] Gy."""
        return self.physical.p05

    @property
    def p95(self) -> Values:
        """95th percentile over the samples, [z, y, x] Gy."""
        return self.physical.p95

    def dvh(self, name: str) -> SampledDvh:
        """The structure's sampled DVH. Raises KeyError where there is none of that name."""
        for found in self.dvhs:
            if found.name == name:
                return found
        raise KeyError(name)
