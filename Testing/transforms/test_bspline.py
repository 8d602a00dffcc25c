"""The B-spline deformation against closed forms and against ITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.io.itk_transforms import transform_to_sitk
from RegSuite.transforms import BSplineTransform
from RegSuite.transforms.bspline_basis import cubic_weights
from RegSuite.transforms.linear_field import linear_field
from Testing.transforms.samples import oblique_grid, points_in, random_bspline


def test_coefficients_of_a_linear_function_give_that_function(a_grid: Grid) -> None:
    d = a_grid.ndim
    spline = BSplineTransform.for_grid(a_grid, 5.0)
    generator = np.zeros((d + 1, d + 1))
    generator[:d] = np.random.default_rng(0).uniform(-0.1, 0.1, (d, d + 1))
    linear = spline.with_coefficients(linear_field(generator, spline.control))
    torch.testing.assert_close(
        linear.displacement(a_grid), linear_field(generator, a_grid), atol=1e-3, rtol=0
    )
    truth = float(np.linalg.det(np.eye(d) + generator[:d, :d]))
    torch.testing.assert_close(
        linear.jacobian_determinant(a_grid), torch.full(a_grid.shape, truth), atol=1e-4, rtol=0
    )


def test_itk_has_the_same_jacobian_matrix() -> None:
    grid = oblique_grid(3)
    spline = random_bspline(grid, min(grid.spacing))
    index = np.array([5, 6, 7])
    theirs = transform_to_sitk(spline)
    h, point = 1e-4, grid.points(index)
    columns = [
        (np.array(theirs.TransformPoint(point + h * e)) - np.array(theirs.TransformPoint(point - h * e)))
        / (2 * h)
        for e in np.eye(3)
    ]
    ours = float(spline.jacobian_determinant(grid)[tuple(index[::-1])])
    assert ours == pytest.approx(np.linalg.det(np.stack(columns, axis=1)), abs=1e-4)


def test_the_jacobian_on_an_aligned_grid_is_that_on_any_grid(a_grid: Grid) -> None:
    spline = random_bspline(a_grid, min(a_grid.spacing))
    slow = spline.jacobian_after(torch.zeros((a_grid.ndim, *a_grid.shape)), a_grid)
    torch.testing.assert_close(spline.jacobian_determinant(a_grid), slow, atol=1e-4, rtol=0)


def test_points_agree_with_itk_up_to_the_valid_region_and_beyond(a_grid: Grid) -> None:
    spline = random_bspline(a_grid, min(a_grid.spacing))
    theirs = transform_to_sitk(spline)
    wide = Grid.make(
        [n + 4 for n in a_grid.size],
        a_grid.spacing,
        a_grid.points(np.full(a_grid.ndim, -2.0)).tolist(),
        a_grid.direction,
    )
    points = points_in(wide, count=1000)
    moved = np.array([theirs.TransformPoint(p) for p in points.tolist()])
    np.testing.assert_allclose(spline.points(points), moved, atol=1e-5)
    assert 0 < int((spline.points(points) == points).all(dim=1).sum()) < 1000


def test_the_weights_sum_to_one_and_their_derivatives_to_nothing() -> None:
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    for derivative, total in ((0, 1.0), (1, 0.0), (2, 0.0)):
        torch.testing.assert_close(cubic_weights(t, derivative).sum(dim=1), torch.full((11,), total).double())  # type: ignore[arg-type]


def test_the_domain_covers_the_outer_voxel_faces(a_grid: Grid) -> None:
    spline = BSplineTransform.for_grid(a_grid, 7.0)
    index = spline.control.index(a_grid.corners())
    np.testing.assert_allclose(index.min(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(index.max(axis=0), np.asarray(spline.control.size) - 2, atol=1e-9)
    assert max(spline.control.spacing) <= 7.0 + 1e-9


def test_the_own_lattice_of_a_spline_read_from_a_file_lies_within_its_domain() -> None:
    spline = random_bspline(oblique_grid(3), 1.0)
    lone = BSplineTransform(spline.coefficients_mm, spline.control)
    index = spline.control.index(lone.sampling_grid.corners())
    np.testing.assert_allclose(index.min(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(index.max(axis=0), np.asarray(spline.control.size) - 2, atol=1e-9)


def test_too_few_control_points_or_a_bad_spacing_are_refused() -> None:
    with pytest.raises(GeometryError, match="4 control points"):
        BSplineTransform(torch.zeros((2, 3, 3)), Grid.make((3, 3)))
    with pytest.raises(GeometryError, match="spacing"):
        BSplineTransform.for_grid(oblique_grid(2), 0.0)


def test_itk_reads_our_control_lattice_as_its_own() -> None:
    spline = random_bspline(oblique_grid(3), 1.0)
    theirs = sitk.BSplineTransform(transform_to_sitk(spline))
    grid_image = theirs.GetCoefficientImages()[0]
    assert grid_image.GetSize() == spline.control.size
    np.testing.assert_allclose(grid_image.GetOrigin(), spline.control.origin, atol=1e-9)
    np.testing.assert_allclose(grid_image.GetSpacing(), spline.control.spacing, atol=1e-9)
