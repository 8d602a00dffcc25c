"""Small pairs with a known smooth deformation, for the deformable methods' tests."""

from __future__ import annotations

import math

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.numerics.resample import sample
from RegSuite.numerics.smoothing import gaussian
from RegSuite.transforms import AffineTransform
from RegSuite.transforms.base import Transform

TURN = np.array([[math.cos(0.3), -math.sin(0.3), 0.0], [math.sin(0.3), math.cos(0.3), 0.0], [0.0, 0.0, 1.0]])
GRIDS = {
    "2D": Grid.make((48, 40), (1.5, 2.0), (5.0, -7.0), TURN[:2, :2]),
    "3D oblique": Grid.make((32, 28, 20), (2.0, 2.0, 3.0), (-9.0, 4.0, 30.0), TURN),
    "one slice": Grid.make((48, 40, 1), (1.5, 2.0, 4.0), (0.0, 1.0, 2.0), TURN),
}
AMPLITUDE_MM = 4.0


def bump_mm(points: np.ndarray, grid: Grid, amplitude_mm: float = AMPLITUDE_MM) -> np.ndarray:
    """A smooth displacement in the plane of the first two axes, 0 far from the middle: [..., d]."""
    width = 0.22 * float(np.sort(grid.extent_mm)[-2])
    away = ((points - grid.centre) ** 2)[..., :2].sum(-1, keepdims=True)
    along = np.zeros(grid.ndim)
    along[:2] = (0.8, -0.6)
    return np.asarray(amplitude_mm * np.exp(-away / (2 * width**2)) * along)


def texture(points: np.ndarray, grid: Grid) -> torch.Tensor:
    """A smooth random image that goes on everywhere: values [...] at LPS points."""
    generator = torch.Generator().manual_seed(5)
    lattice = Grid.make(tuple(n + 24 for n in grid.size), grid.spacing)
    sigma = [3.0 / s for s in grid.spacing]
    noise = gaussian(torch.randn((1, *lattice.shape), generator=generator), sigma)
    index = grid.index(points) + 12
    return sample(noise / noise.std(), torch.from_numpy(index).float())[0]


def pair(grid: Grid, amplitude_mm: float = AMPLITUDE_MM) -> tuple[Image, Image]:
    """fixed(x) = moving(x + bump(x)), both analytic; other contrast and brightness in moving."""
    points = grid.all_points()
    fixed = texture(points + bump_mm(points, grid, amplitude_mm), grid)
    moving = 40.0 + 7.0 * texture(points, grid)
    return Image(fixed[None].float(), grid, "fixed"), Image(moving[None].float(), grid, "moving")


def error_mm(transform: Transform, grid: Grid, amplitude_mm: float = AMPLITUDE_MM) -> float:
    """Mean distance to the true place over the inner half of the image, where the bump is."""
    points = grid.all_points()
    truth = bump_mm(points, grid, amplitude_mm)
    found = np.moveaxis(transform.displacement(grid).numpy(), 0, -1)
    inner = tuple(slice(n // 4, n - n // 4) if n > 1 else slice(None) for n in grid.shape)
    return float(np.linalg.norm(found - truth, axis=-1)[inner].mean())


def register(name: str, fixed: Image, moving: Image, initial: Transform | None = None, **parameters):
    """The method's result with the given parameters."""
    method = get_method(name)
    return method.register(fixed, moving, method.Parameters(**parameters), initial=initial)


def shifted(image: Image, by_mm: np.ndarray) -> tuple[Image, AffineTransform]:
    """The image moved in space by changing its origin, and the transform that makes up for it."""
    grid = image.grid
    moved = Grid.make(grid.size, grid.spacing, np.asarray(grid.origin) + by_mm, grid.direction)
    return Image(image.data, moved, image.name), AffineTransform(np.eye(grid.ndim), by_mm)
