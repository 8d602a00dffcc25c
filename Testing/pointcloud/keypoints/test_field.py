"""Dense fields from sparse matches, against known fields and the textbook's formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, PointSet
from RegSuite.pointcloud.keypoints.field import field_from_matches
from RegSuite.pointcloud.keypoints.regression import best_settings, regress
from RegSuite.transforms import RigidTransform
from Testing.pointcloud.keypoints.scenes import oblique


def grid_of(ndim):
    return Grid.make([30, 24, 16][:ndim], [3.0, 4.0, 5.0][:ndim], [10.0, -20.0, 5.0][:ndim], oblique(ndim))


def points_in(grid, count, seed=0):
    index = np.random.default_rng(seed).uniform(0, 1, (count, grid.ndim)) * (np.asarray(grid.size) - 1)
    return grid.points(index)


def wave(points):
    d = points.shape[-1]
    return 5 * np.sin(points @ np.full(d, 0.04) + 0.5)[..., None] * np.array([1.0, -0.6, 0.8])[:d]


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_rigid_motion_is_found_exactly_everywhere(ndim):
    grid = grid_of(ndim)
    numbers = [0.2] if ndim == 2 else [0.1, -0.2, 0.15]
    truth = RigidTransform.from_parameters([*numbers, *[4.0, -7.0, 3.0][:ndim]], ndim, grid.centre)
    x = points_in(grid, 40)
    y = truth.points(torch.from_numpy(x.copy())).numpy()
    found = field_from_matches(PointSet(x), PointSet(y), grid)
    np.testing.assert_allclose(
        found.transform.displacement_mm.numpy(), truth.displacement(grid).numpy(), atol=1e-3
    )
    np.testing.assert_allclose(found.linear.homogeneous, truth.homogeneous, atol=1e-8)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_smooth_motion_is_found_from_noisy_matches_better_than_they_are(ndim):
    grid = grid_of(ndim)
    x = points_in(grid, 300)
    noise = np.random.default_rng(1).normal(0, 0.5, x.shape)
    found = field_from_matches(PointSet(x), PointSet(x + wave(x) + noise), grid)
    off = found.transform.displacement_mm.numpy() - np.moveaxis(wave(grid.all_points()), -1, 0)
    assert np.sqrt((off**2).mean()) < 0.35  # per axis; the matches' is 0.5
    assert found.folds_percent == 0
    assert 0.3 < found.noise_mm < 0.8


def test_wrong_matches_are_dropped_and_right_ones_kept():
    grid = grid_of(3)
    x = points_in(grid, 200)
    y = x + wave(x) + np.random.default_rng(5).normal(0, 0.2, x.shape)
    wrong = np.arange(0, 200, 8)
    y[wrong] += np.random.default_rng(2).normal(0, 12, (len(wrong), 3))
    found = field_from_matches(PointSet(x), PointSet(y), grid)
    far = np.linalg.norm(y - x - wave(x), axis=1) > 6
    assert not found.kept[far].any()
    assert found.kept[np.setdiff1d(np.arange(200), wrong)].mean() > 0.9
    off = found.transform.displacement_mm.numpy() - np.moveaxis(wave(grid.all_points()), -1, 0)
    assert np.abs(off).mean() < 0.3


def test_the_regression_is_the_textbooks():
    x = points_in(grid_of(2), 25)
    y = wave(x) + np.random.default_rng(3).normal(0, 0.3, x.shape)
    found = regress(x, y, best_settings(x, y, 33.0))
    squared = ((x[:, None] - x[None]) ** 2).sum(-1)
    kernel = found.magnitude_mm**2 * np.exp(-squared / (2 * 33.0**2))
    a = kernel + found.noise_mm**2 * np.eye(25)
    at = points_in(grid_of(2), 7, seed=9)
    across = found.magnitude_mm**2 * np.exp(-((at[:, None] - x[None]) ** 2).sum(-1) / (2 * 33.0**2))
    there = torch.from_numpy(at)
    np.testing.assert_allclose(found.at(there).numpy(), across @ np.linalg.solve(a, y), atol=1e-6)
    variance = found.magnitude_mm**2 - np.einsum("ij,ji->i", across, np.linalg.solve(a, across.T))
    np.testing.assert_allclose(found.sd(there).numpy(), np.sqrt(variance), rtol=1e-4, atol=1e-6)
    for i in (0, 13):  # leave one out, done by hand
        others = np.delete(np.arange(25), i)
        told = kernel[i, others] @ np.linalg.solve(a[np.ix_(others, others)], y[others])
        assert found.left_out_mm[i] == pytest.approx(np.linalg.norm(y[i] - told), rel=1e-6)


def test_uncertainty_is_small_at_matches_and_the_motions_own_far_away():
    grid = Grid.make([60, 20], 5.0)
    x = points_in(Grid.make([20, 20], 5.0), 200)
    found = field_from_matches(PointSet(x), PointSet(x + wave(x)), grid, uncertainty=True, bandwidth_mm=22.0)
    sd = found.sd_mm.data[0].numpy()
    assert found.sd_mm.grid == grid
    assert sd[4:16, 4:16].max() < 0.3 * sd[:, 45:].min()
    np.testing.assert_allclose(sd[:, 50:], sd[0, -1], rtol=0.02)


def test_a_volume_of_one_slice_gets_a_field():
    grid = Grid.make([20, 16, 1], [2.0, 2.0, 3.0])
    x = points_in(grid, 60)
    y = x + np.array([2.0, 1.0, 0.0])
    found = field_from_matches(PointSet(x), PointSet(y), grid)
    np.testing.assert_allclose(found.transform.displacement_mm[0].numpy(), 2.0, atol=1e-3)


def test_matches_that_fix_nothing_are_refused():
    grid = grid_of(3)
    few, same = points_in(grid, 3), np.ones((10, 3))
    with pytest.raises(GeometryError, match="3 matches do not fix"):
        field_from_matches(PointSet(few), PointSet(few), grid)
    with pytest.raises(GeometryError, match="10 matches do not fix"):
        field_from_matches(PointSet(same), PointSet(same), grid)
    with pytest.raises(GeometryError, match="do not make pairs"):
        field_from_matches(PointSet(few), PointSet(same), grid)
