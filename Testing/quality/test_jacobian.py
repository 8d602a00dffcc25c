"""Jacobian statistics of determinants that are known."""

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError, MethodFailed
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.quality import jacobian_statistics
from Testing.quality.grids import a_grid


def test_two_folds_among_fifty_voxels_are_four_percent():
    determinant = torch.ones(5, 10)
    determinant[0, 0], determinant[3, 3] = -0.5, 0.0
    found = jacobian_statistics(determinant)
    assert found["percent_nonpositive"] == pytest.approx(4.0)
    assert found["min"] == -0.5
    assert found["max"] == 1.0
    assert found["sd_log"] == 0.0


def test_sd_log_is_over_positive_values_alone():
    determinant = torch.tensor([[np.e, 1 / np.e, -3.0]])
    assert jacobian_statistics(determinant)["sd_log"] == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(9, 8, 7), (9, 8), (9, 8, 1)])
def test_a_linear_scaling_has_its_determinant_everywhere_on_any_grid(size):
    grid = a_grid(size, (0.7, 1.3, 2.5)[: len(size)])
    u = torch.from_numpy(np.moveaxis(0.2 * grid.all_points(), -1, 0))
    found = jacobian_statistics(jacobian_determinant(u, grid))
    if size[-1] == 1:  # an axis of one voxel counts as undeformed: the plane's scaling remains
        assert found["max"] == pytest.approx(found["min"])
        assert 1.2 < found["max"] <= 1.2**3
    else:
        assert found["min"] == pytest.approx(1.2 ** len(size))
        assert found["max"] == pytest.approx(1.2 ** len(size))
    assert found["sd_log"] == pytest.approx(0.0, abs=1e-9)
    assert found["percent_nonpositive"] == 0.0


def test_a_field_that_turns_space_over_is_folded_where_it_does():
    """u = -2 x in x for x > 0: J = -1 there, +1 elsewhere (0 on the crease between)."""
    grid = a_grid((20, 6, 5), (1.0, 2.0, 3.0), turned=False)
    x = torch.from_numpy(grid.all_points()[..., 0]) - float(grid.centre[0])
    u = torch.stack([torch.where(x > 0, -2 * x, torch.zeros_like(x)), 0 * x, 0 * x])
    found = jacobian_statistics(jacobian_determinant(u, grid))
    assert found["min"] == pytest.approx(-1.0)
    assert 45.0 <= found["percent_nonpositive"] <= 55.0


def test_only_voxels_of_the_mask_count():
    determinant = torch.ones(4, 4, 4)
    determinant[0] = -1.0
    mask = torch.zeros(4, 4, 4, dtype=torch.bool)
    mask[1:] = True
    assert jacobian_statistics(determinant, mask)["percent_nonpositive"] == 0.0
    assert jacobian_statistics(determinant)["percent_nonpositive"] == 25.0


def test_where_everything_folds_sd_log_is_absent():
    assert "sd_log" not in jacobian_statistics(torch.full((3, 3), -1.0))


def test_what_cannot_be_measured_is_refused_with_words():
    ones = torch.ones(3, 3)
    with pytest.raises(InputError, match="mask for the Jacobian is empty"):
        jacobian_statistics(ones, torch.zeros(3, 3, dtype=torch.bool))
    with pytest.raises(GeometryError, match="mask of shape"):
        jacobian_statistics(ones, torch.ones(2, 2))
    with pytest.raises(MethodFailed, match="1 values of the Jacobian are not finite"):
        jacobian_statistics(torch.tensor([1.0, float("nan")]))
