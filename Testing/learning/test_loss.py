"""The loss of paper 11, Eq. 2 to 4, against dense matrices and formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.dose.uncertainty.likelihood import log_densities, trimmed_mean
from RegSuite.geometry import Grid
from RegSuite.learning.uncertainty.loss import (
    entropy_term,
    image_term,
    landmark_term,
    paired_noise,
    posterior_loss,
    trace_term,
)

SIZE = (4, 3, 5)


def _dense(grid: Grid, length_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """The graph Laplacian D - A of the lattice (edges weigh 1 / h^2) and C C^T, voxel by voxel."""
    c = Correlation.of(grid, length_mm)
    matrix = np.kron(np.kron(c.z.astype(float), c.y), c.x)
    index = np.stack(np.unravel_index(np.arange(grid.voxels), grid.shape), axis=-1)
    steps = np.abs(index[:, None] - index[None])
    spacing = np.asarray(grid.spacing)[::-1]
    adjacent = np.where(steps.sum(-1) == 1, (steps / spacing**2).sum(-1), 0.0)
    return np.diag(adjacent.sum(1)) - adjacent, matrix @ matrix.T


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.2, 2.0, 3.1)])
def test_trace_and_entropy_equal_those_of_the_dense_covariance_at_all_borders(
    spacing: tuple[float, float, float],
) -> None:
    grid = Grid.make(SIZE, spacing)
    laplacian, correlation = _dense(grid, 4.0)
    sd = np.random.default_rng(0).uniform(0.5, 3.0, (3, *grid.shape))
    smoothness = 7.0
    trace = sum(
        np.trace(smoothness / 2 * laplacian @ (np.diag(g) @ correlation @ np.diag(g)))
        for g in sd.reshape(3, -1)
    )
    _, log_determinant = np.linalg.slogdet(np.diag(sd.ravel() ** 2))
    tensor = torch.from_numpy(sd)
    neighbours = [torch.from_numpy(r).double() for r in Correlation.of(grid, 4.0).neighbours()]
    assert float(trace_term(tensor, neighbours, spacing, smoothness)) * grid.voxels == pytest.approx(
        trace, rel=1e-5
    )
    assert float(entropy_term(tensor.log())) * grid.voxels == pytest.approx(-log_determinant / 2, rel=1e-12)


def test_correlation_of_unit_rows_makes_the_network_s_answer_the_standard_deviation() -> None:
    _, correlation = _dense(Grid.make(SIZE, (1.2, 2.0, 3.1)), 4.0)
    np.testing.assert_allclose(np.diag(correlation), 1, atol=1e-6)


def test_draws_have_the_dense_covariance() -> None:
    grid = Grid.make(SIZE, 2.0)
    _, expected = _dense(grid, 4.0)
    correlation = Correlation.of(grid, 4.0)
    noise = paired_noise(correlation, 10_000, torch.Generator().manual_seed(0))
    field = correlation.field_tensor(noise)[:, 1].reshape(len(noise), -1).double()
    assert torch.equal(noise[0], -noise[5_000])
    np.testing.assert_allclose((field.T @ field / len(field)).numpy(), expected, atol=0.07)


def test_image_term_of_a_ramp_is_slope_times_sd_squared() -> None:
    grid = Grid.make((24, 20, 16), (2.0, 2.5, 3.0))
    correlation = Correlation.of(grid, 30.0)
    slope = torch.tensor([0.01, -0.02, 0.005])
    points = torch.from_numpy(grid.all_points()).float()
    moving = points @ slope
    mean = torch.tensor([0.7, 1.1, -0.8]).view(3, 1, 1, 1).expand(3, *grid.shape)
    fixed = moving + float(slope @ torch.tensor([0.7, 1.1, -0.8]))
    sd = torch.tensor([0.5, 1.0, 0.8])
    noise = paired_noise(correlation, 600, torch.Generator().manual_seed(1))
    drawn = mean + sd.view(3, 1, 1, 1) * correlation.field_tensor(noise)
    found = float(image_term(fixed, moving, drawn, grid.spacing, 1e-4))
    expected = float((slope * sd).square().sum()) / (2 * 1e-4)
    assert found == pytest.approx(expected, rel=0.1)


def test_voxels_without_displacement_or_beyond_the_image_do_not_count() -> None:
    fixed, moving = torch.zeros(6, 6, 6), torch.ones(6, 6, 6)
    field = torch.zeros(2, 3, 6, 6, 6)
    everywhere = float(image_term(fixed, moving, field, (1, 1, 1), 0.5))
    field[:, :, 0] = math.nan
    field[:, 0, :, :, -1] = 3.0
    moving[0] = 9.0
    found = float(image_term(fixed, moving, field, (1, 1, 1), 0.5))
    assert found == pytest.approx(1) == everywhere


def test_the_loss_does_not_know_the_size_of_the_voxels() -> None:
    """One body, one SD field in mm, sampled at 4 and at 2 mm: the parts stay, but for borders."""
    found = []
    for spacing, size in ((4.0, 16), (2.0, 32)):
        grid = Grid.make((size,) * 3, spacing, [spacing / 2] * 3)
        x, y, z = torch.from_numpy(grid.all_points()).movedim(-1, 0).float()
        log_sd = torch.stack([0.5 + 0.3 * torch.sin(a / 12) for a in (x, y, z)])
        image = 0.2 + 0.05 * torch.sin(x / 9) * torch.cos(y / 8) + 0.05 * torch.sin(z / 10)
        correlation = Correlation.of(grid, 15.0)
        noise = paired_noise(correlation, 120, torch.Generator().manual_seed(2))
        loss = posterior_loss(
            image,
            image,
            torch.zeros(3, *grid.shape),
            log_sd,
            correlation,
            noise,
            spacing_mm=grid.spacing,
            smoothness=10.0,
            image_variance=1e-4,
        )
        found.append({name: float(v) for name, v in loss.items()})
    for name, tolerance in (("image", 0.1), ("trace", 0.06), ("entropy", 1e-3)):
        values = [one[name] for one in found]
        assert max(values) - min(values) < tolerance * abs(np.mean(values)), (name, values)


def test_landmark_term_is_the_trimmed_likelihood_of_equation_5() -> None:
    rng = np.random.default_rng(0)
    log_sd = torch.full((3, 5, 6, 7), math.log(1.7))
    places = torch.from_numpy(rng.uniform(0, 4, (300, 3))).float()
    errors = rng.normal(0, 2, (300, 3))
    found = float(landmark_term(log_sd, places, torch.from_numpy(errors).float()))
    expected = -trimmed_mean(log_densities(errors, np.full((300, 3), 1.7))) - 1.5 * math.log(2 * math.pi)
    assert found == pytest.approx(expected, rel=1e-5)
    assert float(landmark_term(log_sd, places[:0], torch.zeros(0, 3))) == 0


def test_gradient_reaches_the_answer_from_every_part() -> None:
    grid = Grid.make((8, 8, 8), 4.0)
    correlation = Correlation.of(grid)
    log_sd = torch.zeros(3, 8, 8, 8, requires_grad=True)
    image = torch.rand(8, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = paired_noise(correlation, 2, torch.Generator().manual_seed(0))
    for part in ("image", "trace", "entropy"):
        loss = posterior_loss(
            image,
            image,
            torch.zeros(3, 8, 8, 8),
            log_sd,
            correlation,
            noise,
            spacing_mm=grid.spacing,
            smoothness=10.0,
            image_variance=1e-4,
        )
        (gradient,) = torch.autograd.grad(loss[part], log_sd)
        assert bool(gradient.isfinite().all()), part
        assert float(gradient.abs().max()) > 0, part
