"""The log-likelihood of landmarks, against scipy and against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.dose.uncertainty.likelihood import (
    constant_fit,
    errors_and_sds,
    landmark_log_likelihood,
    trimmed_mean,
)
from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image

TURN = np.linalg.qr(np.array([[0.8, -0.5, 0.2], [0.4, 0.9, -0.3], [0.1, 0.3, 1.0]]))[0]
GRID = Grid.make((20, 18, 16), (2.0, 3.0, 4.0), origin=(5, 6, 7), direction=TURN)
SLOPES = np.array([[0.03, 0.0, 0.01], [0.0, -0.02, 0.0], [0.01, 0.0, 0.02]])
SD_SLOPES = np.array([[0.01, 0.0, 0.0], [0.0, 0.005, 0.01], [0.0, 0.0, 0.02]])


def linear(slopes: np.ndarray, offset: float) -> Image:
    values = (GRID.all_points() - GRID.centre) @ slopes.T + offset
    return Image(torch.from_numpy(np.moveaxis(values, -1, 0)).float(), GRID)


@pytest.fixture
def uncertain() -> DeformationUncertainty:
    return DeformationUncertainty(linear(SLOPES, 1.0), linear(SD_SLOPES, 2.0))


@pytest.fixture
def fixed() -> np.ndarray:
    rng = np.random.default_rng(3)
    return GRID.points(rng.uniform(0, np.asarray(GRID.size) - 1, (400, 3)))


def drawn(fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """u, SD and moving points drawn accordingly."""
    u = (fixed - GRID.centre) @ SLOPES.T + 1.0
    sd = (fixed - GRID.centre) @ SD_SLOPES.T + 2.0
    return u, sd, fixed + u + np.random.default_rng(4).normal(size=fixed.shape) * sd


def test_the_mean_log_density_is_that_of_scipy(uncertain, fixed):
    u, sd, moving = drawn(fixed)
    logs = [
        stats.multivariate_normal(f + a, np.diag(s**2)).logpdf(m)
        for f, a, s, m in zip(fixed, u, sd, moving, strict=True)
    ]
    found = landmark_log_likelihood(uncertain, fixed, moving)
    assert found.mean == pytest.approx(np.mean(np.sort(logs)[4:]), abs=1e-5)
    assert (found.landmarks, found.discarded, found.unknown) == (400, 4, 0)


def test_the_constant_is_the_likeliest_single_sd(uncertain, fixed):
    _, _, moving = drawn(fixed)
    found = landmark_log_likelihood(uncertain, fixed, moving)
    error, _ = errors_and_sds(uncertain, fixed, moving)

    def under(sd: float) -> float:
        return trimmed_mean(stats.norm(0, sd).logpdf(error).sum(axis=1))

    assert found.constant == pytest.approx(under(found.constant_sd_mm), abs=1e-9)
    assert found.constant > max(under(0.98 * found.constant_sd_mm), under(1.02 * found.constant_sd_mm))


def test_the_true_sds_beat_the_constant(uncertain, fixed):
    _, _, moving = drawn(fixed)
    found = landmark_log_likelihood(uncertain, fixed, moving)
    assert found.mean > found.constant


def test_several_pairs_count_together(uncertain, fixed):
    _, _, moving = drawn(fixed)
    halves = landmark_log_likelihood(
        [uncertain, uncertain], [fixed[:150], fixed[150:]], [moving[:150], moving[150:]]
    )
    assert halves == landmark_log_likelihood(uncertain, fixed, moving)


def test_one_stray_landmark_of_a_hundred_does_not_rule(uncertain, fixed):
    _, _, moving = drawn(fixed)
    stray = moving.copy()
    stray[7] += 500.0
    with_stray = landmark_log_likelihood(uncertain, fixed, stray).mean
    assert with_stray == pytest.approx(landmark_log_likelihood(uncertain, fixed, moving).mean, abs=0.02)
    assert landmark_log_likelihood(uncertain, fixed, stray, discarded=0.0).mean < with_stray - 50


def test_landmarks_beyond_the_grid_count_in_neither(uncertain, fixed):
    _, _, moving = drawn(fixed)
    far = fixed + 1000.0
    found = landmark_log_likelihood(uncertain, np.vstack([fixed, far]), np.vstack([moving, far]))
    assert found.unknown == 400
    assert found.mean == landmark_log_likelihood(uncertain, fixed, moving).mean
    with pytest.raises(GeometryError, match="none of 400"):
        landmark_log_likelihood(uncertain, far, far)


def test_points_that_make_no_pairs_are_refused(uncertain, fixed):
    with pytest.raises(GeometryError, match="pairs"):
        landmark_log_likelihood(uncertain, fixed, fixed[:-1])


def test_landmarks_that_are_met_exactly_have_no_constant():
    assert constant_fit(np.zeros((10, 3))) == (0.0, math.inf)
