"""Doses, densities and displacements with a formula, on grids about the origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.geometry import Grid
from Testing.dose.bodies import OBLIQUE


def centred(size, spacing, turn=None, at=(0.0, 0.0, 0.0)):
    """A grid whose middle lies at `at`, its axes turned by `turn`."""
    turn = np.eye(3) if turn is None else turn
    half = (np.array(size) - 1) / 2 * np.array(spacing)
    return Grid.make(size, spacing, np.array(at) - turn @ half, turn)


def linear(grid, slope=(0.3, -0.2, 0.15), at_zero=30.0):
    return (at_zero + grid.all_points() @ np.array(slope)).astype(np.float32)


def displacement(grid, move):
    """[3, z, y, x] float32 of a function of LPS points [..., 3]."""
    return np.moveaxis(move(grid.all_points()), -1, 0).astype(np.float32)


def affine(matrix, shift=(0.0, 0.0, 0.0)):
    """The move of x -> matrix x + shift."""
    return lambda p: p @ (np.asarray(matrix, float) - np.eye(3)).T + np.array(shift)


def rotation(degrees, axis=(0.3, 1.0, -0.5)):
    from scipy.spatial.transform import Rotation

    return Rotation.from_rotvec(np.radians(degrees) * np.array(axis) / np.linalg.norm(axis)).as_matrix()


def waves(amplitude_mm):
    """A smooth move of up to about `amplitude_mm` that folds nowhere up to 20 mm."""

    def move(p):
        x, y, z = np.moveaxis(p, -1, 0)
        parts = (
            np.sin(y / 45 + 0.3) * np.cos(z / 50),
            0.8 * np.cos(x / 48) * np.sin(z / 60 + 1),
            0.7 * np.sin(x / 50 + y / 70),
        )
        return amplitude_mm * np.stack(parts, axis=-1)

    return move


@dataclass(frozen=True)
class Fraction:
    """A thorax in short: a hot spot with a steep edge, soft tissue with a light sphere, air around."""

    dose: np.ndarray
    dose_grid: Grid
    density: tuple[np.ndarray, Grid]
    displacement: np.ndarray
    grid: Grid

    def mapped(self, mapping, **options):
        given = (self.dose, self.dose_grid, self.displacement, self.grid)
        return map_dose(*given, mapping=mapping, density=self.density, **options)


def fraction(amplitude_mm, turn=None, size=(44, 40, 30), at=(0, 0, 0)):
    grid = centred(size, (3.0, 3.2, 4.0), turn, at)
    dose_grid = centred((46, 44, 34), (3.1, 3.0, 3.9), at=(3, 2, -5))
    density_grid = centred((80, 76, 40), (2.0, 2.1, 3.6))
    p, c = dose_grid.all_points(), density_grid.all_points()
    dose = 60 * np.exp(-((p - [5, 0, 3]) ** 2).sum(-1) / 2 / 28**2) + 10 * (np.abs(p[..., 0]) < 20)
    body = np.linalg.norm(c / [1, 0.8, 1], axis=-1) < 55
    light = np.linalg.norm(c - [20, 0, 0], axis=-1) < 22
    density = np.where(body, np.where(light, 0.25, 1.05), 0.0012)
    return Fraction(
        dose.astype(np.float32),
        dose_grid,
        (density.astype(np.float32), density_grid),
        displacement(grid, waves(amplitude_mm)),
        grid,
    )


TURNS = {"straight": np.eye(3), "oblique": OBLIQUE}
