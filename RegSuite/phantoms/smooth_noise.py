"""Smooth random fields with a given length scale in mm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


def smooth_noise(grid: Grid, sigma_mm: float, channels: int, generator: torch.Generator) -> Tensor:
    """White noise smoothed by a Gaussian of `sigma_mm`, scaled to root mean square 1: float32.

    Gives [C, *shape]. Smoothed by FFT, so the field goes on periodically at the borders.
    Memory: 5 float32 a voxel.
    """
    return torch.stack([_one(grid, sigma_mm, generator) for _ in range(channels)])


def _one(grid: Grid, sigma_mm: float, generator: torch.Generator) -> Tensor:
    spectrum = torch.fft.rfftn(torch.randn(grid.shape, generator=generator))
    last = grid.ndim - 1
    for axis, (n, spacing) in enumerate(zip(grid.shape, grid.spacing[::-1], strict=True)):
        frequency = torch.fft.rfftfreq(n, spacing) if axis == last else torch.fft.fftfreq(n, spacing)
        gain = torch.exp(-2 * (math.pi * sigma_mm * frequency) ** 2)
        spectrum *= gain.reshape([-1 if a == axis else 1 for a in range(grid.ndim)])
    values = torch.fft.irfftn(spectrum, s=grid.shape)
    return torch.div(values, values.square().mean().sqrt())
