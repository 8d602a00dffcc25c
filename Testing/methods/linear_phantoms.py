"""Analytic objects for the tests of linear registration: defined at any point, so that truth is exact."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.geometry import Grid, Image
from RegSuite.methods.linear.rotations import rotations_of_vectors

FloatArray = NDArray[np.float64]

BLOBS = np.array(
    [  # place in mm, sigma in mm, height
        [0, 0, 0, 26, 1.0],
        [22, 8, -6, 8, 0.9],
        [-14, 18, 12, 7, -0.7],
        [4, -26, 8, 9, 0.8],
        [-20, -10, -16, 6, 0.6],
        [10, 6, 28, 7, 0.7],
    ],
    float,
)
"""An object without any symmetry, about 110 mm across."""


def blobs(points_mm: FloatArray) -> FloatArray:
    """The object's intensity at LPS points [..., d]; in 2D its plane z = 0."""
    d = points_mm.shape[-1]
    out = np.zeros(points_mm.shape[:-1])
    for *place, sigma, height in BLOBS:
        r2 = ((points_mm - np.asarray(place)[:d]) ** 2).sum(axis=-1)
        out += height * np.exp(-r2 / (2 * sigma**2))
    return np.where(out > 0.05, out, 0.0)


def pictured(grid: Grid, matrix: FloatArray, *, noise: float = 0.01, seed: int = 0) -> Image:
    """The object moved by the homogeneous `matrix` (object to this image's space) on `grid`."""
    d = grid.ndim
    back = np.linalg.inv(matrix)
    points = grid.all_points() @ back[:d, :d].T + back[:d, d]
    values = blobs(points) + noise * np.random.default_rng(seed).normal(size=grid.shape)
    return Image(torch.as_tensor(values[None], dtype=torch.float32), grid, name=f"seed {seed}")


def motion(
    rotation_degrees: list[float], shift_mm: list[float], scale: FloatArray | float = 1.0
) -> FloatArray:
    """Homogeneous [4, 4]: scale, then rotation (vector in degrees), then shift."""
    out = np.eye(4)
    out[:3, :3] = rotations_of_vectors(np.radians([rotation_degrees]))[0] @ (np.eye(3) * scale)
    out[:3, 3] = shift_mm
    return out


def motion2(angle_degrees: float, shift_mm: list[float]) -> FloatArray:
    """Homogeneous [3, 3] rotation in the plane and shift."""
    a = np.radians(angle_degrees)
    return np.array([[np.cos(a), -np.sin(a), shift_mm[0]], [np.sin(a), np.cos(a), shift_mm[1]], [0, 0, 1.0]])


def upright(spacing: float = 3.0, size: int = 44) -> Grid:
    """A cube around the object."""
    edge = -(size - 1) * spacing / 2
    return Grid.make((size,) * 3, spacing, (edge,) * 3)


def oblique(size: tuple[int, int, int] = (52, 48, 30), spacing: tuple[float, ...] = (2.5, 3.0, 5.0)) -> Grid:
    """A tilted, anisotropic grid around the object."""
    direction = rotations_of_vectors(np.radians([[12.0, -20.0, 33.0]]))[0]
    middle = (np.asarray(size) - 1) / 2
    return Grid.make(size, spacing, -direction @ (middle * spacing), direction)


def mean_error_mm(found: FloatArray, truth: FloatArray, radius_mm: float = 45.0) -> float:
    """Mean distance of two homogeneous maps over points of a ball (a disc in 2D)."""
    d = len(truth) - 1
    x = np.random.default_rng(1).normal(size=(500, d))
    x *= (
        radius_mm
        * np.random.default_rng(2).random((500, 1)) ** (1 / d)
        / np.linalg.norm(x, axis=1, keepdims=True)
    )
    difference = np.asarray(found) - np.asarray(truth)
    return float(np.linalg.norm(x @ difference[:d, :d].T + difference[:d, d], axis=1).mean())
