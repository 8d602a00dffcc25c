"""Foerstner keypoints: the formula, the spread, the mask, any grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.pointcloud.keypoints.foerstner import distinctiveness, foerstner_keypoints
from RegSuite.pointcloud.keypoints.spread import spread
from Testing.pointcloud.keypoints.scenes import oblique, seen, texture


@pytest.mark.parametrize("ndim", [2, 3])
def test_distinctiveness_of_crossed_waves_is_the_formulas_on_any_grid(ndim):
    # F = sum of cos(k_a x_a) along the grid's own axes: far windows see A = diag(k_a^2 / 2)
    lengths = np.array([16.0, 20.0, 24.0])[:ndim]
    k = 2 * np.pi / lengths
    spacing = np.array([1.0, 2.0, 1.5])[:ndim]
    grid = Grid.make([64, 48, 48][:ndim], spacing.tolist(), [5.0, -3.0, 9.0][:ndim], oblique(ndim))
    along = (grid.all_points() - grid.origin) @ np.asarray(grid.direction)
    values = torch.from_numpy(np.cos(along * k).sum(axis=-1)).float()
    found = distinctiveness(values, grid, 12.0)
    middle = tuple(slice(n // 2 - 2, n // 2 + 2) for n in grid.shape)
    differences = np.sin(k * spacing) / spacing  # what central differences make of k
    expected = 1 / (2 / differences**2).sum()
    assert found[middle].mean() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("ndim", [2, 3])
def test_an_edge_is_not_distinctive(ndim):
    grid = Grid.make([24] * ndim, 1.0)
    values = torch.sigmoid(torch.arange(24.0) - 12).expand(*grid.shape).contiguous()
    assert float(distinctiveness(values, grid, 2.0).max()) == 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_blobs_are_found_on_oblique_anisotropic_grids(ndim):
    rng = np.random.default_rng(1)
    grid = Grid.make([48, 40, 30][:ndim], [1.0, 1.2, 1.7][:ndim], [30.0, -8.0, 4.0][:ndim], oblique(ndim))
    corners = np.asarray(grid.size) - 1
    index = np.array(
        [p for p in rng.uniform(0.2, 0.8, (200, ndim)) * corners if np.linalg.norm(p - corners / 2) > 0]
    )
    centres = grid.points(index)
    kept, _ = spread(centres, np.ones(len(centres)), 200, 11.0)
    centres = centres[kept]
    assert len(centres) >= 5
    image = seen(lambda p: sum(np.exp(-((p - c) ** 2).sum(-1) / (2 * 2.0**2)) for c in centres), grid)
    found = foerstner_keypoints(image, count=len(centres), distance_mm=6.0, sigma_mm=2.0)
    distance, _ = cKDTree(found.points).query(centres)
    assert distance.max() < 0.5 * np.linalg.norm(grid.spacing) + 0.1


def test_turning_the_patient_turns_the_keypoints_with_it():
    value, turn = texture(3), oblique(3, 70)
    straight = Grid.make([40, 36, 30], [1.5, 1.5, 2.0], [-30, -20, 10])
    turned = Grid.make(straight.size, straight.spacing, turn @ np.array(straight.origin), turn)
    ours = foerstner_keypoints(seen(value, straight), count=150)
    theirs = foerstner_keypoints(seen(lambda p: value(p @ turn), turned), count=150)
    np.testing.assert_allclose(theirs.points, ours.points @ turn.T, atol=1e-6)


def test_points_keep_their_distance_and_cover_the_image_more_evenly_than_the_strongest_do():
    grid = Grid.make([96, 96], 1.0)
    window = np.exp(-((grid.all_points() - 30) ** 2).sum(-1) / (2 * 18.0**2)) + 0.15
    values = texture(2, lengths_mm=(4, 9))(grid.all_points()) * window  # strong in one corner
    image = Image(torch.from_numpy(values).float()[None], grid)
    found = foerstner_keypoints(image, count=60, distance_mm=2.0, sigma_mm=1.0)
    assert len(found) == 60
    apart, _ = cKDTree(found.points).query(found.points, k=2)
    assert apart[:, 1].min() >= 2.0
    every = foerstner_keypoints(image, count=100000, distance_mm=0.5, sigma_mm=1.0)
    strongest = every.points[:60]
    anywhere = np.random.default_rng(0).uniform(0, 95, (2000, 2))
    gap, worse = (cKDTree(p).query(anywhere)[0].max() for p in (found.points, strongest))
    assert gap < 0.6 * worse


def test_keypoints_lie_in_the_mask_given_or_the_images_own():
    grid = Grid.make([40, 30, 20], [1.0, 1.0, 2.0])
    mask = torch.zeros(grid.shape, dtype=torch.bool)
    mask[4:12, 5:25, 8:20] = True
    image = seen(texture(3), grid)
    for found in (foerstner_keypoints(image, mask), foerstner_keypoints(image.with_mask(mask))):
        index = np.rint(grid.index(found.points)).astype(int)
        assert len(found) > 3
        assert bool(mask[index[:, 2], index[:, 1], index[:, 0]].all())


def test_one_slice_of_a_volume_has_keypoints_of_its_two_axes():
    flat = Grid.make([48, 40], 1.5)
    thin = Grid.make([48, 40, 1], 1.5)
    value = texture(2)
    ours = foerstner_keypoints(seen(value, flat), count=40)
    theirs = foerstner_keypoints(seen(lambda p: value(p[..., :2]), thin), count=40)
    np.testing.assert_allclose(theirs.points[:, :2], ours.points)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda image: (image.with_data(image.data * 0 + 7), None), "no structure"),
        (lambda image: (image, torch.zeros(image.grid.shape, dtype=torch.bool)), "mask is empty"),
        (lambda image: (image, torch.ones((3, 3, 3), dtype=torch.bool)), "mask of shape"),
        (lambda image: (image.with_data(image.data * float("nan")), None), "not finite"),
    ],
)
def test_images_without_keypoints_are_refused_in_words(change, words):
    image, mask = change(seen(texture(3), Grid.make([16, 16, 16], 2.0)))
    with pytest.raises(InputError, match=words):
        foerstner_keypoints(image, mask)


def test_a_count_of_none_is_refused():
    with pytest.raises(InputError, match="0 keypoints"):
        foerstner_keypoints(seen(texture(2), Grid.make([32, 32], 2.0)), count=0)
