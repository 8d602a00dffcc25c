"""Dose and fractionation: BED, EQD2 (linear-quadratic model) and gEUD."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.dose.histogram import DoseHistogram
from RegSuite.errors import DoseError

Floats = NDArray[np.float64]

BASE_GY = 2.0
"""Dose a fraction that EQD2 is equivalent to."""


def bed_gy(dose_gy: ArrayLike, fractions: float, alpha_beta_gy: float) -> Floats:
    """Biologically effective dose of D = `dose_gy` in n equal fractions d = D / n: D (1 + d / (alpha/beta)).

    No repair, repopulation or time factor. Raises DoseError for what is not positive.
    Source: Fowler 1989, Br J Radiol 62:679, equation 6.
    """
    _check(fractions, alpha_beta_gy)
    dose = np.asarray(dose_gy, float)
    return np.asarray(dose * (1 + dose / fractions / alpha_beta_gy))


def eqd2_gy(dose_gy: ArrayLike, fractions: float, alpha_beta_gy: float) -> Floats:
    """Equivalent dose in fractions of 2 Gy: BED / (1 + 2 / (alpha/beta)).

    Raises DoseError as `bed_gy`. Source: Withers, Thames and Peters 1983, Radiother Oncol 1:187.
    """
    return bed_gy(dose_gy, fractions, alpha_beta_gy) / (1 + BASE_GY / alpha_beta_gy)


def geud_gy(dose_gy: ArrayLike, volume_cc: ArrayLike, a: float) -> float:
    """Generalised equivalent uniform dose: (sum v D^a)^(1/a), v the shares of the volume.

    dose_gy, volume_cc: [n] parts of one structure. a: tissue parameter, not 0 (negative for targets,
    1 is the mean, above 1 for serial organs). A dose of 0 somewhere makes it 0 where a < 0.
    Raises DoseError for an empty structure, a = 0 or a negative dose.
    Source: Niemierko 1999, Med Phys 26:1100.
    """
    dose, volume = np.asarray(dose_gy, float), np.asarray(volume_cc, float)
    if a == 0 or not np.isfinite(a):
        raise DoseError(
            f"gEUD with a = {a:g}", mend="give a number that is not 0, such as gEUD(-10) or gEUD(8)"
        )
    if not volume.sum() > 0:
        raise DoseError("gEUD of an empty structure")
    if dose.min() < 0:
        raise DoseError(f"gEUD of a dose of {dose.min():g} Gy")
    largest = float(dose.max())
    if largest == 0 or (a < 0 and dose.min() == 0):
        return 0.0
    share = volume / volume.sum()
    reference = float(dose.min()) if a < 0 else largest  # so that no power overflows
    return float(reference * float(np.sum(share * (dose / reference) ** a)) ** (1 / a))


def as_effective(
    histogram: DoseHistogram, kind: str, fractions: float, alpha_beta_gy: float
) -> DoseHistogram:
    """The histogram of BED or EQD2: each voxel's dose converted, then counted (the map is monotone).

    kind: "BED" or "EQD2". Only for a dose that was given in `fractions` equal fractions.
    """
    if histogram.covered_cc > 0 and histogram.min_gy < 0:
        raise DoseError(f"{kind} of a dose of {histogram.min_gy:g} Gy")

    def convert(dose: ArrayLike) -> Floats:
        convert_ = {"BED": bed_gy, "EQD2": eqd2_gy}[kind]
        return convert_(np.maximum(np.asarray(dose, float), 0.0), fractions, alpha_beta_gy)

    dose, volume = histogram.parts()
    mean = float(np.sum(convert(dose) * volume) / volume.sum()) if volume.sum() > 0 else float("nan")
    start = int(np.searchsorted(histogram.dose_gy, 0.0))
    return replace(
        histogram,
        dose_gy=convert(histogram.dose_gy[start:]),
        above_cc=histogram.above_cc[start:],
        mean_gy=mean,
        min_gy=float(convert(histogram.min_gy)),
        max_gy=float(convert(histogram.max_gy)),
    )


def _check(fractions: float, alpha_beta_gy: float) -> None:
    if not (np.isfinite(fractions) and fractions > 0):
        raise DoseError(
            f"{fractions:g} fractions", where="fractions", mend="give how many the dose was given in"
        )
    if not (np.isfinite(alpha_beta_gy) and alpha_beta_gy > 0):
        raise DoseError(
            f"an alpha/beta of {alpha_beta_gy:g} Gy", where="alpha/beta", mend="give a positive number"
        )
