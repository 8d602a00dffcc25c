"""Transformed grid distance, by formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.quality import grid_distance_mm
from RegSuite.transforms import AffineTransform, RigidTransform


def grid_of(ndim):
    turn = np.linalg.qr(np.random.default_rng(ndim).normal(size=(ndim, ndim)))[0]
    return Grid.make([9, 7, 5][:ndim], [1.0, 2.0, 3.0][:ndim], [4.0, -5.0, 60.0][:ndim], turn)


@pytest.mark.parametrize("ndim", [2, 3])
def test_translations_are_as_far_apart_as_their_shifts(ndim):
    one = AffineTransform(np.eye(ndim), np.zeros(ndim))
    other = AffineTransform(np.eye(ndim), np.array([3.0, 4.0, 12.0])[:ndim])
    grid = grid_of(ndim)
    found = grid_distance_mm(one, other, grid)
    far = 5.0 if ndim == 2 else 13.0
    assert [found[k] for k in ("mean", "rms", "p95", "max")] == pytest.approx([far] * 4)
    assert found["norm"] == pytest.approx(far * np.sqrt(grid.voxels))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_rotation_about_the_middle_moves_points_by_the_chord(ndim):
    grid, angle = grid_of(ndim), 0.3
    parameters = [angle] if ndim == 2 else [0.0, 0.0, angle]
    turn = RigidTransform.from_parameters([*parameters, *[0.0] * ndim], ndim, grid.centre)
    still = AffineTransform(np.eye(ndim), np.zeros(ndim))
    radius = np.linalg.norm((grid.all_points() - grid.centre)[..., :2], axis=-1)
    chord = 2 * np.sin(angle / 2) * radius
    found = grid_distance_mm(still, turn, grid)
    assert found["mean"] == pytest.approx(chord.mean())
    assert found["max"] == pytest.approx(chord.max())


def test_a_full_turn_is_no_distance_however_its_angle_is_written():
    grid = grid_of(3)
    one, other = (
        RigidTransform.from_parameters([0, 0, a, 1, 2, 3], 3, grid.centre) for a in (0.2, 0.2 + 2 * np.pi)
    )
    assert grid_distance_mm(one, other, grid)["max"] < 1e-9


def test_a_mask_chooses_the_points_and_at_most_thins_them_evenly():
    grid = Grid.make([10, 10], 1.0)
    still, shear = AffineTransform(np.eye(2), np.zeros(2)), AffineTransform([[1, 1], [0, 1]], [0.0, 0.0])
    mask = torch.zeros(grid.shape, dtype=torch.bool)
    mask[3] = True  # y = 3 mm: moved by 3 mm
    assert grid_distance_mm(still, shear, grid, mask)["mean"] == pytest.approx(3)
    whole, part = (grid_distance_mm(still, shear, grid, at_most=n) for n in (None, 50))
    assert part["norm"] == pytest.approx(whole["norm"], rel=0.1)


def test_other_dimensions_and_empty_masks_are_refused():
    two, three = (AffineTransform(np.eye(n), np.zeros(n)) for n in (2, 3))
    with pytest.raises(GeometryError, match="2 and 3 dimensions"):
        grid_distance_mm(two, three, grid_of(2))
    with pytest.raises(GeometryError, match="mask is empty"):
        grid_distance_mm(two, two, grid_of(2), torch.zeros(grid_of(2).shape, dtype=torch.bool))
