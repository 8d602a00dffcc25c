"""Dice against formulas."""

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.quality import dice
from Testing.quality.grids import a_grid, ball


def lens_dice(radius, apart):
    """Dice of two equal balls whose centres are `apart`: twice the lens over both volumes."""
    lens = np.pi * (4 * radius + apart) * (2 * radius - apart) ** 2 / 12
    return lens / (4 / 3 * np.pi * radius**3)


@pytest.mark.parametrize("apart", [0.0, 4.0, 10.0, 16.0])
def test_two_balls_have_the_dice_of_the_lens_formula_on_an_oblique_anisotropic_grid(apart):
    grid = a_grid((60, 52, 36), (0.9, 1.0, 1.5))
    step = np.array([0.6, 0.0, 0.8]) * apart / 2
    first, second = ball(grid, grid.centre - step, 14.0), ball(grid, grid.centre + step, 14.0)
    found = dice(first.astype(np.int16), second.astype(np.int16))
    # ~10000 voxels in the ball, errors of about a tenth of a voxel at the surface
    assert found.values[1] == pytest.approx(lens_dice(14.0, apart), abs=0.01)


def test_half_overlapping_boxes_in_a_plane():
    a, b = np.zeros((8, 12), int), np.zeros((8, 12), int)
    a[2:6, 2:6] = 5
    b[2:6, 4:8] = 5
    assert dice(a, b).values == {5: 0.5}


def test_each_label_has_its_own_value_and_the_mean_is_over_labels_in_both():
    a = torch.tensor([[1, 1, 2, 2, 7]])
    b = torch.tensor([[1, 1, 2, 0, 9]])
    found = dice(a, b)
    assert found.values == {1: 1.0, 2: pytest.approx(2 / 3)}
    assert found.mean == pytest.approx(5 / 6)
    assert found.only_fixed == (7,)
    assert found.only_moving == (9,)


def test_missing_labels_are_warned_of_with_their_names():
    warnings = dice(np.array([1, 7]), np.array([1, 0])).warnings({7: "Liver"})
    assert warnings == [
        "1 labels of the fixed image are missing in the warped moving image and are in no Dice or surface "
        "distance: 7 (Liver)"
    ]


def test_maps_without_a_common_label_have_no_mean():
    found = dice(np.array([1, 0]), np.array([0, 2]))
    assert found.values == {}
    assert found.mean is None


def test_swapping_the_maps_changes_nothing():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, (6, 7, 8)), rng.integers(0, 5, (6, 7, 8))
    assert dice(a, b).values == dice(b, a).values


def test_labels_of_any_size_and_type_count():
    a = np.array([0, 2_000_000_011, 3], np.int64)
    assert dice(a, a).values == {3: 1.0, 2_000_000_011: 1.0}
    assert dice(torch.tensor([0.0, 4.0]), torch.tensor([4.0, 4.0])).values == {4: pytest.approx(2 / 3)}
    assert dice(np.array([True, False]), np.array([True, True])).values == {1: pytest.approx(2 / 3)}


def test_labels_that_cannot_be_are_refused_with_words():
    with pytest.raises(InputError, match="not whole numbers"):
        dice(np.array([0.5, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(InputError, match="not whole numbers"):
        dice(np.array([np.nan, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(InputError, match="label -1 is negative"):
        dice(np.array([-1, 1]), np.array([1, 1]))
    with pytest.raises(GeometryError, match=r"shape \(2,\) and \(3,\) are not on one grid"):
        dice(np.zeros(2, int), np.zeros(3, int))
