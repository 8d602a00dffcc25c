"""What every transform promises: points, displacement, inverse and Jacobian tell the same map."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.transforms import (
    AffineTransform,
    CompositeTransform,
    RigidTransform,
    Transform,
    to_displacement,
)
from Testing.transforms.samples import oblique_grid, points_in


def test_the_dense_displacement_is_the_displacement_of_the_voxel_centres(
    a_transform: Transform, a_grid: Grid
) -> None:
    centres = torch.from_numpy(a_grid.all_points().reshape(-1, a_grid.ndim))
    moved = a_transform.points(centres) - centres
    dense = a_transform.displacement(a_grid)
    assert dense.dtype == torch.float32
    assert tuple(dense.shape) == (a_grid.ndim, *a_grid.shape)
    np.testing.assert_allclose(dense.reshape(a_grid.ndim, -1).T, moved, atol=1e-3)


def test_the_dense_displacement_on_another_oblique_grid_is_that_of_its_voxel_centres(
    a_transform: Transform, a_grid: Grid
) -> None:
    turned = oblique_grid(a_grid.ndim, seed=5)
    other = Grid.make(turned.size, 0.5, (a_grid.centre - 2).tolist(), turned.direction)
    centres = torch.from_numpy(other.all_points().reshape(-1, other.ndim))
    # a voxel whose path ends within rounding of an outer face may fall on either side of it
    moved = (a_transform.points(centres) - centres).T.reshape(other.ndim, *other.shape)
    wrong = (a_transform.displacement(other) - moved).norm(dim=0) > 1e-3
    assert int(wrong.sum()) <= 0.002 * other.voxels


def test_displacement_after_another_one_is_that_of_the_moved_points(
    a_transform: Transform, a_grid: Grid
) -> None:
    shift = RigidTransform.from_parameters(
        [0.05] * (1 if a_grid.ndim == 2 else 3) + [0.3] * a_grid.ndim, a_grid.ndim, a_grid.centre
    )
    before = shift.displacement(a_grid)
    untouched = before.clone()
    after = a_transform.displacement_after(before, a_grid)
    centres = torch.from_numpy(a_grid.all_points().reshape(-1, a_grid.ndim))
    moved = (a_transform.points(shift.points(centres)) - centres).T.reshape(a_grid.ndim, *a_grid.shape)
    assert torch.equal(before, untouched)
    assert int(((after - moved).norm(dim=0) > 1e-3).sum()) <= 0.002 * a_grid.voxels


def test_the_inverse_brings_inner_points_back(a_transform: Transform, a_grid: Grid) -> None:
    inner = points_in(a_grid, count=2000, margin_voxels=4.0)
    moved = a_transform.points(inner)
    dense = not isinstance(a_transform, AffineTransform)
    # what leaves the grid (a single slice is left soon) comes back by the identity
    kept = torch.from_numpy(a_grid.contains(moved)) if dense else torch.ones(len(moved), dtype=torch.bool)
    assert int(kept.sum()) > 100
    error = (a_transform.inverse().points(moved) - inner)[kept].norm(dim=1)
    # both maps are linear between voxels: the field turns within four voxels
    assert float(error.mean()) < 0.05 * min(a_grid.spacing)


def test_the_jacobian_determinant_is_that_of_finite_differences_of_the_points(
    a_transform: Transform, a_grid: Grid
) -> None:
    numeric = jacobian_determinant(a_transform.displacement(a_grid), a_grid)
    own = a_transform.jacobian_determinant(a_grid)
    assert own.dtype == torch.float32
    assert tuple(own.shape) == a_grid.shape
    if min(a_grid.size) == 1:  # differences know nothing of the third axis of a single slice
        assert torch.isfinite(own).all()
        return
    inner = (slice(2, -2),) * a_grid.ndim
    difference = (own - numeric)[inner].abs()
    assert float(difference.mean()) < 0.02
    assert float(own.mean()) > 0.2


def test_a_sampled_transform_is_the_transform_at_the_voxels(a_transform: Transform, a_grid: Grid) -> None:
    sampled = to_displacement(a_transform, a_grid)
    assert torch.equal(sampled.displacement(a_grid), a_transform.displacement(a_grid))


def test_composing_twice_is_the_same_as_going_one_after_the_other(
    a_transform: Transform, a_grid: Grid
) -> None:
    shift = RigidTransform.from_parameters(
        [0.1] * (1 if a_grid.ndim == 2 else 3) + [1.0] * a_grid.ndim, a_grid.ndim
    )
    points = points_in(a_grid)
    both = a_transform.compose(shift)
    np.testing.assert_allclose(both.points(points), a_transform.points(shift.points(points)), atol=1e-9)
    other = CompositeTransform.of(a_transform, shift)
    np.testing.assert_allclose(other.points(points), shift.points(a_transform.points(points)), atol=1e-9)


def test_no_points_give_no_points(a_transform: Transform) -> None:
    assert a_transform.points(torch.zeros((0, a_transform.ndim), dtype=torch.float64)).shape == (
        0,
        a_transform.ndim,
    )
