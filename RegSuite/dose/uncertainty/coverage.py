"""Coverage: how often the truth lies inside what was stated; of vectors and of DVH bands."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.dose.uncertainty.calibration import Coverage

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image

FloatArray = NDArray[np.float64]
NOMINALS = (0.5, 0.68, 0.9, 0.95)


def vector_coverage(
    uncertainty: DeformationUncertainty,
    truth: Image,
    where: ArrayLike | None = None,
    nominals: Sequence[float] = NOMINALS,
) -> FloatArray:
    """Share of displacement components inside the central interval of each nominal: [len(nominals)].

    truth: [3, Z, Y, X] LPS mm on the same grid. where: bool [Z, Y, X]; voxels at which anything is
    NaN count in neither way. NaN where no voxel is left.
    """
    u, sd, true = (
        np.asarray(image.data, np.float64)
        for image in (uncertainty.displacement, uncertainty.sigma_mm, truth)
    )
    known = np.isfinite(u + sd + true).all(axis=0)
    if where is not None:
        known &= np.asarray(where, bool)
    if not known.any():
        return np.full(len(nominals), np.nan)
    error, sd = np.abs(true - u)[:, known], sd[:, known]
    return np.array([(error <= NormalDist().inv_cdf(0.5 + n / 2) * sd).mean() for n in nominals])


def band_coverage(
    axis_gy: ArrayLike, low: ArrayLike, high: ArrayLike, truth: ArrayLike, *, tolerance_gy: float = 0.0
) -> float:
    """Share of the volume axis on which the true DVH lies inside the band: 0..1.

    axis_gy: doses [n], ascending. low, high, truth: share of the volume (0..1) with at least that dose [n];
    low and high are the 5th and 95th percentile over the samples at each dose. A volume increment
    counts as inside where the band, at the dose that the truth gives to that increment, holds it (where
    it does, so does the band of the doses at that volume: as many sampled curves run below the point as
    give the increment less dose). tolerance_gy: the band is widened by as much dose both ways.
    """
    axis, low, high, truth = (np.asarray(values, float) for values in (axis_gy, low, high, truth))
    volume = (np.arange(1000) + 0.5) / 1000
    dose = dose_of_volume(axis, truth, volume)
    least = np.interp(dose + tolerance_gy, axis, low)  # falls with dose
    most = np.interp(dose - tolerance_gy, axis, high)
    return float(((volume >= least - _ROUND) & (volume <= most + _ROUND)).mean())


_ROUND = 1e-6


def dose_of_volume(axis_gy: FloatArray, shares: FloatArray, volume: FloatArray) -> FloatArray:
    """D(v): the dose that a share v of the volume has at least, of a curve that falls from 1 to 0."""
    falling = np.minimum.accumulate(shares)
    return np.asarray(np.interp(-volume, -falling, axis_gy), np.float64)


def bootstrap(
    shares: ArrayLike, nominal: float, *, rounds: int = 2000, seed: int = 0, level: float = 0.95
) -> Coverage:
    """Mean of the cases' shares [cases] with its bootstrap interval over cases (percentiles).

    Structures of one case are not independent: give their mean as the case's share. NaN: no such
    structure in that case.
    """
    values = np.asarray(shares, float)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Coverage(nominal, float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(rounds, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return Coverage(nominal, float(values.mean()), float(low), float(high))
