"""Energy/mass transfer: closed forms, agreement with direct mapping where it must, and its energy."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.mapping.mapped import map_dose
from Testing.dose.bodies import OBLIQUE
from Testing.dose.mapping.fields import (
    TURNS,
    affine,
    centred,
    displacement,
    fraction,
    linear,
    rotation,
)


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_a_voxel_between_two_densities_in_a_linear_dose_has_the_closed_form(parts):
    """Moved by half a voxel, a voxel spans one cell, in which rho and D are linear: a known integral.

    int D rho = D1 r1 + (D1 dr + dD r1) / 2 + dD dr (1/3 - 1 / (12 parts^2)), the last term for the parts'
    midpoints; over the mean density. Direct mapping gives D1 + dD / 2, whatever the density.
    """
    grid = centred((8, 4, 4), (2.0, 2.5, 3.0))
    dose = linear(grid, (1.5, 0, 0))
    density = np.where(np.arange(8) < 4, 0.25, 1.05) * np.ones(grid.shape)
    u = displacement(grid, lambda p: 0 * p + [1.0, 0, 0])
    found = map_dose(dose, grid, u, grid, mapping="emt", density=(density, grid), oversampling=parts)
    d1, dd, r1, dr = float(dose[1, 1, 3]), 3.0, 0.25, 0.8
    energy = d1 * r1 + (d1 * dr + dd * r1) / 2 + dd * dr * (1 / 3 - 1 / (12 * parts**2))
    assert found.dose_gy[1, 1, 3] == pytest.approx(energy / 0.65, abs=1e-5)
    direct = map_dose(dose, grid, u, grid)
    assert direct.dose_gy[1, 1, 3] == pytest.approx(d1 + dd / 2, abs=1e-5)


def test_tissue_that_merges_in_a_voxel_is_weighed_by_its_mass():
    """Stretched fourfold, a planning voxel holds two fraction voxels of each tissue, a ramp between."""
    fine, grid = centred((64, 8, 8), (1.0, 2.0, 2.0)), centred((15, 4, 4), (1.0, 2.0, 2.0), at=(0.0, 0, 0))
    x = fine.all_points()[..., 0]
    dose, density = np.where(x < 0, 10.0, 2.0), np.where(x < 0, 1.0, 0.25)
    u = displacement(grid, affine(np.diag([4.0, 1, 1])))
    found = map_dose(dose, fine, u, grid, mapping="emt", density=(density, fine), oversampling=32)
    ramp = 10 - (10 * 0.75 + 8) / 2 + 8 * 0.75 / 3  # int (10 - 8 s) (1 - 0.75 s) over the ramp of 1 mm
    energy, mass = 1.5 * 10 + ramp + 1.5 * 0.5, 1.5 + 0.625 + 1.5 * 0.25
    assert found.dose_gy[1, 1, 7] == pytest.approx(energy / mass, abs=0.004), "parts of 0.125 mm"
    assert map_dose(dose, fine, u, grid).dose_gy[1, 1, 7] == pytest.approx(6.0, abs=1e-4), (
        "half-way, unweighed"
    )


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_with_a_rigid_move_a_linear_dose_and_one_density_both_mappings_agree(turn):
    dose_grid, grid = centred((40, 42, 36), (3.0, 2.5, 4.0)), centred((16, 14, 12), (2.5, 3.0, 2.0), turn)
    u = displacement(grid, affine(rotation(15), (4, -3, 2)))
    dose = linear(dose_grid)
    density = (np.full((20, 20, 20), 1.02, np.float32), centred((20, 20, 20), (8.0, 8.0, 9.0), OBLIQUE))
    direct = map_dose(dose, dose_grid, u, grid)
    by_energy = map_dose(dose, dose_grid, u, grid, mapping="emt", density=density)
    assert direct.counts.marked == by_energy.counts.marked == 0
    assert np.abs(direct.dose_gy - by_energy.dose_gy).max() < 1e-3 * dose.max() / 100, (
        "0.001 % of the maximum"
    )


def test_in_a_uniform_dose_every_voxel_has_it_and_the_mass_follows_the_jacobian():
    grid = centred((12, 11, 10), (2.5, 3.0, 2.0), OBLIQUE)
    around = centred((40, 40, 40), (2.5, 2.5, 2.5))
    matrix = rotation(20) @ np.diag([1.2, 0.8, 1.1])
    u = displacement(grid, affine(matrix))
    uniform = np.full(around.shape, 7.0, np.float32)
    found = map_dose(uniform, around, u, grid, mapping="emt", density=(uniform / 7 * 1.1, around))
    assert found.dose_gy == pytest.approx(np.full(grid.shape, 7.0), rel=1e-6)
    mass = 1.1 * np.linalg.det(matrix) * grid.voxels * grid.voxel_volume / 1000
    assert found.energy.mass_g == pytest.approx(mass, rel=1e-5)
    assert found.energy.arrived_mj == pytest.approx(7 * mass, rel=1e-5)


def test_a_dose_that_bends_is_averaged_over_the_voxel_and_not_read_at_its_centre():
    """Mean of x^2 over a voxel of width h is the centre's plus h^2 / 12 (twice the dose's spacing apart)."""
    fine, grid = centred((200, 4, 4), (0.25, 2.0, 2.0)), centred((10, 4, 4), (4.0, 2.0, 2.0))
    dose = fine.all_points()[..., 0] ** 2
    u = np.zeros((3, *grid.shape), np.float32)
    density = (np.ones(fine.shape), fine)
    found = map_dose(dose, fine, u, grid, mapping="emt", density=density, oversampling=32)
    direct = map_dose(dose, fine, u, grid)
    step = found.dose_gy[1:3, 1:3, 1:-1] - direct.dose_gy[1:3, 1:3, 1:-1]
    assert step == pytest.approx(np.full(step.shape, 16 / 12), rel=0.02)


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("amplitude_mm", [0.0, 10.0, 20.0])
def test_energy_is_conserved_with_what_leaves_counted(turn, amplitude_mm):
    given = fraction(amplitude_mm, turn)
    found = given.mapped("emt")
    assert found.counts.folded == 0
    assert abs(found.energy.residual) < 1e-3
    assert found.energy.unknown_mj == 0


def test_energy_is_conserved_where_a_large_part_leaves_the_planning_grid():
    given = fraction(20.0, OBLIQUE, size=(24, 22, 16), at=(12, -8, 10))
    energy = given.mapped("emt").energy
    assert 0.3 < energy.left_mj / energy.fraction_mj < 0.9
    assert abs(energy.residual) < 1e-3


def test_what_leaves_is_the_share_of_the_volume_that_nothing_maps_to():
    """Uniform dose and density, a shift by 7.3 mm: the slab of 7.3 mm that no planning point reaches."""
    grid = centred((20, 10, 10), (2.0, 2.0, 2.0))
    ones = np.ones(grid.shape, np.float32)
    u = displacement(grid, lambda p: 0 * p + [7.3, 0, 0])
    energy = map_dose(ones, grid, u, grid, mapping="emt", density=(ones, grid)).energy
    assert energy.fraction_mj == pytest.approx(16.0, rel=1e-6)
    assert energy.left_mj == pytest.approx(16 * 7.3 / 40, rel=1e-4)
    assert energy.arrived_mj + energy.marked_mj == pytest.approx(16 * (1 - 7.3 / 40), rel=0.02), (
        "in half voxels"
    )


def test_energy_that_an_undefined_deformation_would_move_is_told_as_unknown():
    grid = centred((20, 10, 10), (2.0, 2.0, 2.0))
    ones = np.ones(grid.shape, np.float32)
    u = np.zeros((3, *grid.shape), np.float32)
    u[:, :, :, 12:] = np.nan
    energy = map_dose(ones, grid, u, grid, mapping="emt", density=(ones, grid)).energy
    known = 11.5 / 20  # up to the centre of the last voxel with a value: the cell after it is undefined
    assert energy.unknown_mj == pytest.approx(16 * (1 - known), rel=0.02)
    assert energy.arrived_mj == pytest.approx(16 * 11 / 20, rel=1e-5)
    assert energy.marked_mj == pytest.approx(16 * 0.5 / 20, rel=1e-5)
    assert abs(energy.residual) < 0.01


def test_a_fold_shows_in_the_account():
    """Tissue that is mapped to three times arrives more often than it is there."""
    grid = centred((40, 8, 8), (2.0, 2.0, 2.0))
    ones = np.ones(grid.shape, np.float32)
    u = displacement(grid, lambda p: np.stack([12 * np.sin(p[..., 0] / 6), 0 * p[..., 0], 0 * p[..., 0]], -1))
    found = map_dose(ones, grid, u, grid, mapping="emt", density=(ones, grid))
    assert found.counts.folded > 0.2 * grid.voxels
    assert found.energy.residual < -0.1
