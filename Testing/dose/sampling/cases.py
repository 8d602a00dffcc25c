"""Small courses for the tests of sampling."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.dose.sampling import SampledFraction
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.geometry import Grid, Image
from Testing.dose.bodies import OBLIQUE

SIZE, SPACING = (22, 18, 14), (3.0, 3.5, 5.0)
LENGTH = 20.0


def a_grid(size=SIZE, spacing=SPACING, turn=OBLIQUE, at=(5.0, -3.0, 40.0)):
    """A planning grid about `at`, oblique and anisotropic."""
    half = (np.array(size) - 1) / 2 * spacing
    return Grid.make(size, spacing, np.asarray(at) - turn @ half, turn)


def an_uncertainty(grid, mean=(0.0, 0.0, 0.0), sigma=(2.0, 1.5, 3.0), length=LENGTH):
    """Mean and SD that are the same everywhere, unless given as arrays [3, z, y, x]."""
    fields = []
    for values in (mean, sigma):
        values = np.asarray(values, np.float32)
        values = values.reshape(3, 1, 1, 1) if values.ndim == 1 else values
        fields.append(Image(torch.from_numpy(np.broadcast_to(values, (3, *grid.shape)).copy()), grid))
    return DeformationUncertainty(*fields, correlation_mm=length)


def linear(grid, gradient, at_zero=60.0):
    """A dose of at_zero + gradient . x (LPS mm), on a grid that reaches 60 mm beyond `grid`."""
    low, high = grid.bounds()
    spacing = np.array([4.0, 5.0, 3.0])
    size = np.ceil((high - low + 120) / spacing).astype(int) + 1
    wide = Grid.make(tuple(int(n) for n in size), tuple(spacing), low - 60)
    return (at_zero + wide.all_points() @ np.asarray(gradient, float)).astype(np.float32), wide


def a_hill(grid, at=(5.0, -3.0, 40.0), reach=0.0, spacing=(3.1, 2.7, 4.2)):
    """A steep rounded dose on a grid of its own, `reach` mm beyond `grid` (negative: it ends within)."""
    low, high = grid.bounds()
    size = np.ceil((high - low + 2 * reach) / spacing).astype(int) + 1
    own = Grid.make(tuple(int(n) for n in size), spacing, low - reach)
    apart = np.linalg.norm(own.all_points() - np.asarray(at), axis=-1)
    return (50 / (1 + np.exp((apart - 14) / 3)) + 5).astype(np.float32), own


def a_wavy_course(grid, *, reach=25.0):
    """Two fractions with different doses, deformations and SDs; the second holds 3 fractions."""
    p = (grid.all_points() - np.asarray(grid.centre)).astype(np.float32)
    x, y, z = np.moveaxis(p, -1, 0)
    one = np.stack([2 * np.sin(z / 15), 1.5 * np.cos(x / 12), 0.05 * y])
    sigma = np.stack([1 + 0.5 * np.sin(x / 20), 1.2 + 0 * y, 2 + 0.5 * np.cos(z / 20)])
    dose, own = a_hill(grid, reach=reach)
    other, other_grid = a_hill(grid, at=(8.0, -5.0, 38.0), reach=reach, spacing=(2.5, 3.3, 3.0))
    density = (np.full(own.shape, 1.0, np.float32), own)
    varied = (0.3 + 0.7 * (other > 20)).astype(np.float32), other_grid
    return (
        SampledFraction(dose, own, an_uncertainty(grid, one, sigma), 1.0, density, "day1"),
        SampledFraction(3 * other, other_grid, an_uncertainty(grid, -one, sigma), 3.0, varied, "day2"),
    )
