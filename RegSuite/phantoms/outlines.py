"""Outlines as signed distances, and how much of a voxel lies within them."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.geometry import Grid

FloatArray = NDArray[np.float64]


def unit_points(grid: Grid) -> FloatArray:
    """Voxel centres [*shape, d] in half field widths, 0 in the middle."""
    return np.asarray((grid.all_points() - grid.centre) / (grid.extent_mm[0] / 2))


def voxel_width(grid: Grid) -> float:
    """A voxel's width in half field widths."""
    return 2.0 / grid.size[0]


def coverage(distance: FloatArray, edge: float) -> Tensor:
    """The share of a voxel that a shape covers, from the distance at its centre: 0..1 over two voxels."""
    return torch.from_numpy(np.clip(0.5 - distance / (2 * edge), 0.0, 1.0)).float()


def norm(points: FloatArray) -> FloatArray:
    """Lengths [...] of vectors [..., d]."""
    return np.asarray(np.sqrt((points**2).sum(-1)))


def oval(points: FloatArray, angle: float, half_axes: tuple[float, float]) -> FloatArray:
    """An ellipse around 0, its first half axis at `angle` from x (distance to first order)."""
    c, s = math.cos(angle), math.sin(angle)
    local = points @ np.array([[c, -s], [s, c]]) / np.array(half_axes)
    return (norm(local) - 1) * min(half_axes)
