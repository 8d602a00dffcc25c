"""A displacement field between, at the border of and beyond its voxels, as ITK has it."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from RegSuite.geometry import Grid
from RegSuite.io.itk_transforms import transform_to_sitk
from RegSuite.transforms import DisplacementTransform
from RegSuite.transforms.linear_field import linear_field
from Testing.transforms.samples import oblique_grid, points_in


@given(seed=st.integers(0, 10_000), ndim=st.sampled_from([2, 3]), thin=st.booleans())
@settings(max_examples=40, deadline=None)
def test_points_inside_at_the_border_and_outside_move_as_in_itk(seed: int, ndim: int, thin: bool) -> None:
    grid = oblique_grid(ndim, seed, thin)
    generator = torch.Generator().manual_seed(seed)
    transform = DisplacementTransform(torch.randn((ndim, *grid.shape), generator=generator) * 5, grid)
    theirs = transform_to_sitk(transform)
    around = Grid.make(
        [n + 2 for n in grid.size], grid.spacing, grid.points(-np.ones(ndim)).tolist(), grid.direction
    )
    points = points_in(around, 100, seed)
    moved = np.array([theirs.TransformPoint(p) for p in points.tolist()])
    np.testing.assert_allclose(transform.points(points), moved, atol=1e-6)


def test_a_point_outside_stays() -> None:
    grid = oblique_grid(3)
    transform = DisplacementTransform(torch.ones((3, *grid.shape)), grid)
    outside = torch.from_numpy(grid.points([[-0.51, 3, 3], [3, grid.size[1] - 0.49, 3]]))
    assert torch.equal(transform.points(outside), outside)


def test_a_linear_field_is_exact_between_voxels_with_a_constant_jacobian() -> None:
    grid = oblique_grid(3)
    generator = np.zeros((4, 4))
    generator[:3, :3] = np.random.default_rng(1).uniform(-0.2, 0.2, (3, 3))
    transform = DisplacementTransform(linear_field(generator, grid), grid)
    inner = points_in(grid, margin_voxels=0.5)
    expected = inner + inner @ torch.tensor(generator[:3, :3]).T
    np.testing.assert_allclose(transform.points(inner), expected, atol=1e-3)
    truth = float(np.linalg.det(np.eye(3) + generator[:3, :3]))
    torch.testing.assert_close(
        transform.jacobian_determinant(grid), torch.full(grid.shape, truth), atol=1e-3, rtol=0
    )


def test_a_field_with_strides_of_its_own_gives_the_same_map() -> None:
    grid = oblique_grid(3)
    last = torch.randn((*grid.shape, 3), generator=torch.Generator().manual_seed(0))
    strided = DisplacementTransform(last.movedim(-1, 0), grid)
    packed = DisplacementTransform(last.movedim(-1, 0).contiguous(), grid)
    points = points_in(grid)
    assert torch.equal(strided.points(points), packed.points(points))
    assert torch.equal(strided.inverse().displacement_mm, packed.inverse().displacement_mm)


def test_the_dense_displacement_is_a_copy() -> None:
    grid = oblique_grid(2)
    transform = DisplacementTransform(torch.zeros((2, *grid.shape)), grid)
    transform.displacement(grid).fill_(7.0)
    assert float(transform.displacement_mm.abs().max()) == 0.0
