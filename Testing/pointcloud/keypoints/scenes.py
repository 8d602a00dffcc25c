"""Images of formulas, taken at any grid, so that the truth of a match is a formula too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from RegSuite.geometry import Grid, Image

FloatArray = np.ndarray


def texture(ndim: int, seed: int = 0, waves: int = 60, lengths_mm: tuple[float, float] = (9.0, 30.0)):
    """A function of points [..., ndim] in mm: a sum of cosines of random directions."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(waves, ndim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    k = directions * (2 * np.pi / rng.uniform(*lengths_mm, size=(waves, 1)))
    phase = rng.uniform(0, 2 * np.pi, waves)

    def value(points: FloatArray) -> FloatArray:
        return np.cos(points @ k.T + phase).sum(axis=-1)

    return value


def seen(value: Callable[[FloatArray], FloatArray], grid: Grid, name: str = "image") -> Image:
    """The function at the voxels of a grid."""
    return Image(torch.from_numpy(value(grid.all_points()).astype(np.float32))[None], grid, name=name)


def oblique(ndim: int, degrees: float = 25.0) -> FloatArray:
    """A rotation by that angle about no axis of the grid."""
    from scipy.spatial.transform import Rotation

    if ndim == 2:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return np.array([[c, -s], [s, c]])
    axis = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    return Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
