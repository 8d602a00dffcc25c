"""A fraction and the accumulated dose, from a motion and beams that are formulas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import DoseImage, Grid, Image, PointSet
from RegSuite.phantoms.thorax.beams import Beams
from RegSuite.phantoms.thorax.course import ThoraxFraction
from RegSuite.phantoms.thorax.motion import Motion

FloatArray = NDArray[np.float64]

DOSE_MARGIN_MM = 15.0
"""The dose's grid goes so far beyond the planning scan's: what moves out of the scan still has a dose."""


def build_fraction(
    number: int,
    image: Image,
    inverse_mm: torch.Tensor,
    motion: Motion,
    count: int,
    beams: Beams,
    planning: Grid,
    doses: Grid,
    landmarks: PointSet,
) -> ThoraxFraction:
    """The fraction called `number`: dose and truth by their formulas. inverse_mm: on the image's grid."""
    u, _ = motion.displacement(planning.all_points())
    partners = landmarks.points + motion.displacement(landmarks.points)[0]
    values = count * beams.dose_gy(doses.all_points())
    dose = Image(as_channel(values), doses, name=f"dose{number}", modality="RTDOSE")
    return ThoraxFraction(
        image=image,
        dose=DoseImage(dose),
        displacement=Image(as_vectors(u), planning, name=f"truth displacement {number}"),
        inverse_displacement=Image(inverse_mm, image.grid, name=f"truth inverse displacement {number}"),
        count=count,
        landmarks=PointSet(partners, names=landmarks.names, name=f"day{number} landmarks"),
        motion=motion,
    )


def true_dose(beams: Beams, motions: Sequence[Motion], counts: Sequence[int], grid: Grid) -> Image:
    """What all fractions together gave at the planning points of `grid`, in Gy."""
    points, total = grid.all_points(), np.zeros(grid.shape)
    for motion, count in zip(motions, counts, strict=True):
        total += count * beams.dose_gy(points + motion.displacement(points)[0])
    return Image(as_channel(total), grid, name="truth dose", modality="RTDOSE")


def dose_grid(grid: Grid, spacing_mm: float | None) -> Grid:
    """Axes along LPS, over the planning grid and 15 mm more, its voxels a quarter of a step off.

    spacing_mm: the planning grid's finest if None. Raises InputError for one that is not positive.
    """
    spacing = min(grid.spacing) if spacing_mm is None else spacing_mm
    if not spacing > 0:
        raise InputError(
            f"a dose spacing of {spacing} mm", where="dose spacing", mend="give a positive number"
        )
    low, high = grid.bounds()
    low, high = low - DOSE_MARGIN_MM, high + DOSE_MARGIN_MM
    size = np.ceil((high - low) / spacing).astype(int)
    return Grid.make(size.tolist(), spacing, (low + 0.25 * spacing).tolist())


def as_vectors(values: FloatArray) -> torch.Tensor:
    """[Z, Y, X, 3] as float32 [3, Z, Y, X]."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0), dtype=np.float32))


def as_channel(values: FloatArray) -> torch.Tensor:
    """[Z, Y, X] as float32 [1, Z, Y, X]."""
    return torch.from_numpy(values.astype(np.float32))[None]
