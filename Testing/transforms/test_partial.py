"""Transforms that are unknown in places."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform, PartialTransform
from RegSuite.transforms.partial import Known
from Testing.transforms.samples import oblique_grid, points_in, smooth_field

SHIFT = AffineTransform(np.eye(3), np.array([3.0, -2.0, 1.0]))


def a_partial_field(holes: int = 5) -> tuple[PartialTransform, DisplacementTransform, np.ndarray]:
    """A smooth field on an oblique grid with some voxels unknown."""
    grid = oblique_grid(3)
    inner = DisplacementTransform(smooth_field(grid, 1.0), grid)
    defined = np.ones(grid.shape, dtype=bool)
    defined.ravel()[np.random.default_rng(0).permutation(grid.voxels)[:holes]] = False
    return PartialTransform(inner, (Known(grid, defined),)), inner, defined


def test_on_its_own_grid_a_displacement_is_nan_at_the_unknown_voxels_alone() -> None:
    partial, inner, defined = a_partial_field()
    u = partial.displacement(inner.grid)
    assert (torch.isnan(u).all(dim=0).numpy() == ~defined).all()
    assert torch.equal(u[:, torch.from_numpy(defined)], inner.field[:, torch.from_numpy(defined)])
    assert not torch.isnan(inner.field).any()


def test_between_voxels_every_corner_must_be_known() -> None:
    partial, inner, defined = a_partial_field(holes=1)
    z, y, x = np.argwhere(~defined)[0]
    index = np.array([[x, y, z], [x + 0.1, y, z], [x - 0.9, y, z], [x - 1, y, z], [x, y + 1, z]], dtype=float)
    index = np.clip(index, 0, np.array(inner.grid.size) - 1)
    points = torch.from_numpy(inner.grid.points(index))
    expected = [not (abs(i - (x, y, z)) < 1 - 1e-9).all() for i in index]
    assert (~torch.isnan(partial.points(points)).any(dim=1)).tolist() == expected


def test_outside_of_the_grid_nothing_is_known() -> None:
    partial, inner, _ = a_partial_field(holes=0)
    far = torch.from_numpy(inner.grid.points([[-3.0, 0.0, 0.0]]))
    assert torch.isnan(partial.points(far)).all()
    assert not torch.isnan(inner.points(far)).any()


def test_another_grid_is_judged_voxel_by_voxel_as_points_are() -> None:
    partial, inner, _ = a_partial_field(holes=30)
    other = Grid.make((5, 4, 3), (3.0, 2.0, 4.0), inner.grid.points([1.2, 1.3, 0.4]).tolist())
    at = torch.from_numpy(other.all_points().reshape(-1, 3))
    found = partial.displacement(other).reshape(3, -1).T.double()
    expected = partial.points(at) - at
    assert torch.equal(torch.isnan(found), torch.isnan(expected))
    assert 0 < int(torch.isnan(expected[:, 0]).sum()) < len(at)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("first", [True, False])
def test_a_composite_is_unknown_where_a_points_path_meets_the_unknown(first: bool) -> None:
    partial, inner, _ = a_partial_field(holes=40)
    members = (partial, SHIFT, inner) if first else (SHIFT, partial, inner)
    both = CompositeTransform.of(*members)
    points = points_in(inner.grid)
    expected = points
    for member in members:
        expected = member.points(expected)
    found = both.points(points)
    assert torch.equal(torch.isnan(found), torch.isnan(expected))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-9)
    u = both.displacement(inner.grid).reshape(3, -1).T
    at = torch.from_numpy(inner.grid.all_points().reshape(-1, 3))
    assert torch.equal(torch.isnan(u), torch.isnan(both.points(at)))


def test_the_inverse_is_unknown_where_it_leads_to_the_unknown() -> None:
    partial, inner, _ = a_partial_field(holes=40)
    back, points = partial.inverse(), points_in(inner.grid)
    reached = inner.inverse().points(points)
    assert torch.equal(torch.isnan(back.points(points)), torch.isnan(partial.points(reached)))


def test_jacobians_beside_the_unknown_are_unknown_and_others_as_they_were() -> None:
    partial, inner, defined = a_partial_field(holes=1)
    found, whole = partial.jacobian_determinant(inner.grid), inner.jacobian_determinant(inner.grid)
    unknown = torch.isnan(found).numpy()
    z, y, x = np.argwhere(~defined)[0]
    assert unknown[z, y, max(x - 1, 0)] or unknown[z, y, min(x + 1, defined.shape[2] - 1)]
    assert unknown.sum() <= 7
    np.testing.assert_allclose(found.numpy()[~unknown], whole.numpy()[~unknown], atol=1e-6)


def test_a_mask_of_another_shape_is_refused() -> None:
    grid = oblique_grid(3)
    with pytest.raises(GeometryError, match="mask of what is defined has shape"):
        Known(grid, np.ones((2, 2, 2), dtype=bool))


def test_files_that_cannot_say_unknown_are_not_written(tmp_path) -> None:
    partial, _, _ = a_partial_field()
    for name in ("t.nii.gz", "t.h5"):
        with pytest.raises(InputError, match="unknown in places"):
            partial.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
