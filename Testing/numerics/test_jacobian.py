"""The Jacobian determinant, however many slices are taken at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.numerics import jacobian
from Testing.transforms.samples import oblique_grid, smooth_field


@pytest.mark.parametrize("voxels_at_once", [1, 500, 1 << 18])
@pytest.mark.parametrize(("ndim", "thin"), [(2, False), (3, False), (3, True)])
def test_it_is_the_determinant_of_the_whole_gradient_whatever_the_block_size(
    monkeypatch: pytest.MonkeyPatch, voxels_at_once: int, ndim: int, thin: bool
) -> None:
    grid = oblique_grid(ndim, thin=thin)
    field = smooth_field(grid, 1.5)
    gradient = jacobian.gradient_mm(field, grid).movedim((0, 1), (-2, -1)).double()
    truth = np.linalg.det(np.eye(ndim) + gradient.numpy())
    monkeypatch.setattr(jacobian, "VOXELS_AT_ONCE", voxels_at_once)
    np.testing.assert_allclose(jacobian.jacobian_determinant(field, grid), truth, atol=1e-5)
    assert float(np.abs(truth - 1).max()) > 0.1 or thin


def test_the_callers_field_is_left_as_it_was() -> None:
    grid = oblique_grid(3)
    field = smooth_field(grid, 1.5)
    before = field.clone()
    jacobian.jacobian_determinant(field, grid)
    assert torch.equal(field, before)
