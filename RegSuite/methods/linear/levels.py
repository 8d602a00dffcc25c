"""Which resolutions a linear registration runs through."""

from __future__ import annotations

import numpy as np

from RegSuite.geometry import Image

ACROSS_3D, ACROSS_2D = 112, 384
"""Voxels of the finest level across the shorter image's extent."""
ACROSS_COARSE = 22
"""Voxels of the coarsest level across that extent, at least."""


def steps_mm(fixed: Image, moving: Image, finest_mm: float | None) -> list[float]:
    """Voxel sizes in mm of the levels, fine to coarse, each twice the one before."""
    extent = min(float(image.grid.extent_mm.max()) for image in (fixed, moving))
    across = ACROSS_2D if fixed.ndim == 2 else ACROSS_3D
    own = min(
        min(s for s, n in zip(i.grid.spacing, i.grid.size, strict=True) if n > 1) for i in (fixed, moving)
    )
    steps = [finest_mm if finest_mm is not None else max(own, extent / across)]
    while 2 * steps[-1] <= extent / ACROSS_COARSE:
        steps.append(2 * steps[-1])
    return steps


def samples_of(level: int, finest: int) -> int:
    """Sample points of a level (0 the finest): a quarter with every step, at least 4000."""
    return max(min(finest, 4000), int(finest / 4**level))


def describe(steps: list[float]) -> str:
    """The levels in words, coarse to fine."""
    return ", ".join(f"{s:.3g}" for s in np.asarray(steps)[::-1]) + " mm"
