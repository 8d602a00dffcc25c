"""Numeric inversion: exact cases, large linear parts, both solvers, what it reports."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform, RigidTransform
from RegSuite.transforms.inversion import _by_fixed_point, fitted_affine, invert_displacement, summary
from Testing.transforms.samples import oblique_grid, random_bspline, smooth_field


def test_the_inverse_of_a_translation_is_the_translation_back(a_grid: Grid) -> None:
    u = torch.full((a_grid.ndim, *a_grid.shape), 0.7)
    result = invert_displacement(u, a_grid)
    torch.testing.assert_close(result.displacement_mm, -u, atol=1e-3, rtol=0)
    assert result.residual_mm["max"] < 1e-3


def test_a_half_turn_with_a_large_shift_is_inverted_on_the_moving_grid() -> None:
    grid = oblique_grid(3)
    turn = RigidTransform.from_parameters([np.pi, 0, 0, 200, -300, 100], 3, grid.centre)
    moving = Grid.make(grid.size, grid.spacing, (grid.centre + np.array([200, -300, 100]) - 8).tolist())
    field = CompositeTransform.of(DisplacementTransform(smooth_field(grid, 1.0), grid), turn).displacement(
        grid
    )
    result = invert_displacement(field, grid, moving)
    assert result.residual_mm["max"] < 5e-3
    fixed = torch.from_numpy(moving.all_points().reshape(-1, 3)) + result.displacement_mm.reshape(3, -1).T
    index = grid.index(fixed)
    inside = torch.from_numpy(((index > 0) & (index < np.asarray(grid.size) - 1)).all(axis=1))
    back = DisplacementTransform(field, grid).points(fixed)
    error = (back - torch.from_numpy(moving.all_points().reshape(-1, 3)))[inside].norm(dim=1)
    assert int(inside.sum()) > 100
    assert float(error.max()) < 5e-3


def test_the_residual_is_that_of_the_transform_with_its_own_inverse(a_grid: Grid) -> None:
    forward = DisplacementTransform(smooth_field(a_grid, min(a_grid.spacing)), a_grid)
    inverse = forward.inverse()
    assert inverse.inverse_residual_mm is not None
    centres = torch.from_numpy(a_grid.all_points().reshape(-1, a_grid.ndim))
    fixed = inverse.points(centres)
    index = a_grid.index(fixed)
    between = (index >= 0) & (index <= np.asarray(a_grid.size) - 1) | (np.asarray(a_grid.size) == 1)
    inside = torch.from_numpy(between.all(axis=1) & a_grid.contains(fixed))
    error = (forward.points(fixed) - centres)[inside].norm(dim=1)
    assert float(error.mean()) == pytest.approx(inverse.inverse_residual_mm["mean"], abs=1e-3)
    assert inverse.inverse_residual_mm["mean"] < 0.01 * min(a_grid.spacing)
    assert set(inverse.inverse_residual_mm) == {"mean", "p95", "max"}


def test_the_inverse_of_the_inverse_is_the_transform(a_grid: Grid) -> None:
    spline = random_bspline(a_grid, 0.7 * min(a_grid.spacing))
    forward = DisplacementTransform(spline.displacement(a_grid), a_grid)
    again = forward.inverse().inverse().displacement_mm
    inner = tuple(slice(3, -3) if n > 1 else slice(None) for n in a_grid.shape)
    difference = (again - forward.displacement_mm).norm(dim=0)[inner]
    if min(a_grid.size) == 1:  # through a single slice a shift out of it is lost
        difference = difference[difference < 3 * min(a_grid.spacing)]
    assert float(difference.mean()) < 0.1 * min(a_grid.spacing)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_compiled_solver_and_its_plain_twin_agree(ndim: int) -> None:
    grid = oblique_grid(ndim)
    tilt = AffineTransform.about(np.eye(ndim) * 1.2, grid.centre, np.ones(ndim))
    field = CompositeTransform.of(
        DisplacementTransform(smooth_field(grid, min(grid.spacing)), grid), tilt
    ).displacement(grid)
    fast = invert_displacement(field, grid, iterations=50, tolerance_mm=1e-4)
    plain, residual = _by_fixed_point(field, grid, grid, fitted_affine(field, grid), 200, 1e-4)
    difference = (fast.displacement_mm - plain).norm(dim=0)
    assert float(difference.max()) < 2e-3
    assert summary(residual[residual >= 0])["max"] < 1e-3


def test_a_fold_is_not_hidden_by_the_residual() -> None:
    grid = Grid.make((41, 21), 1.0)
    x = torch.arange(41.0)
    u = torch.zeros((2, *grid.shape))
    u[0] = -12.0 * torch.exp(-(((x - 20) / 4) ** 2)) * (x - 20) / 4  # slope -3 in the middle
    assert float(DisplacementTransform(u, grid).jacobian_determinant(grid).min()) < 0
    result = invert_displacement(u, grid)
    assert np.isfinite(list(result.residual_mm.values())).all()
    assert torch.isfinite(result.displacement_mm).all()


def test_a_compressing_field_of_slope_close_to_minus_one_is_still_inverted() -> None:
    grid = Grid.make((81, 5), 1.0, (-40.0, 0.0))
    x = torch.arange(81.0) - 40
    u = torch.zeros((2, *grid.shape))
    u[0] = -0.9 * 6 * torch.tanh(x / 6)
    assert invert_displacement(u, grid).residual_mm["max"] < 1e-2


def test_no_common_space_is_refused_with_the_mend() -> None:
    grid = oblique_grid(3)
    far = torch.full((3, *grid.shape), 500.0)
    with pytest.raises(GeometryError, match="moving image's grid"):
        invert_displacement(far, grid)


def test_the_callers_field_is_left_as_it_was(a_grid: Grid) -> None:
    u = smooth_field(a_grid, 1.0)
    before = u.clone()
    invert_displacement(u, a_grid)
    assert torch.equal(u, before)


@given(seed=st.integers(0, 10_000), ndim=st.sampled_from([2, 3]), strength=st.floats(0.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_smooth_fields_on_random_grids_are_inverted_to_a_hundredth_of_a_voxel(
    seed: int, ndim: int, strength: float
) -> None:
    grid = oblique_grid(ndim, seed)
    field = smooth_field(grid, 0.7 * strength * min(grid.spacing), seed)
    assume(float(DisplacementTransform(field, grid).jacobian_determinant(grid).min()) > 0.2)
    assert invert_displacement(field, grid).residual_mm["p95"] < 0.01 * min(grid.spacing)


def test_a_voxel_squeezed_to_a_fiftieth_is_inverted_as_exactly_as_any_other() -> None:
    grid = Grid.make((40, 36, 32), (1.0, 1.2, 1.5))
    x, y, z = np.moveaxis(2 * np.pi / 10 * grid.all_points(), -1, 0)
    waves = np.sin(np.stack([x + 0.5 * np.sin(y), y + 0.5 * np.sin(z), z]))
    field = torch.from_numpy((-0.8 * 10 / (2 * np.pi) * waves).astype(np.float32))
    assert 0 < float(DisplacementTransform(field, grid).jacobian_determinant(grid).min()) < 0.03
    assert invert_displacement(field, grid).residual_mm["max"] < 1.01e-3
