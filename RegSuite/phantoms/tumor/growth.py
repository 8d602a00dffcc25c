"""How a tumour's core grew, as masks over time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.tumor.mass_effect import MassEffect

SMALLEST = 0.3
"""Radius of the growing core at the first time, as a share of its last."""


def grown_masks(effect: MassEffect, points: NDArray[np.float64], times: int, grid: Grid) -> Image:
    """The core at `times` equally spaced times, [T, *shape] uint8: its volume grows evenly to the last.

    points: the voxel centres of `grid` [*shape, d], in the effect's unit.
    """
    d = grid.ndim
    radius = torch.from_numpy(effect.relative_radius(points))
    amounts = np.linspace(SMALLEST**d, 1.0, times) ** (1 / d) if times > 1 else np.ones(times)
    return Image(torch.stack([(radius < a).to(torch.uint8) for a in amounts]), grid, name="growth")
