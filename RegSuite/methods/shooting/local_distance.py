"""How well each place of one image is found in another, whatever the contrast and a small misfit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

BINS = 24
FEWEST = 10
"""A bin of fewer voxels says nothing of the contrast."""


def match_contrast(moving: FloatArray, fixed: FloatArray, where: Mask) -> FloatArray:
    """The moving values in the fixed image's contrast: the median fixed value of those alike.

    Both [*shape]; the curve is found from the voxels in `where` (medians: a tumour there hardly counts).
    """
    values, wanted = moving[where], fixed[where]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)))
    number = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    bins = [number == n for n in range(max(len(edges) - 1, 1))]
    full = [b for b in bins if b.sum() >= FEWEST]
    if len(full) < 2:
        return moving - np.median(values) + np.median(wanted)
    at = np.array([np.median(values[b]) for b in full])
    to = ndimage.gaussian_filter1d(np.array([np.median(wanted[b]) for b in full]), 1.0, mode="nearest")
    return np.asarray(np.interp(moving, at, to))


def local_distance(
    fixed: FloatArray,
    moving: FloatArray,
    brain: Mask,
    spacing: Sequence[float],
    sigma_mm: float,
    reach_mm: float,
    most: float = np.inf,
) -> FloatArray:
    """Root of the least mean square difference of a place's surroundings to any place near it.

    min over shifts s up to `reach_mm` of (G * (fixed - moving(. + s))^2)^(1/2), G a Gaussian of
    sigma_mm normalised within `brain`: a fold that is a few mm off finds its like, a tumour does not.
    most: larger differences count as this one, so that what differs strongly does not reach farther.
    fixed, moving: [C, *shape] in one contrast. spacing: x, y, z in mm. [*shape], 0 outside the brain.
    """
    step = np.asarray(spacing[::-1])
    sigmas = np.where(np.asarray(brain.shape) > 1, sigma_mm / step, 0.0)
    inside = brain.astype(float)
    weight = np.maximum(ndimage.gaussian_filter(inside, sigmas, truncate=3.0), 1e-3)
    least = np.full(brain.shape, np.inf)
    for shift in _shifts(step, reach_mm, brain.shape):
        squares = np.square(fixed - _moved(moving, shift)).mean(axis=0)
        squares = np.minimum(squares, most**2) * inside
        np.minimum(least, ndimage.gaussian_filter(squares, sigmas, truncate=3.0), out=least)
    return np.asarray(np.sqrt(np.maximum(least / weight, 0.0)) * inside)


def _shifts(step: FloatArray, reach_mm: float, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Whole voxels within the reach along z, y, x, the rest position first."""
    most = [min(int(reach_mm / s), (n - 1) // 2) for s, n in zip(step, shape, strict=True)]
    every = product(*(range(-m, m + 1) for m in most))
    near = [s for s in every if np.linalg.norm(np.multiply(s, step)) <= reach_mm]
    return sorted(near, key=lambda s: sum(abs(n) for n in s))


def _moved(image: FloatArray, shift: tuple[int, ...]) -> FloatArray:
    """image(. + shift), its border repeated."""
    out = image
    for axis, by in enumerate(shift, 1):
        if by:
            count = image.shape[axis]
            out = np.take(out, np.clip(np.arange(count) + by, 0, count - 1), axis=axis)
    return out
