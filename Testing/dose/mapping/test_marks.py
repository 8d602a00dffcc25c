"""Marks: what is not known is NaN and says why, under both mappings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.dose.mapping.marks import FOLDED, OUTSIDE, UNDEFINED, MarkCounts
from RegSuite.numerics.jacobian import jacobian_determinant
from Testing.dose.bodies import OBLIQUE
from Testing.dose.mapping.fields import affine, centred, displacement, linear


def both(dose, dose_grid, u, grid):
    ones = (np.ones(dose_grid.shape, np.float32), dose_grid)
    return [
        map_dose(dose, dose_grid, u, grid, mapping=m, density=ones, account=False) for m in ("ddm", "emt")
    ]


def test_a_map_that_turns_tissue_inside_out_is_folded_everywhere():
    grid = centred((8, 7, 6), (2.0, 2.5, 3.0), OBLIQUE)
    for found in both(linear(grid), grid, displacement(grid, affine(np.diag([-1.0, 1, 1]))), grid):
        assert (found.marks & FOLDED).all()
        assert np.isnan(found.dose_gy).all()


def test_folded_voxels_are_those_whose_determinant_is_not_positive():
    grid = centred((16, 15, 14), (2.0, 2.5, 3.0), OBLIQUE)
    around = centred((60, 60, 60), (2.0, 2.0, 2.0))
    u = np.random.default_rng(0).normal(0, 1.5, (3, *grid.shape)).astype(np.float32)
    determinant = jacobian_determinant(torch.from_numpy(u).double(), grid).numpy()
    direct, by_energy = both(linear(around), around, u, grid)
    assert 20 < (determinant <= 0).sum() < grid.voxels / 2
    assert np.array_equal((direct.marks & FOLDED) != 0, determinant <= 0)
    assert np.array_equal(np.isnan(direct.dose_gy), direct.marks != 0)
    assert np.array_equal(np.isnan(by_energy.dose_gy), by_energy.marks != 0)


def test_undefined_voxels_have_no_dose_and_their_neighbours_are_judged_on_their_other_side():
    grid = centred((8, 7, 6), (2.0, 2.5, 3.0))
    u = displacement(grid, affine(np.diag([1.1, 0.9, 1.0])))
    u[1, 3, 3, 4] = np.nan
    direct, by_energy = both(linear(grid), grid, u, grid)
    assert direct.marks[3, 3, 4] == UNDEFINED
    assert np.isnan(direct.dose_gy[3, 3, 4])
    near = (slice(2, 5), slice(2, 5), slice(3, 6))
    assert (direct.marks[near] & UNDEFINED != 0).sum() == 1
    assert np.isfinite(direct.dose_gy[near]).sum() == 26
    assert (by_energy.marks[near] & UNDEFINED != 0).all(), "a part of each of these voxels is undefined"


def test_a_voxel_with_no_neighbour_to_judge_it_by_is_undefined_too():
    grid = centred((8, 7, 6), (2.0, 2.5, 3.0))
    u = np.zeros((3, *grid.shape), np.float32)
    u[:, :, :, 3] = u[:, :, :, 5] = np.nan
    direct, _ = both(linear(grid), grid, u, grid)
    assert (direct.marks[:, :, 3:6] == UNDEFINED).all()
    assert (direct.marks[:, :, [0, 1, 2, 6, 7]] == 0).all()


def test_a_fold_beside_an_undefined_voxel_is_seen_from_its_defined_side():
    grid = centred((8, 7, 6), (2.0, 2.0, 2.0))
    u = np.zeros((3, *grid.shape), np.float32)
    u[0, :, :, 4] = -3.0  # its voxel lands before the one to its left
    u[:, :, :, 5] = np.nan
    direct, _ = both(linear(grid), grid, u, grid)
    assert (direct.marks[:, :, 4] & FOLDED).all()


def test_marks_are_joined_and_counted_in_words():
    grid = centred((4, 4, 4), (2.0, 2.0, 2.0))
    u = displacement(grid, affine(np.diag([-1.0, 1, 1]), (50, 0, 0)))
    u[:, 0] = np.inf
    direct, _ = both(linear(grid), grid, u, grid)
    assert (direct.marks[0] == UNDEFINED).all()
    assert (direct.marks[1:] == OUTSIDE | FOLDED).all()
    assert direct.counts == MarkCounts(outside=48, folded=48, undefined=16, marked=64, voxels=64)
    assert direct.counts.sentences()[2] == (
        "16 voxels (25 %) lie where the deformation is undefined: their dose is not known"
    )


def test_beyond_the_density_energy_and_mass_know_nothing():
    grid, half = centred((10, 6, 6), (2.0, 2.0, 2.0)), centred((5, 6, 6), (2.0, 2.0, 2.0), at=(-5, 0, 0))
    u = np.zeros((3, *grid.shape), np.float32)
    found = map_dose(linear(grid), grid, u, grid, mapping="emt", density=(np.ones(half.shape), half))
    assert (found.marks[:, :, 5:] == OUTSIDE).all()
    assert (found.marks[:, :, :5] == 0).all()
    assert found.energy.residual == pytest.approx(0, abs=1e-6), "energy is counted where the density is known"
