"""The order of a composite, its flattening and its Jacobian."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform, RigidTransform
from Testing.transforms.samples import oblique_grid, points_in, random_bspline, smooth_field


def test_the_first_member_meets_the_fixed_point_first() -> None:
    double, shift = AffineTransform(2 * np.eye(3), np.zeros(3)), AffineTransform(np.eye(3), np.ones(3))
    point = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
    np.testing.assert_allclose(CompositeTransform.of(double, shift).points(point), [[3, 5, 7]])
    np.testing.assert_allclose(CompositeTransform.of(shift, double).points(point), [[4, 6, 8]])
    np.testing.assert_allclose(double.compose(shift).points(point), [[4, 6, 8]])


def test_nested_composites_become_one_list_and_neighbouring_affines_one_map() -> None:
    grid = oblique_grid(3)
    warp = DisplacementTransform(smooth_field(grid, 1.0), grid)
    turn = RigidTransform.from_parameters([0.1, 0.2, 0.3, 1, 2, 3], 3)
    nested = CompositeTransform.of(CompositeTransform.of(warp, turn), CompositeTransform.of(turn, warp, turn))
    assert isinstance(nested, CompositeTransform)
    assert [type(m) for m in nested.members] == [
        DisplacementTransform,
        RigidTransform,
        DisplacementTransform,
        RigidTransform,
    ]
    points = points_in(grid)
    expected = points
    for member in (warp, turn, turn, warp, turn):
        expected = member.points(expected)
    np.testing.assert_allclose(nested.points(points), expected, atol=1e-9)


def test_one_map_alone_is_no_composite() -> None:
    turn = RigidTransform.from_parameters([0.1, 0.2, 0.3, 1, 2, 3], 3)
    assert CompositeTransform.of(turn) is turn
    assert type(CompositeTransform.of(turn, turn)) is RigidTransform


def test_the_chain_rule_gives_the_product_of_determinants() -> None:
    grid = oblique_grid(3)
    spline = random_bspline(grid, 0.5 * min(grid.spacing))
    stretch = AffineTransform.about(np.diag([1.1, 0.9, 1.2]), grid.centre, np.zeros(3))
    both = CompositeTransform.of(spline, stretch)
    torch.testing.assert_close(
        both.jacobian_determinant(grid),
        1.1 * 0.9 * 1.2 * spline.jacobian_determinant(grid),
        atol=1e-4,
        rtol=0,
    )


def test_a_map_after_its_inverse_is_the_identity_and_reports_its_residual(a_grid: Grid) -> None:
    d = a_grid.ndim
    turn = RigidTransform.from_parameters([0.4] * (1 if d == 2 else 3) + [30.0] * d, d)
    forward = CompositeTransform.of(DisplacementTransform(smooth_field(a_grid, 0.7), a_grid), turn)
    inverse = forward.inverse()
    assert isinstance(inverse, CompositeTransform)
    assert inverse.inverse_residual_mm is not None
    assert inverse.inverse_residual_mm["mean"] < 0.01
    inner = points_in(a_grid, margin_voxels=3.0)
    moved = inverse.points(forward.points(inner))
    kept = torch.from_numpy(a_grid.contains(turn.inverse().points(forward.points(inner))))
    assert float((moved - inner)[kept].norm(dim=1).mean()) < 0.05 * min(a_grid.spacing)


def test_members_of_different_dimensions_or_none_are_refused() -> None:
    with pytest.raises(GeometryError, match="one dimension"):
        CompositeTransform.of(AffineTransform.identity(2), AffineTransform.identity(3))
    with pytest.raises(GeometryError, match="none"):
        CompositeTransform.of()
