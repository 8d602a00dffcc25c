"""The grid on which a course is summed: the planning image's axes and extent, the doses' voxel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid

MOST_VOXELS = 400_000_000
_ROUNDING = 1e-6


def accumulation_grid(
    planning: Grid, doses: Sequence[Grid], spacing_mm: Sequence[float] | None = None
) -> Grid:
    """The planning image's axes and extent with the voxel of the finest dose, per axis; 3D.

    No finer than the planning image, as the deformation knows nothing finer. spacing_mm: a voxel (x, y, z
    of the planning image) to take instead. The extent is filled with whole voxels about the same
    centre; every voxel's centre lies within the planning image. Raises GeometryError for a planning
    image that is not 3D or a voxel that is too small.
    """
    if planning.ndim != 3:
        raise GeometryError("the planning image is 2D", where="planning", mend="give a volume")
    voxel = _finest(planning, doses) if spacing_mm is None else np.asarray(spacing_mm, float)
    size = np.maximum(np.ceil(planning.extent_mm / voxel - _ROUNDING), 1)
    if size.prod() > MOST_VOXELS:
        raise GeometryError(
            f"an accumulation grid of {size.prod():.3g} voxels of {' x '.join(f'{v:.3g}' for v in voxel)} mm",
            where="grid_mm",
            mend="give larger voxels (2 to 3 mm are usual for dose)",
        )
    if np.array_equal(size, planning.size) and np.allclose(voxel, planning.spacing, rtol=_ROUNDING):
        return planning
    direction = np.asarray(planning.direction, float)
    origin = planning.centre - direction @ (voxel * (size - 1) / 2)
    return Grid.make([int(n) for n in size], tuple(voxel.tolist()), tuple(origin.tolist()), direction)


def _finest(planning: Grid, doses: Sequence[Grid]) -> np.ndarray:
    """Per planning axis the smallest voxel among the doses, along their nearest axis; at least its own."""
    own = np.asarray(planning.spacing, float)
    along = []
    for dose in doses:
        cosines = np.abs(np.asarray(dose.direction, float).T @ np.asarray(planning.direction, float))
        along.append(np.asarray(dose.spacing, float)[cosines.argmax(axis=0)])
    return np.maximum(own, np.min(along, axis=0)) if along else own
