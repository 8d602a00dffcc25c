"""The mass effect is the map that its formula says: without folds, with an exact inverse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from RegSuite.phantoms.tumor.directional import Directional, bumps, spread_directions
from RegSuite.phantoms.tumor.mass_effect import MassEffect, raw_of


def an_effect(ndim: int, irregular: float = 0.15, push: float = 0.7) -> MassEffect:
    """Around (3, -2, 5): radius 15 mm, nothing moves beyond 45 mm."""
    n, rng = spread_directions(ndim), np.random.default_rng(4)
    a = np.log(15.0) + irregular * bumps(n, rng, 12, 40.0)
    b = np.log(45.0) + 0.5 * irregular * bumps(n, rng, 12, 40.0)
    p = raw_of(np.clip(push + irregular * bumps(n, rng, 12, 40.0), 0.1, 0.8))
    return MassEffect(np.array([3.0, -2.0, 5.0])[:ndim], Directional.fit(n, np.stack([a, b, p], axis=-1)))


def some_points(ndim: int, count: int = 4000) -> np.ndarray:
    return np.random.default_rng(1).uniform(-50, 50, (count, ndim))


@pytest.mark.parametrize("ndim", [2, 3])
def test_back_and_forth_is_the_identity(ndim: int) -> None:
    effect, points = an_effect(ndim), some_points(ndim)
    np.testing.assert_allclose(effect.to_grown(effect.to_healthy(points)), points, atol=1e-6)
    np.testing.assert_allclose(effect.to_healthy(effect.to_grown(points)), points, atol=1e-6)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_determinant_is_that_of_differences_of_the_map_and_positive_everywhere(ndim: int) -> None:
    effect, points = an_effect(ndim), some_points(ndim, 1500)
    steps = 1e-4 * np.eye(ndim)
    slopes = [(effect.to_healthy(points + h) - effect.to_healthy(points - h)) / 2e-4 for h in steps]
    by_differences = np.linalg.det(np.stack(slopes, axis=-1))
    told = effect.determinant(points)
    np.testing.assert_allclose(told, by_differences, rtol=2e-3, atol=1e-4)
    assert told.min() > 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_round_core_pushes_its_share_of_its_volume_and_replaces_the_rest(ndim: int) -> None:
    effect = an_effect(ndim, irregular=0.0, push=0.6)
    surface = effect.centre + 15.0 * spread_directions(ndim)
    seed = np.linalg.norm(effect.to_healthy(surface) - effect.centre, axis=-1)
    np.testing.assert_allclose(seed, 15.0 * 0.4 ** (1 / ndim), rtol=1e-4)
    np.testing.assert_allclose(effect.seed_distance(effect.to_healthy(surface)), 0.0, atol=1e-3)


def test_tissue_moves_outward_less_far_away_and_not_at_all_beyond_the_reach() -> None:
    effect = an_effect(3)
    ray = effect.centre + np.linspace(20.0, 70.0, 101)[:, None] * np.array([0.6, 0.0, 0.8])
    moved = np.linalg.norm(effect.to_grown(ray) - ray, axis=-1)
    outward = np.linalg.norm(effect.to_grown(ray) - effect.centre, axis=-1)
    assert (np.diff(outward) > 0).all()
    assert moved[0] > 2.0
    assert (np.diff(moved) <= 1e-9).all()
    np.testing.assert_array_equal(moved[-10:], 0.0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_harmonic_is_met_exactly_by_the_polynomial_of_the_direction(ndim: int) -> None:
    n = spread_directions(ndim)
    wanted = 1 + n[:, 0] * n[:, 1] ** 2 - 0.5 * n[:, -1] ** 4
    fitted = Directional.fit(n, wanted)
    turned = np.stack([n[:, 1], -n[:, 0], *n[:, 2:].T], axis=-1)
    again = 1 + turned[:, 0] * turned[:, 1] ** 2 - 0.5 * turned[:, -1] ** 4
    np.testing.assert_allclose(fitted(turned), again, atol=2e-3)


def test_a_point_at_the_centre_stays() -> None:
    effect = an_effect(3)
    assert math.dist(effect.to_healthy(effect.centre[None])[0], effect.centre) == 0.0
    assert math.dist(effect.to_grown(effect.centre[None])[0], effect.centre) < 1e-6
