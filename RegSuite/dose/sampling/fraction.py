"""SampledFraction: a dose, and the distribution of the deformation that carries it to the planning grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.mapping.prepared import OVERSAMPLING, DoseMapping, Mapping, prepared_mapping
from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import Grid

Values = NDArray[np.float32]
Between = Literal["independent", "same"]


@dataclass(frozen=True, eq=False)
class SampledFraction:
    """One dose file of a course.

    dose_gy [z, y, x] on dose_grid: of all its `count` equal fractions together, which share one
    deformation and so one error of it. uncertainty: on the planning grid. density: (g/cm3 [z, y, x], its
    grid), for energy/mass transfer.
    """

    dose_gy: NDArray[Any]
    dose_grid: Grid
    uncertainty: DeformationUncertainty
    count: float = 1.0
    density: tuple[NDArray[Any], Grid] | None = None
    name: str = "fraction"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A fraction made ready: its mapping, mean and SD of u [3, Z, Y, X] (perhaps on disk), and its samples.

    stream: what sample k's noise is drawn from, with k; it is drawn again whenever it is asked for, so
    that many samples of many fractions take no memory.
    """

    job: DoseMapping
    mean: Values
    sigma: Values
    correlation: Correlation
    n: int
    stream: tuple[int, int]
    count: float

    def noise(self, k: int) -> Values:
        """White noise [3, kz, ky, kx] of sample k; always the same."""
        noise: Values = self.correlation.noise(1, np.random.default_rng((*self.stream, k)))[0]
        return noise


def drawn_fractions(
    fractions: Sequence[SampledFraction],
    grid: Grid,
    *,
    n: int,
    seed: int,
    correlation: Between,
    mapping: Mapping,
    oversampling: int = OVERSAMPLING,
    effective: bool = False,
) -> list[Drawn]:
    """The fractions with n samples each.

    Sample k of fraction f draws from the seed (seed, f, k), so that samples or fractions added later
    change none before them; "same": all have the first one's noise, each times its own SD. Raises
    InputError for settings that cannot be, GeometryError for fields off the grid, DoseError for a dose
    that cannot be mapped.
    """
    _check(fractions, n, correlation)
    made: list[Drawn] = []
    for number, fraction in enumerate(fractions):
        found = fraction.uncertainty
        for image, what in ((found.displacement, "deformation"), (found.sigma_mm, "standard deviation")):
            if tuple(image.data.shape) != (3, *grid.shape) or not image.grid.same_space(grid):
                raise GeometryError(
                    f"the {what} lies on another grid than the planning dose",
                    where=fraction.name,
                    mend="resample it onto the accumulation grid",
                )
        job = prepared_mapping(
            fraction.dose_gy, fraction.dose_grid, grid,
            mapping=mapping, density=fraction.density, oversampling=oversampling,
        )  # fmt: skip
        if effective and float(job.dose_gy.min()) < 0:
            raise DoseError(f"EQD2 of a dose of {float(job.dose_gy.min()):g} Gy", where=fraction.name)
        c = Correlation.of(grid, found.correlation_mm)
        if correlation == "same" and made and c.length_mm != made[0].correlation.length_mm:
            raise InputError(
                f"errors of {c.length_mm:g} and {made[0].correlation.length_mm:g} mm correlation length "
                "cannot be the same",
                where=fraction.name,
                mend="give one source of uncertainty for all fractions, or correlation: independent",
            )
        stream = (seed, 0 if correlation == "same" else number)
        mean, sigma = (i.data.detach().cpu().numpy() for i in (found.displacement, found.sigma_mm))
        made.append(Drawn(job, mean, sigma, c, n, stream, float(fraction.count)))
    return made


def _check(fractions: Sequence[SampledFraction], n: int, correlation: str) -> None:
    if not fractions:
        raise InputError("there is no fraction", where="sampling")
    if n < 2:
        raise InputError(f"{n} samples", where="samples", mend="give 2 or more (100 are usual)")
    if correlation not in ("independent", "same"):
        raise InputError(
            f"a correlation called {correlation!r}", where="correlation", mend="give independent or same"
        )
    for fraction in fractions:
        if not (np.isfinite(fraction.count) and fraction.count > 0):
            raise DoseError(
                f"{fraction.count:g} fractions", where=fraction.name, mend="give a positive count"
            )
