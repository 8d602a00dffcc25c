"""A scan and its warped, brightened, noisy copy, with the exact map between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.phantoms.flow import flow
from RegSuite.phantoms.phantom import Phantom
from RegSuite.phantoms.smooth_noise import smooth_noise
from RegSuite.transforms.exponential import exponential

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

SCALES_MM = ((24.0, 1.6), (9.0, 0.7))
"""Length scale of the velocity field's two parts in mm, and their weights."""

BIAS_SCALE_MM = 30.0
SEARCH_TOLERANCE = 0.002
"""Of the largest displacement while v is scaled, with scaling and squaring, which is good to 0.5 %."""


def known_field_phantom(
    image: Image,
    labels: Image | None = None,
    max_displacement_mm: float = 10.0,
    seed: int = 0,
    *,
    gamma: float = 1.3,
    bias_log_sd: float = 0.25,
    noise: float = 0.02,
    label_names: Mapping[int, str] | None = None,
    name: str = "known field",
) -> Phantom:
    """fixed = the scan, moving = the scan under a random diffeomorphism with other intensities.

    The map is T = exp(v), v a Gaussian random velocity field of two length scales, and
    moving(y) = scan(T^-1(y)) with T^-1 = exp(-v) computed by itself: a fixed point x is found at
    T(x) = x + u(x), u = `displacement` exactly (inverse residual under 0.01 mm). Both images
    have the scan's grid. Scan values are taken by cubic interpolation, labels by the nearest.

    max_displacement_mm: largest |u| over the object (voxels above the scan's smallest value).
    gamma: exponent of the intensities (range 0..1); bias_log_sd: sd of the log of a smooth
    factor; noise: sd of Gaussian noise as a fraction of the range. Same seed, same bits.
    Raises InputError for a displacement that is not positive or a scan of one value.
    """
    low, high = float(image.data.min()), float(image.data.max())
    if not high > low:
        raise InputError(f"all voxels are {low:g}: nothing to warp", where=image.name, mend="give a scan")
    if not max_displacement_mm > 0:
        raise InputError(
            f"a largest displacement of {max_displacement_mm} mm", mend="give a positive number of mm"
        )
    generator = torch.Generator().manual_seed(seed)
    there, back = random_diffeomorphism(image.grid, image.data.amax(0) > low, max_displacement_mm, generator)
    places = index_at(back, image.grid)
    warped = torch.stack([_interpolated(c, places, 3) for c in image.data.float()]).clamp(low, high)
    values = (warped - low) / (high - low)
    values = values**gamma * _bias(image.grid, bias_log_sd, generator)
    values += noise * torch.randn(values.shape, generator=generator)
    return Phantom(
        name=name,
        fixed=Image(image.data.float(), image.grid, name="fixed", modality=image.modality),
        moving=Image(low + (high - low) * values, image.grid, name="moving", modality=image.modality),
        displacement=Image(there, image.grid, name="truth displacement"),
        fixed_labels=None if labels is None else Image(labels.data.int(), labels.grid, name="fixed labels"),
        moving_labels=None if labels is None else _warped_labels(labels, places, image.grid),
        label_names=dict(label_names or {}),
        seed=seed,
        parameters={
            "max_displacement_mm": max_displacement_mm,
            "gamma": gamma,
            "bias_log_sd": bias_log_sd,
            "noise": noise,
            "source": image.name,
        },
    )


def random_diffeomorphism(
    grid: Grid, where: Tensor, max_displacement_mm: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """exp(v) - x and exp(-v) - x at the voxels of `grid`, [d, *shape] mm each; see `random_velocity`."""
    velocity = random_velocity(grid, where, max_displacement_mm, generator)
    return flow(velocity, grid), flow(-velocity, grid)


def random_velocity(
    grid: Grid, where: Tensor, max_displacement_mm: float, generator: torch.Generator
) -> Tensor:
    """v [d, *shape] in mm, Gaussian of two length scales, whose flow goes as far as told.

    v is scaled until the largest |exp(v) - x| over the voxels in `where` (boolean [*shape]) is
    `max_displacement_mm` within 1 %. An axis of one voxel is not moved along.
    """
    velocity = sum(w * smooth_noise(grid, s, grid.ndim, generator) for s, w in SCALES_MM)
    assert isinstance(velocity, Tensor)
    velocity = _within(velocity, grid)
    velocity *= max_displacement_mm / float(velocity.square().sum(0)[where].max().sqrt())
    for _ in range(10):
        reached = float(exponential(velocity, grid).square().sum(0)[where].max().sqrt())
        if abs(reached / max_displacement_mm - 1) <= SEARCH_TOLERANCE:
            break
        velocity *= max_displacement_mm / reached
    return velocity


def index_at(displacement_mm: Tensor, grid: Grid) -> np.ndarray:
    """Voxel index of x + u(x) on `grid`, in the order of the array's axes: float64 [d, *shape]."""
    d = grid.ndim
    steps = np.einsum("ij,j...->i...", grid.inverse_matrix[:d, :d], displacement_mm.numpy())
    return np.asarray(np.indices(grid.shape, dtype=np.float64) + steps[::-1])


def _within(velocity: Tensor, grid: Grid) -> Tensor:
    """The velocity without its part along axes of a single voxel, where there is nowhere to go."""
    for axis, n in enumerate(grid.size):
        if n == 1:
            normal = torch.tensor(np.asarray(grid.direction)[:, axis], dtype=velocity.dtype)
            along = torch.einsum("i,i...->...", normal, velocity)
            velocity = velocity - torch.einsum("i,...->i...", normal, along)
    return velocity


def _interpolated(values: Tensor, places: np.ndarray, order: int) -> Tensor:
    out = ndimage.map_coordinates(values.numpy(), places, order=order, mode="nearest", output=np.float32)
    return torch.from_numpy(out)


def _bias(grid: Grid, log_sd: float, generator: torch.Generator) -> Tensor:
    log = smooth_noise(grid, BIAS_SCALE_MM, 1, generator)
    return torch.exp(log_sd * (log - log.mean()) / log.std()) if log_sd > 0 else torch.ones_like(log)


def _warped_labels(labels: Image, places: np.ndarray, grid: Grid) -> Image:
    """Labels of the nearest voxel at `places`; they must lie on the scan's grid."""
    if not labels.grid.same_space(grid):
        raise InputError(
            f"the labels have {labels.grid}, the scan {grid}",
            where=labels.name,
            mend="resample the labels onto the scan's grid (nearest neighbour)",
        )
    # nearest by index, not by scipy's order 0, which goes through float64 for no gain
    index = np.rint(places).astype(np.int64)
    limits = np.asarray(grid.shape).reshape(-1, *([1] * grid.ndim)) - 1
    taken = labels.data[0].int().numpy()[tuple(np.clip(index, 0, limits))]
    return Image(torch.from_numpy(taken)[None], grid, name="moving labels")
