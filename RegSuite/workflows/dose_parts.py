"""Parts of an accumulated course: a fraction, a curve, the comparison of the mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image


@dataclass(frozen=True, eq=False)
class FractionResult:
    """One entry of the course, all of it on the accumulation grid but `warped`.

    name: for people ("day1"). count: how many fractions the dose holds. displacement: u [3, Z, Y, X],
    LPS mm, planning point x -> fraction point x + u(x); NaN where undefined. dose: the dose of all
    `count` fractions at the planning voxels, Gy, NaN where marked. marks: uint8 bits of
    RegSuite.dose.mapping.marks. warped: the fraction's image on the planning image's grid, None without
    an image. uncertainty: displacement and sigma_mm [3, Z, Y, X], None where none was asked for.
    quality: {similarity: {name, before, after}, jacobian: {min, max, percent_nonpositive, sd_log},
    marks: {outside, folded, undefined} (voxels), displacement_mm: {mean, p95, max},
    uncertainty_mm: {mean, p95, max}, structures: {name: {marked_percent,
    displacement_mm, uncertainty_mm}} (means), registered: method or the given transform's file,
    settings: method, start and parameters of a registration of ours}.
    energy, density (g/cm3 on the image's grid): of EMT, else None.
    """

    name: str
    count: float
    displacement: Image
    dose: Image
    marks: Image
    warped: Image | None
    uncertainty: DeformationUncertainty | None
    quality: Mapping[str, Any]
    energy: Mapping[str, float] | None = None
    density: Image | None = None

    @property
    def sigma_mm(self) -> Image | None:
        """SD of each component of the displacement, [3, Z, Y, X] in mm."""
        return None if self.uncertainty is None else self.uncertainty.sigma_mm


@dataclass(frozen=True, eq=False)
class Curve:
    """A structure's cumulative DVH as dvh.csv has it, [n] each; bands None without samples.

    kind: "physical" or "eqd2". of volume_cc, the volume whose dose is known.
    """

    structure: str
    kind: str
    dose_gy: NDArray[np.float64]
    volume_percent: NDArray[np.float64]
    volume_cc: NDArray[np.float64]
    p05_percent: NDArray[np.float64] | None = None
    p95_percent: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class MappingComparison:
    """The same course by the other mapping, judged by gamma against the one that was asked for.

    gamma: [Z, Y, X], NaN where not judged. difference_gy: other minus asked for. figures: how large
    the difference is and where (MappingDifference). structures: {name: {pass_rate_percent,
    mean_difference_gy}}.
    """

    asked: str
    other: str
    gamma: Image
    difference_gy: Image
    pass_rate_percent: float
    percent: float
    distance_mm: float
    figures: Mapping[str, Any] = field(default_factory=dict)
    structures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
