"""Where the foreground lies: centre of mass and principal axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.pyramid import BINS, Level

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """centre [3] in LPS mm, axes [3, 3] (columns, longest first, right-handed), sigmas_mm [3], volume_mm3."""

    centre: FloatArray
    axes: FloatArray
    sigmas_mm: FloatArray
    volume_mm3: float


def foreground(level: Level) -> NDArray[np.bool_]:
    """[Z, Y, X] voxels above Otsu's threshold (within the mask where there is one).

    Where the threshold leaves less than 2 % of the voxels, every voxel above the lowest bin, and
    where even that is nothing, all of them.
    """
    counts = level.valid > 0 if level.valid.size else np.ones(level.volume.shape, bool)
    values = level.volume[counts]
    for threshold in (_otsu(values), 2.0):
        inside = counts & (level.volume > threshold)
        if inside.sum() >= max(8, 0.02 * counts.sum()):
            return np.asarray(inside)
    return counts


def moments(level: Level) -> Moments:
    """Moments of the foreground, every voxel with equal weight: contrast does not move them."""
    z, y, x = np.nonzero(foreground(level))
    mm = np.stack([x, y, z], axis=1) @ level.matrix[:3, :3].T + level.matrix[:3, 3]
    centre = mm.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(np.cov((mm - centre).T, bias=True))
    axes = vectors[:, ::-1]
    axes = axes * np.array([1.0, 1.0, np.sign(np.linalg.det(axes))])
    voxel = float(
        np.prod([e for e, n in zip(_spacing(level), level.volume.shape[::-1], strict=True) if n > 1])
    )
    return Moments(centre, axes, np.sqrt(np.maximum(eigenvalues[::-1], 0)), len(x) * voxel)


def axis_rotations(fixed: Moments, moving: Moments) -> FloatArray:
    """[4, 3, 3] the rotations that lay the fixed principal axes on the moving ones, over the signs."""
    signs = [np.diag(s) for s in ((1.0, 1, 1), (1.0, -1, -1), (-1.0, 1, -1), (-1.0, -1, 1))]
    return np.stack([moving.axes @ s @ fixed.axes.T for s in signs])


def _spacing(level: Level) -> FloatArray:
    """Edge lengths of a voxel in mm."""
    return np.asarray(np.linalg.norm(level.matrix[:3, :3], axis=0))


def _otsu(values: NDArray[np.float32]) -> float:
    """Otsu's threshold (IEEE Trans SMC 9, 1979) on a histogram of 128 bins."""
    counts, edges = np.histogram(values, bins=128, range=(1.0, BINS - 2.0))
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mass = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below / below[-1] - mass) ** 2 / (below * above)
    best = int(np.nanargmax(np.where(above > 0, between, -1.0)))
    return float(edges[best + 1])
