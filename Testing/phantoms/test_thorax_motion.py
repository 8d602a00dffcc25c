"""The thorax's motion: its derivative, its inverse, its tumour, all against the formula."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.errors import MethodFailed
from RegSuite.phantoms.thorax.motion import Motion, MotionSize, draw_motion, draw_size
from RegSuite.phantoms.thorax.structures import ball_surface

TUMOUR = np.array([60.0, 10.0, -20.0])
MIDDLE, WINDOW = np.array([0.0, -12.0, -25.0]), np.array([110.0, 84.0, 34.0])
EVERYWHERE = np.stack(np.meshgrid(*(np.arange(-150.0, 151, 10),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def a_motion(seed: int, size: MotionSize | None = None) -> Motion:
    rng = np.random.default_rng(seed)
    drawn = draw_size(rng) if size is None else size
    return draw_motion(drawn, TUMOUR, 15.0, MIDDLE, WINDOW, EVERYWHERE, rng)


def only_shrinking(share: float) -> Motion:
    still = a_motion(0, MotionSize(0.0, 0.0, 0.0, 0.0, share))
    return still._replace(wall=0.0)


def some_points(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-140, 140, (n, 3))


@pytest.mark.parametrize("seed", range(4))
def test_the_inverse_comes_back_to_the_planning_point(seed):
    motion, points = a_motion(seed), some_points(5000, seed)
    u, there = motion.displacement(points)
    back, jacobian = motion.inverse(points + u)
    assert np.abs(back + u).max() < 1e-6
    np.testing.assert_allclose(jacobian, there, rtol=1e-4)


def test_the_jacobian_is_that_of_the_displacement():
    motion, points, h = a_motion(5), some_points(500), 1e-3
    columns = [
        (motion.displacement(points + h * e)[0] - motion.displacement(points - h * e)[0]) / (2 * h)
        for e in np.eye(3)
    ]
    numeric = np.linalg.det(np.eye(3) + np.stack(columns, axis=-1))
    np.testing.assert_allclose(motion.displacement(points)[1], numeric, atol=1e-6)


def test_no_motion_that_is_drawn_folds_between_the_places_that_were_looked_at():
    near_tumour = TUMOUR + np.random.default_rng(3).normal(0, 15, (4000, 3))
    for seed in range(12):
        motion = a_motion(seed)
        points = np.concatenate([some_points(20000, seed), near_tumour])
        assert motion.displacement(points)[1].min() > 0.2, seed


def test_a_motion_that_folds_space_is_not_inverted_in_silence():
    waves = np.array([[30.0, 0, 0, 0.3, 0, 0, 0.4]])
    folding = only_shrinking(0.0)._replace(waves=waves)
    with pytest.raises(MethodFailed, match="misses a point"):
        folding.inverse(some_points(2000))


def test_breathing_moves_the_diaphragm_by_its_amplitude_and_the_spine_and_the_apex_hardly():
    size = MotionSize(breathing=12.0, baseline=0.0, waves=0.0, shift=0.0, shrink=0.0)
    motion = a_motion(1, size)
    low, apex, spine = np.array([[40.0, -12.0, -110.0], [40.0, 0.0, 120.0], [0.0, 95.0, 40.0]])
    moved = [abs(float(motion.displacement(p[None])[0][0, 2])) for p in (low, apex, spine)]
    assert 10.0 < moved[0] < 12.5
    assert moved[1] < 0.5
    assert moved[2] < 0.5


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_shrinking_ball_becomes_the_ball_of_the_formula(share):
    motion, radius = only_shrinking(share), 12.0
    ball = ball_surface("ball", TUMOUR, radius, 1)
    moved = ball.points + motion.displacement(ball.points)[0]
    wanted = radius * (1 - share * np.exp(-((radius / motion.shrink_reach) ** 4)))
    np.testing.assert_allclose(np.linalg.norm(moved - TUMOUR, axis=1), wanted, atol=1e-9)
    assert (wanted / radius) ** 3 < 1 - 2 * share


def test_the_jacobian_adds_up_to_the_volume_that_the_tumour_has_on_the_day():
    motion = a_motion(7, MotionSize(8.0, 4.0, 2.0, 1.0, 0.2))
    ball = ball_surface("ball", TUMOUR, 14.0, 1)
    moved = ball.points + motion.displacement(ball.points)[0]
    corners = (moved - TUMOUR)[ball.triangles]
    volume = float(np.einsum("ni,ni->n", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)
    line = np.arange(-14.5, 14.6, 0.5)
    inside = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = inside[np.linalg.norm(inside, axis=1) <= 14.0]
    summed = float(motion.displacement(TUMOUR + inside)[1].sum()) * 0.5**3
    # the mesh is inscribed: 0.1 % short; cubes of 0.5 mm count a ball of 14 mm to 0.1 %
    assert abs(volume) == pytest.approx(summed, rel=5e-3)
    assert summed < 0.8 * 4 / 3 * np.pi * 14.0**3
