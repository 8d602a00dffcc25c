"""Correlation of the deformation's error, and draws from it."""

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image

_COS, _SIN = np.cos(0.4), np.sin(0.4)
OBLIQUE = Grid.make(
    (23, 17, 9), (2.0, 3.0, 5.0), (-40.0, 12.0, 300.0), [[_COS, -_SIN, 0], [_SIN, _COS, 0], [0, 0, 1]]
)
LENGTH = 15.0


def an_uncertainty(
    grid: Grid = OBLIQUE, *, sigma: float = 2.0, length: float = LENGTH
) -> DeformationUncertainty:
    mean = torch.arange(3 * grid.voxels, dtype=torch.float32).reshape(3, *grid.shape) / grid.voxels
    return DeformationUncertainty(
        Image(mean, grid), Image(torch.full((3, *grid.shape), sigma), grid), correlation_mm=length
    )


@pytest.mark.parametrize("length", [4.0, 15.0, 60.0])
def test_the_variance_is_one_at_every_voxel_and_border(length):
    c = Correlation.of(OBLIQUE, length)
    for matrix in (c.x, c.y, c.z):
        np.testing.assert_allclose((matrix.astype(float) ** 2).sum(axis=1), 1, atol=3e-7)


def test_neighbours_correlate_as_a_gaussian_of_sd_root_two_lengths():
    c = Correlation.of(OBLIQUE, LENGTH)
    for rho, spacing, n in zip(c.neighbours(), OBLIQUE.spacing, OBLIQUE.size, strict=True):
        assert rho.shape == (n - 1,)
        np.testing.assert_allclose(rho, np.exp(-(spacing**2) / (2 * (LENGTH * np.sqrt(2)) ** 2)), atol=2e-5)


def test_the_empirical_covariance_of_many_draws_is_that_gaussian():
    grid = Grid.make((7, 5, 4), (6.0, 8.0, 10.0), (0, 0, 0), OBLIQUE.direction)
    c = Correlation.of(grid, LENGTH)
    draws = 20000
    fields = c.field(c.noise(draws, np.random.default_rng(3))).reshape(draws, 3, -1)
    places = grid.all_points().reshape(-1, 3)
    expected = np.exp(-((places[:, None] - places) ** 2).sum(-1) / (4 * LENGTH**2))
    for component in range(3):
        found = np.cov(fields[:, component].T, bias=True)
        assert np.abs(found - expected).max() < 5 / np.sqrt(draws)  # 5 standard errors of a covariance
    across = (fields[:, 0] * fields[:, 1]).mean(axis=0)
    assert np.abs(across).max() < 5 / np.sqrt(draws)


def test_neighbours_are_the_exact_products_of_the_rows_of_c():
    c = Correlation.of(OBLIQUE, LENGTH)
    unit = np.eye(int(np.prod(c.nodes)), dtype=np.float32).reshape(-1, *c.nodes)
    rows = c.field(unit[:, None], slice(0, 2))[:, 0]  # every column of C in two planes
    np.testing.assert_allclose((rows**2).sum(axis=0), 1, atol=1e-5)
    x, y, z = c.neighbours()
    np.testing.assert_allclose((rows[:, 0, 3, :-1] * rows[:, 0, 3, 1:]).sum(axis=0), x, atol=1e-5)
    np.testing.assert_allclose((rows[:, 0, :-1, 5] * rows[:, 0, 1:, 5]).sum(axis=0), y, atol=1e-5)
    np.testing.assert_allclose((rows[:, 0] * rows[:, 1]).sum(axis=0), z[0], atol=1e-5)


def test_draws_have_the_mean_and_the_sd_asked_for():
    samples = an_uncertainty(sigma=2.0).sample(400, np.random.default_rng(0))
    everything = samples.slab(0, OBLIQUE.shape[0])
    assert everything.shape == (400, 3, *OBLIQUE.shape)
    assert everything.dtype == np.float32
    assert np.abs(everything.mean(axis=0) - samples.mean).max() < 5 * 2.0 / 20
    assert np.abs(everything.std(axis=0) - 2.0).max() < 5 * 2.0 / np.sqrt(800)


def test_the_same_generator_gives_the_same_bits_and_fewer_draws_are_the_first_of_more():
    one, other = (an_uncertainty().sample(3, np.random.default_rng(7)) for _ in range(2))
    more = an_uncertainty().sample(5, np.random.default_rng(7))
    for k in range(3):
        assert np.array_equal(one[k], other[k])
        assert np.array_equal(one[k], more[k])
    assert not np.array_equal(one[0], one[1])


@pytest.mark.parametrize("height", [1, 2, 4])
def test_the_draws_do_not_depend_on_the_slabs(height):
    samples = an_uncertainty().sample(4, np.random.default_rng(1))
    planes = OBLIQUE.shape[0]
    slabs = [samples.slab(z, min(z + height, planes)) for z in range(0, planes, height)]
    joined = np.concatenate(slabs, axis=2)
    for k in range(len(samples)):
        assert np.array_equal(joined[k], samples[k])


def test_torch_gives_the_same_field_as_numpy():
    c = Correlation.of(OBLIQUE, LENGTH)
    noise = c.noise(3, np.random.default_rng(2))
    found = c.field_tensor(torch.from_numpy(noise), slice(2, 6)).numpy()
    np.testing.assert_allclose(found, c.field(noise, slice(2, 6)), atol=3e-6)


def test_an_undefined_deformation_stays_undefined_in_every_draw():
    given = an_uncertainty()
    mean = given.displacement.data.clone()
    mean[:, 4, 5, 6] = torch.nan
    undefined = DeformationUncertainty(Image(mean, OBLIQUE), given.sigma_mm, correlation_mm=LENGTH)
    drawn = undefined.sample(3, np.random.default_rng(1)).slab(4, 5)
    assert np.isnan(drawn[:, :, 0, 5, 6]).all()
    assert np.isnan(drawn).sum() == 9
    assert torch.isnan(mean).sum() == 3


@pytest.mark.parametrize("length", [0.0, -3.0, float("nan")])
def test_a_length_that_is_not_positive_is_refused(length):
    with pytest.raises(GeometryError, match="correlation length"):
        Correlation.of(OBLIQUE, length)


def test_a_flat_grid_and_no_samples_are_refused():
    with pytest.raises(GeometryError, match="2D"):
        Correlation.of(Grid.make((4, 4)))
    with pytest.raises(InputError, match="0 samples"):
        an_uncertainty().sample(0, np.random.default_rng(0))
