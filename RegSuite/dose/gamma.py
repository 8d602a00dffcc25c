"""gamma: how well two doses agree, in dose and in space at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import DoseError
from RegSuite.geometry import Grid

Values = NDArray[np.float32]

STEPS_A_DISTANCE = 10
"""Search lines a distance criterion (Wendling et al. 2007, Med Phys 34:1647: at least ten)."""


@dataclass(frozen=True)
class GammaCriteria:
    """What is asked of the agreement.

    percent: dose difference, of the reference dose itself where `local`, else of `normalisation_gy`
    (the reference's largest dose where None). distance_mm: distance to agreement. cutoff_percent:
    reference voxels under this share of the normalisation are not judged. max_gamma: where the search
    ends and the values are capped. interpolated: trilinear evaluated dose; False: voxel centres alone.
    """

    percent: float = 3.0
    distance_mm: float = 2.0
    local: bool = False
    cutoff_percent: float = 10.0
    normalisation_gy: float | None = None
    max_gamma: float = 2.0
    interpolated: bool = True

    def __post_init__(self) -> None:
        for name in ("percent", "distance_mm", "max_gamma"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise DoseError(f"{name} is {value:g}", where="gamma", mend="give a positive number")
        if not 0 <= self.cutoff_percent < 100:
            raise DoseError(
                f"a cut-off of {self.cutoff_percent:g} %", where="gamma", mend="give 0 to below 100 %"
            )
        if self.local and self.cutoff_percent == 0:
            raise DoseError(
                "a local percentage of a dose of 0 allows nothing",
                where="gamma",
                mend="give a cut-off above 0 %, or --global",
            )


@dataclass(frozen=True, eq=False)
class Gamma:
    """gamma [z, y, x] on the reference grid: NaN where it is not judged, at most max_gamma elsewhere.

    normalisation_gy: what the percentages are of. judged [z, y, x]: above the cut-off and within the
    evaluated grid. outside: voxels above the cut-off that the known evaluated dose does not reach.
    """

    values: Values
    judged: NDArray[np.bool_]
    normalisation_gy: float
    outside: int

    @property
    def pass_rate_percent(self) -> float:
        """Share of the judged voxels whose gamma is at most 1."""
        return 100 * float((self.values[self.judged] <= 1).mean())


def gamma(
    reference: Values, reference_grid: Grid, evaluated: Values, evaluated_grid: Grid, criteria: GammaCriteria
) -> Gamma:
    """Gamma of the evaluated dose at each voxel of the reference; both [z, y, x] in Gy, grids as they lie.

    NaN is a dose that is not known: not judged in the reference, not searched in the evaluated dose.
    The least over all points x of the evaluated dose of sqrt(|x - r|^2 / distance^2 +
    (D_e(x) - D_r(r))^2 / criterion^2). Searched on lines along the steepest dose, a tenth of the
    distance apart at most, along which the minimum is exact. Raises DoseError when nothing is left to judge.
    Source: Low et al. 1998, Med Phys 25:656, equations 4 to 6.
    """
    from RegSuite.dose import gamma_kernels

    largest = float(np.nanmax(reference, initial=0.0))
    norm = largest if criteria.normalisation_gy is None else criteria.normalisation_gy
    if not (norm > 0 and largest > 0):
        raise DoseError(f"the reference dose is {largest:g} Gy at most", where="gamma", mend="check its unit")
    chosen = reference >= criteria.cutoff_percent / 100 * norm
    if criteria.cutoff_percent == 0:
        chosen &= reference > 0
    if not chosen.any():
        raise DoseError(
            f"no reference voxel reaches {criteria.cutoff_percent:g} % of {norm:g} Gy; the largest dose is "
            f"{largest:g} Gy",
            where="gamma",
            mend="check the units and --percent-of",
        )
    places = np.argwhere(chosen)[:, ::-1]
    index = np.ascontiguousarray(evaluated_grid.index(reference_grid.points(places)))
    dose = reference[chosen].astype(np.float64)
    base = dose if criteria.local else np.full(len(dose), norm)
    spacing = np.asarray(evaluated_grid.spacing, float)
    steps = np.ceil(spacing * STEPS_A_DISTANCE / criteria.distance_mm - 1e-9).astype(np.int64)
    found = np.empty(len(dose))
    gamma_kernels.search(
        dose, index, np.ascontiguousarray(evaluated, np.float32), spacing, criteria.percent / 100 * base,
        criteria.distance_mm, criteria.max_gamma, steps, not criteria.interpolated, found,
    )  # fmt: skip
    values = np.full(reference.shape, np.nan, np.float32)
    values[chosen] = found
    judged = chosen & np.isfinite(values)
    if not judged.any():
        raise DoseError(
            "the evaluated dose reaches no reference voxel above the cut-off",
            where="gamma",
            mend="check that both doses lie in one frame of reference",
        )
    return Gamma(values, judged, norm, int(np.isnan(found).sum()))
