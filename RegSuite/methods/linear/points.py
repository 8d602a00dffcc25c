"""The points of the fixed image at which the measure is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.moments import foreground
from RegSuite.methods.linear.pyramid import Level

FloatArray = NDArray[np.float64]

MARGIN_FRACTION = 0.08
"""Background around the foreground's box that counts too, as a fraction of the box's longest edge."""


@dataclass(frozen=True)
class Points:
    """Sample points of the fixed image, and its values there.

    scaled: float32 [N, 3] = (x - centre) / radius in LPS mm; values: float32 [N] in histogram bins.
    patch: consecutive points that form one neighbourhood (1: none).
    volume_mm3: the volume (2D: area) that the points stand for.
    """

    scaled: NDArray[np.float32]
    values: NDArray[np.float32]
    centre: FloatArray
    radius: float
    patch: int
    volume_mm3: float


def stratified_points(
    level: Level, count: int, centre: FloatArray, radius: float, seed: int, *, patches: bool = False
) -> Points:
    """About `count` points, one at a random place of each cell of a lattice over the fixed foreground.

    Points outside the mask are left out. patches: each cell holds a neighbourhood of 3 points an
    axis instead, one resolution step apart, on a random rotation-free offset.
    """
    from RegSuite.methods.linear import kernels

    low, high = _box(level)
    offsets = _patch_offsets(level) if patches else np.zeros((1, 3))
    # cells outside the mask stay empty: make up for them
    share = _share_inside(level, low, high)
    cells = max(1, int(count / len(offsets) / share))
    index = _jittered(low, high, level, cells, np.random.default_rng(seed))
    index = (index[:, None, :] + offsets[None]).reshape(-1, 3)
    out = np.empty((1, len(index), 4), np.float32)
    inside = np.empty((1, len(index)), np.uint8)
    identity = np.eye(4)[None, :3]
    kernels.sample_poses(
        index.astype(np.float32), identity, level.volume, level.valid, np.zeros(6, np.uint8), 1.0, out, inside
    )
    keep = inside[0].astype(bool).reshape(-1, len(offsets)).all(axis=1).repeat(len(offsets))
    mm = index @ level.matrix[:3, :3].T + level.matrix[:3, 3]
    scaled = ((mm - centre) / radius)[keep]
    edges = np.where(np.asarray(level.volume.shape[::-1]) > 1, (high - low) * _spacing(level), 1.0)
    volume = float(np.prod(edges)) * float(keep.mean())
    values = np.ascontiguousarray(out[0, keep, 0])
    return Points(scaled.astype(np.float32), values, centre, radius, len(offsets), volume)


def _share_inside(level: Level, low: FloatArray, high: FloatArray) -> float:
    """Fraction of the box that the mask fills, at least 5 %."""
    if not level.valid.size:
        return 1.0
    return max(0.05, min(1.0, float(level.valid.sum()) / max(1.0, float(np.prod(high - low)))))


def _spacing(level: Level) -> FloatArray:
    """Edge lengths of a voxel in mm."""
    return np.asarray(np.linalg.norm(level.matrix[:3, :3], axis=0))


def _box(level: Level) -> tuple[FloatArray, FloatArray]:
    """Outer faces (in voxel index) of the box of the foreground with its margin, within the volume."""
    size = np.asarray(level.volume.shape[::-1], float)
    inside = foreground(level)
    if level.valid.size:
        inside = level.valid > 0
    ranges = [np.flatnonzero(inside.any(axis=other)) for other in ((0, 1), (0, 2), (1, 2))]
    first = np.array([r[0] for r in ranges]) - 0.5
    last = np.array([r[-1] for r in ranges]) + 0.5
    margin = MARGIN_FRACTION * float(((last - first) * _spacing(level)).max()) / _spacing(level)
    return np.maximum(first - margin, -0.5), np.minimum(last + margin, size - 0.5)


def _jittered(
    low: FloatArray, high: FloatArray, level: Level, count: int, random: np.random.Generator
) -> FloatArray:
    """[~count, 3] voxel indices, one in each cell of a lattice of nearly cubic cells."""
    edges = (high - low) * _spacing(level)
    thick = np.asarray(level.volume.shape[::-1]) > 1
    cell = (float(np.prod(edges[thick])) / count) ** (1 / max(1, int(thick.sum())))
    cells = np.where(thick, np.maximum(1, np.round(edges / cell)), 1).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in cells), indexing="ij"), axis=-1).reshape(-1, 3)
    place = grid + np.where(thick, random.random(grid.shape), 0.5)
    return np.asarray(low + place * (high - low) / cells)


def _patch_offsets(level: Level) -> FloatArray:
    """[3^d, 3] offsets in voxel index, one resolution step apart along each axis that has extent."""
    steps = [
        np.array([-1.0, 0.0, 1.0]) * max(1.0, level.step_mm / s) if n > 1 else np.zeros(1)
        for s, n in zip(_spacing(level), level.volume.shape[::-1], strict=True)
    ]
    return np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
