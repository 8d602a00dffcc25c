"""The Laplace approximation: what images tell of a displacement, on images whose answer is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.laplace import LaplaceModel, laplace_uncertainty
from RegSuite.dose.uncertainty.posterior import covariance_left, unevenness
from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image

MODEL = LaplaceModel(prior_sd_mm=4.0)
AS_IT_IS = Calibration("a test")
OBLIQUE = np.linalg.qr(np.array([[0.8, -0.5, 0.2], [0.4, 0.9, -0.3], [0.1, 0.3, 1.0]]))[0]


def sd_of(fixed: Image, moving: Image, displacement: Image | None = None, **options) -> torch.Tensor:
    if displacement is None:
        displacement = Image(torch.zeros(3, *fixed.grid.shape), fixed.grid)
    options = {"model": MODEL, "calibration": AS_IT_IS, **options}
    return laplace_uncertainty(fixed, moving, displacement, **options).sigma_mm.data


def a_grid(direction=None, spacing=(3.0, 3.0, 3.0), size=(40, 36, 32)) -> Grid:
    return Grid.make(size, spacing, origin=(11.0, -7.0, 30.0), direction=direction)


def painted(grid: Grid, height, noise: float, seed: int) -> Image:
    """height(points from the middle along the grid's own axes [..., 3]) with white noise of SD `noise`."""
    own = (grid.all_points() - grid.centre) @ np.asarray(grid.direction)
    values = height(own) + np.random.default_rng(seed).normal(0, noise, grid.shape)
    return Image(torch.from_numpy(values).float()[None], grid)


def pair(grid: Grid, height, noise: float = 10.0) -> tuple[Image, Image]:
    return painted(grid, height, noise, 1), painted(grid, height, noise, 2)


def step_across_x(points: np.ndarray) -> np.ndarray:
    return 400 / (1 + np.exp(-points[..., 0] / 3))


def plain(points: np.ndarray) -> np.ndarray:
    return np.zeros(points.shape[:-1])


def middle(sd: torch.Tensor) -> np.ndarray:
    z, y, x = (n // 2 for n in sd.shape[1:])
    return sd[:, z - 2 : z + 2, y - 2 : y + 2, x - 1 : x + 2].mean(dim=(1, 2, 3)).numpy()


def test_where_images_show_nothing_the_sd_is_the_priors():
    grid = a_grid()
    flat = Image(torch.full((1, *grid.shape), 40.0), grid)
    assert torch.allclose(sd_of(flat, flat), torch.tensor(4.0), rtol=1e-5)


def test_noise_alone_tells_little():
    sd = sd_of(*pair(a_grid(), plain))
    assert float(sd.median()) > 0.8 * 4.0


def test_an_edge_is_sure_across_and_unsure_along():
    across, along, up = middle(sd_of(*pair(a_grid(), step_across_x)))
    assert across < 1.3
    assert along > 3.2
    assert up > 3.2


def test_far_from_the_edge_nothing_is_known():
    sd = sd_of(*pair(a_grid(size=(60, 24, 24)), step_across_x))
    assert float(sd[0, 10:14, 10:14, :4].mean()) > 3.2


def test_an_oblique_grid_turns_the_sd_with_it():
    straight = pair(a_grid(), step_across_x, noise=0.0)
    turned = pair(a_grid(OBLIQUE), step_across_x, noise=0.0)
    a, b = (
        sd_of(f, Image(m.data + 0.1 * f.data.square().sqrt().sin(), m.grid)) for f, m in (straight, turned)
    )
    variance = torch.from_numpy(np.asarray(OBLIQUE)).float() ** 2
    expected = torch.einsum(
        "pa,a...->p...", variance, a.square()
    ).sqrt()  # the edge lies along the grid's axes
    assert torch.allclose(b, expected, rtol=1e-3)


def test_other_brightness_and_contrast_change_nothing():
    fixed, moving = pair(a_grid(), step_across_x)
    other = Image(0.2 * moving.data - 70, moving.grid)
    scaled = Image(1000 * fixed.data + 5, fixed.grid)
    assert torch.allclose(sd_of(fixed, moving), sd_of(scaled, other), rtol=2e-3)


def test_more_noise_makes_it_less_sure():
    found = [middle(sd_of(*pair(a_grid(), step_across_x, noise)))[0] for noise in (5, 20, 80)]
    assert found[0] < 0.85 * found[1] < 0.85**2 * found[2]


def test_images_that_disagree_tell_nothing():
    fixed, _ = pair(a_grid(), step_across_x)
    _, inverse = pair(a_grid(), lambda p: -step_across_x(p))
    assert middle(sd_of(fixed, inverse))[0] > 3.6


def test_finer_voxels_change_little():
    """The same structure with noise of the same power a volume."""
    coarse = middle(sd_of(*pair(a_grid(), step_across_x, noise=10.0)))
    fine_grid = a_grid(spacing=(1.5, 2.0, 3.0), size=(80, 54, 32))
    fine = middle(sd_of(*pair(fine_grid, step_across_x, noise=10.0)))
    assert fine == pytest.approx(coarse, rel=0.12)


def test_a_found_motion_is_followed():
    """The moving image lies 24 mm off: with that displacement it is as sure as without motion."""
    grid = a_grid(OBLIQUE)
    fixed, moving = pair(grid, step_across_x)
    shift = 24.0 * OBLIQUE[:, 0]
    moved = Image(moving.data, replace(grid, origin=tuple(np.asarray(grid.origin) + shift)))
    field = Image(torch.from_numpy(shift).float()[:, None, None, None].expand(3, *grid.shape), grid)
    across = OBLIQUE[:, 0] ** 2
    still = middle(sd_of(fixed, moving))
    assert middle(sd_of(fixed, moved, field)) == pytest.approx(still, rel=0.02)
    assert (across * middle(sd_of(fixed, moved)) ** 2).sum() > 1.2 * (across * still**2).sum()


def test_an_undefined_displacement_has_no_sd_and_spoils_no_other():
    fixed, moving = pair(a_grid(), step_across_x)
    field = torch.zeros(3, *fixed.grid.shape)
    field[:, :4] = math.nan
    sd = sd_of(fixed, moving, Image(field, fixed.grid))
    assert torch.isnan(sd[:, :4]).all()
    assert torch.isfinite(sd[:, 4:]).all()
    assert torch.isnan(field[:, :4]).all(), "the caller's field is as it was"


def test_beyond_the_moving_image_nothing_is_known():
    grid = a_grid()
    fixed, moving = pair(grid, step_across_x)
    away = Image(torch.tensor([0.0, 0.0, 500.0])[:, None, None, None].expand(3, *grid.shape), grid)
    assert torch.allclose(sd_of(fixed, moving, away), torch.tensor(4.0), rtol=1e-3)


def test_the_displacement_may_have_a_grid_of_its_own():
    fixed, moving = pair(a_grid(), step_across_x)
    own = Grid.make((20, 22, 18), (5.0, 5.0, 4.0), origin=fixed.grid.points((5, 2, 4)))
    sd = sd_of(fixed, moving, Image(torch.zeros(3, *own.shape), own))
    edge = fixed.grid.centre
    i, j, k = np.rint(own.index(edge)).astype(int)
    assert sd.shape == (3, 18, 22, 20)
    assert sd[0, k, j, i] < 1.6
    assert sd[1, k, j, i] > 3.0


def test_the_calibration_scales_and_sets_a_floor():
    fixed, moving = pair(a_grid(), step_across_x)
    raw = sd_of(fixed, moving)
    applied = Calibration("a test", scale=0.5, floor_mm=1.2, correlation_mm=17.0)
    zero = Image(torch.zeros(3, *fixed.grid.shape), fixed.grid)
    found = laplace_uncertainty(fixed, moving, zero, model=MODEL, calibration=applied)
    assert torch.allclose(found.sigma_mm.data, (0.25 * raw**2 + 1.44).sqrt())
    assert found.correlation_mm == 17.0
    assert found.source == "laplace"


def test_what_is_left_is_what_ridge_regression_leaves():
    """Displacements with covariance P, seen through H and pulled to zero by lambda: what is left of them."""
    rng = np.random.default_rng(6)
    h = OBLIQUE @ np.diag([0.0, 0.7, 5.0]) @ OBLIQUE.T
    p = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, 0.0], [0.5, 0.0, 1.0]])
    true = rng.multivariate_normal(np.zeros(3), p, size=400_000)
    found = true @ (h @ np.linalg.inv(h + 0.8 * np.eye(3))).T
    expected = (true - found).T @ (true - found) / len(true)
    left = covariance_left(*(torch.from_numpy(m)[..., None] for m in (h, p)), 0.8)[..., 0].numpy()
    assert left == pytest.approx(expected, abs=0.02)


