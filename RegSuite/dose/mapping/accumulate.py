"""accumulate: mapped doses of the fractions, summed in Gy and as EQD2 a tissue voxel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.fractionation import BASE_GY, eqd2_gy
from RegSuite.dose.mapping.mapped import MappedDose
from RegSuite.dose.mapping.marks import MarkCounts, Marks
from RegSuite.errors import DoseError, GeometryError

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class AccumulatedDose:
    """Doses of a course on the planning grid, all [z, y, x]; NaN wherever one fraction's is not known.

    dose_gy: physical. eqd2_gy: by alpha/beta in Gy. marks: those of all fractions together. unknown_in:
    in how many fractions the voxel bears a mark. fractions: the marks' counts of each mapped dose.
    """

    dose_gy: Values
    eqd2_gy: Mapping[float, Values]
    marks: Marks
    unknown_in: NDArray[np.uint16]
    fractions: tuple[MarkCounts, ...]

    def bed_gy(self, alpha_beta_gy: float) -> Values:
        """The BED that belongs to the EQD2 of that alpha/beta. Raises KeyError where it was not formed."""
        return self.eqd2_gy[alpha_beta_gy] * np.float32(1 + BASE_GY / alpha_beta_gy)


class DoseSum:
    """Adds mapped doses up one after the other, so that only one is in memory beside the sums.

    alpha_beta_gy: the values to form EQD2 for. Memory: 8 bytes a voxel for each and for the dose.
    """

    def __init__(self, shape: tuple[int, ...], alpha_beta_gy: Iterable[float] = ()) -> None:
        self._dose = np.zeros(shape)
        self._eqd2 = {float(ab): np.zeros(shape) for ab in alpha_beta_gy}
        self._marks = np.zeros(shape, np.uint8)
        self._unknown_in = np.zeros(shape, np.uint16)
        self._fractions: list[MarkCounts] = []

    def add(self, mapped: MappedDose, count: float) -> None:
        """One more dose, which holds `count` equal fractions.

        Each adds its D, and its EQD2 = D (1 + d / ab) / (1 + 2 / ab) with d = D / count at that tissue voxel.
        Raises GeometryError for another shape, DoseError for a count that is not positive, or a
        negative dose where EQD2 is asked for.
        """
        where = f"fraction dose {len(self._fractions) + 1}"
        if mapped.dose_gy.shape != self._dose.shape:
            raise GeometryError(
                f"a dose of shape {mapped.dose_gy.shape} is added to one of {self._dose.shape}", where=where
            )
        if not (np.isfinite(count) and count > 0):
            raise DoseError(
                f"{count:g} fractions", where=where, mend="give how many equal fractions the dose file holds"
            )
        dose = mapped.dose_gy.astype(np.float64)
        if self._eqd2 and np.nanmin(dose, initial=0.0) < 0:
            raise DoseError(
                f"a dose of {np.nanmin(dose):g} Gy has no EQD2", where=where, mend="give a dose of 0 or more"
            )
        self._dose += dose
        for alpha_beta, total in self._eqd2.items():
            total += eqd2_gy(dose, count, alpha_beta)
        self._marks |= mapped.marks
        self._unknown_in += mapped.marks != 0
        self._fractions.append(mapped.counts)

    def result(self) -> AccumulatedDose:
        """The sums so far. Raises DoseError where nothing was added."""
        if not self._fractions:
            raise DoseError("no fraction was given to add up", where="accumulation")
        return AccumulatedDose(
            self._dose.astype(np.float32),
            {alpha_beta: total.astype(np.float32) for alpha_beta, total in self._eqd2.items()},
            self._marks.copy(),
            self._unknown_in.copy(),
            tuple(self._fractions),
        )


def accumulate(
    mapped: Sequence[MappedDose], counts: Sequence[float], alpha_beta_gy: Iterable[float] = ()
) -> AccumulatedDose:
    """The sum of mapped doses on one grid, each of which holds counts[i] equal fractions.

    EQD2 is formed a dose and tissue voxel, then summed: converting the sum instead is wrong wherever the
    dose a fraction varies. No repair, repopulation or time factor. Raises as `DoseSum.add`.
    """
    if len(mapped) != len(counts) or not mapped:
        raise DoseError(
            f"{len(mapped)} mapped doses and {len(counts)} fraction counts",
            where="accumulation",
            mend="give one count a dose, and one dose at least",
        )
    total = DoseSum(mapped[0].dose_gy.shape, alpha_beta_gy)
    for dose, count in zip(mapped, counts, strict=True):
        total.add(dose, count)
    return total.result()
