"""Flows of velocity fields against flows known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import expm

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.transforms import (
    AffineTransform,
    LogPolyaffineTransform,
    RigidTransform,
    TimeVaryingVelocityTransform,
    VelocityTransform,
)
from RegSuite.transforms.exponential import exponential, squarings_needed
from RegSuite.transforms.linear_field import linear_field
from RegSuite.transforms.log_polyaffine import gaussian_weights, principal_log
from Testing.transforms.samples import oblique_grid, points_in, smooth_field


def linear_velocity(grid: Grid, seed: int = 0) -> np.ndarray:
    """Generator [d+1, d+1] of a small turn and stretch about the middle of `grid`."""
    d = grid.ndim
    rng = np.random.default_rng(seed)
    out = np.zeros((d + 1, d + 1))
    out[:d, :d] = rng.uniform(-0.12, 0.12, (d, d))
    out[:d, d] = rng.uniform(-0.5, 0.5, d) - out[:d, :d] @ grid.centre
    return out


def test_a_constant_velocity_is_a_translation(a_grid: Grid) -> None:
    shift = torch.arange(1.0, 1 + a_grid.ndim).reshape(-1, *(1,) * a_grid.ndim)
    u = VelocityTransform(shift.expand(-1, *a_grid.shape), a_grid).field
    torch.testing.assert_close(u, shift.expand_as(u), atol=1e-4, rtol=0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_linear_velocity_flows_to_the_matrix_exponential(ndim: int) -> None:
    grid = oblique_grid(ndim)
    generator = linear_velocity(grid)
    truth = AffineTransform.from_homogeneous(expm(generator))
    v = linear_field(generator, grid)
    stationary = VelocityTransform(v, grid)
    turning = TimeVaryingVelocityTransform(torch.stack([v, v, v]), grid)
    inner = points_in(grid, margin_voxels=4.0)
    tenth = 0.01 * min(grid.spacing)
    assert float((stationary.points(inner) - truth.points(inner)).norm(dim=1).max()) < tenth
    assert float((turning.points(inner) - truth.points(inner)).norm(dim=1).max()) < tenth


def test_a_rotation_field_turns_by_its_angle_and_keeps_volumes() -> None:
    grid = Grid.make((41, 41), (1.0, 1.0), (-20.0, -20.0))
    angle = 0.6
    v = linear_field(np.array([[0, -angle, 0], [angle, 0, 0], [0, 0, 0]]), grid)
    flow = VelocityTransform(v, grid)
    inner = points_in(grid, margin_voxels=13.0)
    truth = RigidTransform.from_parameters([angle, 0, 0], 2).points(inner)
    assert float((flow.points(inner) - truth).norm(dim=1).max()) < 0.01
    determinant = flow.jacobian_determinant(grid)[13:-13, 13:-13]
    torch.testing.assert_close(determinant, torch.ones_like(determinant), atol=0.01, rtol=0)


def test_a_velocity_growing_with_time_is_integrated_over_time() -> None:
    grid = oblique_grid(3)
    ones = torch.ones((3, *grid.shape))
    # v(t) = 2 t, linear between the samples: the path is 1 mm
    u = TimeVaryingVelocityTransform(torch.stack([0 * ones, 2 * ones]), grid).field
    torch.testing.assert_close(u, ones, atol=1e-4, rtol=0)


def test_order_in_time_counts_for_a_flow_that_turns_and_then_shifts() -> None:
    grid = Grid.make((31, 31), 1.0, (-15.0, -15.0))
    turn = linear_field(np.array([[0, -0.8, 0], [0.8, 0, 0], [0, 0, 0]]), grid)
    shift = torch.zeros_like(turn)
    shift[0] = 4.0
    nothing = torch.zeros_like(turn)
    # two velocities, each switched on and off within its half of the time: integrals 1/2 each
    first_turn = TimeVaryingVelocityTransform(torch.stack([nothing, turn, nothing, shift, nothing]), grid)
    inner = points_in(grid, margin_voxels=11.0)
    turned = RigidTransform.from_parameters([0.2, 0, 0], 2).points(inner)
    expected = turned + torch.tensor([1.0, 0.0], dtype=torch.float64)
    assert float((first_turn.points(inner) - expected).norm(dim=1).max()) < 0.01
    back = first_turn.inverse().points(expected)
    assert float((back - inner).norm(dim=1).max()) < 0.01


def test_a_flow_and_its_inverse_undo_each_other(a_grid: Grid) -> None:
    step = min(a_grid.spacing)
    flow = VelocityTransform(smooth_field(a_grid, 1.5 * step), a_grid)
    again = flow.inverse().inverse()
    assert torch.equal(again.field, flow.field)
    inner = points_in(a_grid, count=1000, margin_voxels=4.0)
    moved = flow.points(inner)
    kept = torch.from_numpy(a_grid.contains(moved))
    error = (flow.inverse().points(moved) - inner)[kept].norm(dim=1)
    assert float(error.mean()) < 0.05 * step


def test_more_squarings_do_not_change_the_flow_beyond_interpolation() -> None:
    grid = oblique_grid(3)
    v = smooth_field(grid, 2 * min(grid.spacing))
    n = squarings_needed(v, grid)
    assert n >= 1
    assert float((exponential(v, grid) - exponential(v, grid, n + 3)).abs().mean()) < 0.03 * min(grid.spacing)


def test_the_callers_velocity_is_left_as_it_was(a_grid: Grid) -> None:
    v = smooth_field(a_grid, 2.0)
    before = v.clone()
    VelocityTransform(v, a_grid).inverse().field.sum()
    TimeVaryingVelocityTransform(v[None], a_grid).field.sum()
    assert torch.equal(v, before)


@pytest.mark.parametrize("ndim", [2, 3])
def test_one_region_moves_as_its_affine_map(ndim: int) -> None:
    grid = oblique_grid(ndim)
    motion = AffineTransform.from_homogeneous(expm(linear_velocity(grid)))
    blended = LogPolyaffineTransform.of([motion], torch.ones((1, *grid.shape)), grid)
    inner = points_in(grid, margin_voxels=4.0)
    for ours, truth in ((blended, motion), (blended.inverse(), motion.inverse())):
        assert float((ours.points(inner) - truth.points(inner)).norm(dim=1).max()) < 0.01 * min(grid.spacing)


def test_two_far_regions_each_move_as_their_own_map_and_nothing_folds_between() -> None:
    grid = Grid.make((81, 41), 1.0, (-40.0, -20.0))
    left = RigidTransform.from_parameters([0.3, 0, 2], 2, [-25, 0])
    right = RigidTransform.from_parameters([-0.3, 0, -2], 2, [25, 0])
    weights = gaussian_weights([[-25, 0], [25, 0]], 8.0, grid)
    blended = LogPolyaffineTransform.of([left, right], weights, grid)
    for motion, centre in ((left, [-25.0, 0.0]), (right, [25.0, 0.0])):
        near = torch.tensor([centre], dtype=torch.float64) + torch.tensor([[0.0, 0.0], [3, 2], [-3, 1]])
        assert float((blended.points(near) - motion.points(near)).norm(dim=1).max()) < 0.05
    assert float(blended.jacobian_determinant(grid).min()) > 0


def test_weights_count_by_their_share_only() -> None:
    grid = oblique_grid(2)
    motions = [AffineTransform.from_homogeneous(expm(linear_velocity(grid, s))) for s in (0, 1)]
    weights = gaussian_weights(grid.points([[3, 3], [10, 10]]), 6.0, grid)
    one = LogPolyaffineTransform.of(motions, weights, grid)
    five = LogPolyaffineTransform.of(motions, 5 * weights, grid)
    torch.testing.assert_close(one.field, five.field)


def test_a_half_turn_has_no_logarithm_and_says_so() -> None:
    with pytest.raises(InputError, match="no real logarithm"):
        principal_log(RigidTransform.from_parameters([np.pi, 0, 0], 2).homogeneous)


def test_fields_that_do_not_fit_are_refused(a_grid: Grid) -> None:
    d = a_grid.ndim
    with pytest.raises(GeometryError, match="does not fit"):
        VelocityTransform(torch.zeros((d, *a_grid.shape[:-1], 99)), a_grid)
    with pytest.raises(GeometryError, match="do not fit"):
        TimeVaryingVelocityTransform(torch.zeros((d, *a_grid.shape)), a_grid)
    broken = torch.zeros((d, *a_grid.shape))
    broken.view(-1)[3] = torch.inf
    with pytest.raises(GeometryError, match="1 of"):
        VelocityTransform(broken, a_grid)
    with pytest.raises(GeometryError, match="negative"):
        LogPolyaffineTransform.of([AffineTransform.identity(d)], -torch.ones((1, *a_grid.shape)), a_grid)
