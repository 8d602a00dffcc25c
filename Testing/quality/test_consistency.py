"""Forward and back with transforms whose product is known."""

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError, MethodFailed
from RegSuite.quality import inverse_consistency_mm, inverse_residual_mm
from Testing.quality.grids import a_grid
from Testing.quality.transforms import Scale, Shift


@pytest.mark.parametrize("size", [(7, 6, 5), (7, 6), (7, 6, 1)])
def test_a_transform_with_its_exact_inverse_has_no_residual(size):
    grid = a_grid(size, (0.7, 1.3, 2.5)[: len(size)])
    forward = Scale(1.3, len(size))
    found = inverse_residual_mm(forward, forward.inverse(), grid)
    assert found["max"] < 1e-9


def test_two_shifts_that_do_not_cancel_leave_their_sum_in_mm():
    grid = a_grid((7, 6, 5), (0.7, 1.3, 2.5))
    found = inverse_consistency_mm(Shift([3.0, 4.0, 0.0]), Shift([0.0, -4.0, 4.0]), grid)
    assert found == {k: pytest.approx(5.0) for k in ("mean", "p95", "max")}


def test_statistics_are_those_of_the_voxels_in_the_mask():
    grid = a_grid((9, 8), (1.0, 2.0))
    mask = torch.zeros(grid.shape, dtype=torch.bool)
    mask[2:5, 3:6] = True
    expected = 0.1 * np.linalg.norm(grid.all_points()[mask.numpy()], axis=-1)
    found = inverse_residual_mm(Scale(1.1, 2), Shift([0.0, 0.0]), grid, mask)
    assert found["mean"] == pytest.approx(expected.mean())
    assert found["p95"] == pytest.approx(np.percentile(expected, 95))
    assert found["max"] == pytest.approx(expected.max())


def test_points_that_leave_the_moving_image_do_not_count_when_its_grid_is_given():
    grid = a_grid((10, 10), (1.0, 1.0), turned=False)
    away = Shift([1000.0, 0.0])
    with pytest.raises(InputError, match="no voxel of the mask is left"):
        inverse_residual_mm(away, away.inverse(), grid, moving_grid=grid)
    half = Shift([5.0, 0.0])
    assert inverse_residual_mm(half, half.inverse(), grid, moving_grid=grid)["max"] < 1e-9


def test_a_subset_is_evenly_spread_and_no_larger_than_asked():
    grid = a_grid((20, 20, 20), (1.0, 1.0, 1.0))
    seen = []

    class Watched(Shift):
        def points(self, points_mm):
            seen.append(len(points_mm))
            return super().points(points_mm)

    whole = inverse_residual_mm(Scale(1.01), Shift([0.0] * 3), grid)
    part = inverse_residual_mm(Watched([0.0] * 3), Scale(1.01), grid, at_most=1000)
    assert seen == [1000]
    assert part["mean"] == pytest.approx(whole["mean"], rel=0.05)


def test_a_value_that_is_not_finite_fails_with_words():
    grid = a_grid((3, 3), (1.0, 1.0))
    with pytest.raises(MethodFailed, match="not finite at 9 voxels"):
        inverse_residual_mm(Shift([float("inf"), 0.0]), Shift([0.0, 0.0]), grid)