def test_curvature_that_contradicts_counts_as_none():
    p = torch.eye(3)[..., None] * 4
    assert torch.allclose(covariance_left(-p, p, 1.0), p)


def test_a_smooth_displacement_is_even_and_a_ripple_has_its_mean_square():
    x = torch.arange(120) * 2.0
    known = torch.ones(12, 12, 120, dtype=torch.bool)
    smooth, ripple = torch.zeros(3, 12, 12, 120), torch.zeros(3, 12, 12, 120)
    smooth[1] = 0.05 * x
    ripple[0] = 3 * torch.sin(2 * math.pi * x / 24)
    middle = (slice(None), slice(None), 6, 6, 60)
    assert float(unevenness(smooth, known, 16.0, (2.0, 2.0, 2.0))[middle].abs().max()) < 1e-3
    found = unevenness(ripple, known, 16.0, (2.0, 2.0, 2.0))[middle]
    assert float(found[0, 0]) == pytest.approx(4.5, rel=0.03)
    assert float(found.abs().sum()) == pytest.approx(float(found[0, 0]))


def test_where_the_found_displacement_is_uneven_it_is_less_sure():
    fixed, moving = pair(a_grid(), plain)
    ripple = torch.zeros(3, *fixed.grid.shape)
    ripple[2, :, :, :20] = 5.0 * torch.sin(torch.arange(20) * 1.5)
    sd = sd_of(fixed, moving, Image(ripple, fixed.grid))
    assert float(sd[2, 10:20, 10:20, 8:12].mean()) > 1.2 * float(sd[2, 10:20, 10:20, 35:].mean())
    assert float(sd[0, 10:20, 10:20, 8:12].mean()) == pytest.approx(
        float(sd[0, 10:20, 10:20, 35:].mean()), rel=0.1
    )


def test_images_of_other_kinds_are_refused():
    grid = a_grid()
    one, two = Image(torch.zeros(1, *grid.shape), grid), Image(torch.zeros(2, *grid.shape), grid)
    zero = Image(torch.zeros(3, *grid.shape), grid)
    with pytest.raises(GeometryError, match="channels"):
        laplace_uncertainty(one, two, zero, calibration=AS_IT_IS)
    with pytest.raises(GeometryError, match="3D"):
        laplace_uncertainty(one, one, two, calibration=AS_IT_IS)
