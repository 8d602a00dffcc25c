"""Bayesian coherent point drift as a whole."""

import numpy as np
import pytest

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.parameters import DriftParameters
from Testing.pointcloud.half_balls import half_balls


@pytest.fixture(scope="module")
def slid():
    balls = half_balls(800)
    return balls, drift(balls.source, balls.target, balls.model)


def test_organs_that_slide_10_mm_are_followed_to_within_a_millimetre_up_to_the_border(slid):
    balls, found = slid
    mean, near = balls.errors(found.points(balls.points, balls.labels))
    assert mean < 0.6
    assert near < 1.0
    assert not found.warnings


def test_the_bound_of_the_evidence_never_falls(slid):
    values = np.array([point.bound for point in slid[1].convergence])
    assert len(values) > 10
    assert (np.diff(values) > -1e-6 * np.abs(values).max()).all()


def test_the_uncertainty_of_a_point_is_that_of_its_error(slid):
    balls, found = slid
    errors = found.points(balls.points, balls.labels) - balls.truth
    z = errors / found.sd_mm(balls.points, balls.labels)[:, None]
    assert 0.5 < np.sqrt((z**2).mean()) < 1.5


def test_moved_points_are_those_that_the_transform_gives(slid):
    balls, found = slid
    assert found.points(balls.source.points, balls.source.labels) == pytest.approx(found.moved_mm, abs=1e-6)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("transform", ["rigid", "similarity", "affine"])
def test_a_linear_map_is_recovered_exactly_from_equal_clouds(transform, ndim):
    chance = np.random.default_rng(1)
    points = chance.normal(size=(150, ndim)) * np.array([40.0, 25.0, 15.0])[:ndim] + 300
    matrix = np.eye(ndim)
    matrix[:2, :2] = [[0.96, -0.28], [0.28, 0.96]]
    if transform == "similarity":
        matrix = 1.2 * matrix
    if transform == "affine":
        matrix = matrix @ np.diag([1.2, 0.9, 1.1][:ndim])
    truth = (points - 300) @ matrix.T + 310
    found = drift(
        PointSet(points),
        PointSet(truth),
        parameters=DriftParameters(transform=transform, outliers=0.01),
    )
    assert found.moved_mm == pytest.approx(truth, abs=0.05)
    assert found.start.matrix == pytest.approx(matrix, abs=1e-3)
