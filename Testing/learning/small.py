"""Small pairs and models for the tests of learning: seconds, not minutes."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.learning.uncertainty.pairs import TrainingPair
from RegSuite.learning.uncertainty.recipe import Recipe

needs_monai = pytest.mark.skipif(
    find_spec("monai") is None or find_spec("safetensors") is None,
    reason="monai or safetensors is not installed: pip install 'regsuite[learning]'",
)

RECIPE = Recipe(
    name="small",
    voxel_mm=4.0,
    patch=(16, 16, 16),
    features=(4, 8, 8),
    steps=8,
    halvings=1,
    validate_every=4,
    save_every=4,
    learning_rate=2e-3,
)


def blobs(shape: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    """[Z, Y, X] smooth structure between 0.05 and 0.4, as soft tissue and lung are normalised."""
    from RegSuite.numerics.smoothing import gaussian

    noise = torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))
    values = gaussian(noise, 2.0)[0]
    return 0.05 + 0.35 * (values - values.min()) / (values.max() - values.min())


def a_pair(shape: tuple[int, int, int] = (20, 24, 28), seed: int = 0) -> TrainingPair:
    """A pair in 4 mm voxels with a smooth field, and errors of 2 mm at 50 landmarks."""
    rng = np.random.default_rng(seed)
    z, y, x = torch.meshgrid(*(torch.arange(n) / 6.0 for n in shape), indexing="ij")
    field = 3 * torch.stack([torch.sin(y), torch.cos(x), torch.sin(x + z)])
    places = rng.uniform(1, np.array(shape[::-1]) - 2, (50, 3))
    moving = blobs(shape, seed + 1)
    return TrainingPair(
        f"case {seed}", "made up", 4.0, blobs(shape, seed), moving, field, places, rng.normal(0, 2, (50, 3))
    )


def an_image(grid: Grid, seed: int = 0) -> Image:
    """A CT in HU, as a function of LPS mm: the same body on whatever grid."""
    x, y, z = np.moveaxis(grid.all_points(), -1, 0)
    wave = np.sin(x / 11 + seed) * np.cos(y / 13) + np.sin((y + z) / 17) * np.cos(x / 19 - seed)
    return Image(torch.from_numpy(300 * wave - 300).float()[None], grid, name=f"ct {seed}")


def a_displacement(grid: Grid) -> Image:
    """A smooth displacement in LPS mm, as a function of LPS mm."""
    x, y, z = np.moveaxis(grid.all_points(), -1, 0)
    u = np.stack([4 * np.sin(y / 30), 3 * np.cos(z / 25), 5 * np.sin(x / 28)])
    return Image(torch.from_numpy(u).float(), grid, name="displacement")


def oblique(seed: int = 3) -> np.ndarray:
    """A rotation by 25 degrees about an axis that is none of the grid's."""
    from scipy.spatial.transform import Rotation

    axis = np.random.default_rng(seed).normal(size=3)
    return Rotation.from_rotvec(np.radians(25) * axis / np.linalg.norm(axis)).as_matrix()
