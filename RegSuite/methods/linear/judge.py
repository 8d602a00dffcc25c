"""What a linear registration refuses, and what it warns of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError, MethodFailed
from RegSuite.geometry import Image
from RegSuite.methods.base import ConvergencePoint

FloatArray = NDArray[np.float64]

UNDETERMINED = 1e-4
"""Ratio of curvatures below which a motion is called undetermined."""
LEAST_VALUE = {"mi": 0.02, "ncc": 0.05, "lncc": 0.02}
"""Value of each measure below which two images share nothing: pure noise stays under it."""


@dataclass
class Alignment:
    """The run so far: matrix [4, 4] fixed to moving LPS mm, and what the result tells about it."""

    matrix: FloatArray
    measure: str
    value: float
    overlap: float
    determined: float
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    convergence: list[ConvergencePoint] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def check_pair(fixed: Image, moving: Image) -> None:
    """Raise InputError for two images that no linear map can align."""
    if fixed.ndim != moving.ndim:
        raise InputError(
            f"fixed {fixed.name!r} is {fixed.ndim}D and moving {moving.name!r} is {moving.ndim}D",
            mend="register two images of one dimension (a slice to a volume is the slices workflow)",
        )
    for image in (fixed, moving):
        if sum(n > 1 for n in image.grid.size) < 2:
            raise InputError(f"size {image.grid.size} is less than a plane", where=image.name)


def judge(out: Alignment, least_overlap: float) -> None:
    """Raise MethodFailed without overlap or common structure; warn of what the images do not determine."""
    if out.overlap < least_overlap:
        raise MethodFailed(
            f"only {100 * out.overlap:.0f} % of the foreground lies in the other image",
            where="refinement",
            mend="give an initial transform, or a smaller least_overlap_fraction",
        )
    if out.value < LEAST_VALUE[out.measure]:
        raise MethodFailed(
            f"the images share no structure that {out.measure} sees ({out.value:.3g})",
            where="refinement",
            mend="check that both show the same anatomy, or choose another measure",
        )
    scale = float(np.linalg.det(out.matrix[:-1, :-1]))
    if not 1 / 8 < scale < 8:
        raise MethodFailed(
            f"the map changes volumes by a factor of {scale:.3g}",
            where="refinement",
            mend="give an initial transform or masks, or register rigidly",
        )
    if out.determined < UNDETERMINED:
        out.warnings.append(
            "some motion is hardly seen by the images (too few slices, or a symmetric object): "
            "it was kept close to the start"
        )
