"""How likely landmarks are under an uncertain deformation (paper 11, Eq. 5): the measure to tune by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image

FloatArray = NDArray[np.float64]
DISCARDED = 0.01
"""Share of the least likely landmarks that is left out: a Gaussian's tails let a few rule the mean."""


@dataclass(frozen=True)
class LandmarkLikelihood:
    """mean: mean log density (1/mm^3) of the landmarks that count; constant: that of one SD for all.

    constant_sd_mm: that SD (of each component), fitted to the same landmarks. landmarks: how many
    were given; discarded: how many of them are the least likely 1 %; unknown: where the
    deformation is undefined (they count in neither).
    """

    mean: float
    constant: float
    constant_sd_mm: float
    landmarks: int
    discarded: int
    unknown: int


def landmark_log_likelihood(
    uncertainties: Sequence[DeformationUncertainty] | DeformationUncertainty,
    fixed_mm: Sequence[FloatArray] | FloatArray,
    moving_mm: Sequence[FloatArray] | FloatArray,
    *,
    discarded: float = DISCARDED,
) -> LandmarkLikelihood:
    """Mean log density of the moving landmarks given deformations (Eq. 5), over all pairs together.

    fixed_mm, moving_mm: [n, 3] LPS mm, row i of one belongs to row i of the other; for several
    deformations a sequence of such arrays. Landmarks count as independent.
    Raises GeometryError when points do not make pairs, or none lies where the deformation is known.
    """
    if isinstance(uncertainties, Sequence):
        pairs = list(zip(uncertainties, fixed_mm, moving_mm, strict=True))
    else:
        pairs = [(uncertainties, np.asarray(fixed_mm), np.asarray(moving_mm))]
    found = [errors_and_sds(*pair) for pair in pairs]
    errors = np.concatenate([error for error, _ in found])
    sds = np.concatenate([sd for _, sd in found])
    known = np.isfinite(errors).all(axis=1) & np.isfinite(sds).all(axis=1)
    if not known.any():
        raise GeometryError(
            f"none of {len(errors)} landmarks lies where the deformation is known",
            where="landmarks",
            mend="check that landmarks and images are of the same patient and in LPS mm",
        )
    logs = log_densities(errors[known], sds[known])
    sd, constant = constant_fit(errors[known], discarded=discarded)
    return LandmarkLikelihood(
        mean=trimmed_mean(logs, discarded),
        constant=constant,
        constant_sd_mm=sd,
        landmarks=len(errors),
        discarded=int(discarded * len(logs)),
        unknown=int((~known).sum()),
    )


def errors_and_sds(
    uncertainty: DeformationUncertainty, fixed_mm: ArrayLike, moving_mm: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """moving - (fixed + u(fixed)) and the SD of u there, both [n, 3] mm; NaN beyond the grid."""
    fixed, moving = (np.asarray(points, float) for points in (fixed_mm, moving_mm))
    if fixed.shape != moving.shape or fixed.ndim != 2 or fixed.shape[1] != 3:
        raise GeometryError(
            f"landmarks of shapes {fixed.shape} and {moving.shape} do not make pairs of 3D points",
            where="landmarks",
        )
    u = _at(uncertainty.displacement, fixed)
    return moving - fixed - u, _at(uncertainty.sigma_mm, fixed)


def log_densities(errors_mm: FloatArray, sds_mm: FloatArray) -> FloatArray:
    """Log of the Gaussian density in 1/mm^3 of errors [n, 3], components independent; [n]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = errors_mm / sds_mm
        logs = -0.5 * (z**2).sum(axis=1) - np.log(sds_mm).sum(axis=1) - 1.5 * math.log(2 * math.pi)
    return np.asarray(logs, np.float64)


def trimmed_mean(logs: FloatArray, discarded: float = DISCARDED) -> float:
    """The mean without the share `discarded` that is least (rounded down)."""
    return float(np.sort(logs)[int(discarded * len(logs)) :].mean())


def constant_fit(errors_mm: FloatArray, *, discarded: float = DISCARDED) -> tuple[float, float]:
    """The one SD under which the landmarks are likeliest, and their mean log density.

    Under one SD the least likely landmarks are the ones farthest off; of the others
    the root mean square of a component is the SD of greatest likelihood.
    """
    squares = np.sort((errors_mm**2).sum(axis=1))
    kept = squares[: len(squares) - int(discarded * len(squares))]
    sd = math.sqrt(float(kept.mean()) / 3)
    if sd == 0:
        return 0.0, math.inf
    return sd, -1.5 - 3 * math.log(sd) - 1.5 * math.log(2 * math.pi)


def _at(image: Image, points_mm: FloatArray) -> FloatArray:
    """Trilinear values of a [3, Z, Y, X] Image at points [n, 3]: [n, 3]; NaN beyond its voxels."""
    import torch

    from RegSuite.numerics.resample import sample

    index = torch.from_numpy(image.grid.index(points_mm))
    values = sample(image.data.double(), index, outside=math.nan)
    return np.asarray(values.T.numpy(), np.float64)
