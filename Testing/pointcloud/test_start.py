"""Where a drift begins, and that clouds of one frame are not turned."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.start_search import rotations
from Testing.pointcloud.bent_body import bent_body, turned_body

GLOBAL = DriftParameters(transform="similarity", start="global")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_turned_and_scaled_body_is_found_under_outliers_and_missing_points(seed, whole):
    case = turned_body(seed, whole=whole)
    found = drift(case.source, case.target, parameters=GLOBAL)
    assert case.error(found.moved_mm) < 0.02
    assert any("rotations" in note for note in found.notes)


def test_a_deformable_drift_may_begin_from_the_best_rotation():
    case = turned_body(3, missing=0.1, outliers=0.05)
    found = drift(case.source, case.target, parameters=DriftParameters(start="global"))
    assert case.error(found.moved_mm) < 0.02


def test_a_flat_body_is_turned_in_its_plane():
    chance = np.random.default_rng(2)
    points = bent_body(400, chance)[:, :2]
    turn = Rotation.from_rotvec([0, 0, 2.0]).as_matrix()[:2, :2]
    found = drift(PointSet(points), PointSet(0.8 * points @ turn.T + 500), parameters=GLOBAL)
    assert found.start.matrix == pytest.approx(0.8 * turn, abs=0.01)


def test_every_rotation_is_within_45_degrees_of_one_that_is_tried():
    tried = Rotation.from_matrix(torch.stack(rotations(3)).numpy())
    some = Rotation.random(300, rng=np.random.default_rng(0))
    nearest = [min((r * tried.inv()).magnitude()) for r in some]
    assert np.degrees(max(nearest)) < 45
    assert np.array_equal(rotations(3)[0], np.eye(3))


def test_clouds_of_one_frame_keep_their_place_unless_asked():
    """A ball is explained by any rotation: none is taken."""
    chance = np.random.default_rng(4)
    ball = chance.normal(size=(500, 3))
    ball *= 50 / np.linalg.norm(ball, axis=1, keepdims=True)
    moved = ball + chance.normal(size=ball.shape) + [12, 0, 0]
    found = drift(PointSet(ball), PointSet(moved), parameters=DriftParameters(transform="rigid"))
    assert np.linalg.norm(found.moved_mm - ball - [12, 0, 0], axis=1).mean() < 10
    assert not any("rotations" in note for note in found.notes)


def test_clouds_apart_are_searched_for_but_not_turned_without_need():
    chance = np.random.default_rng(5)
    body = bent_body(500, chance)
    found = drift(PointSet(body), PointSet(body + 900), parameters=DriftParameters(transform="rigid"))
    assert found.start.matrix == pytest.approx(np.eye(3), abs=0.01)
    assert found.moved_mm == pytest.approx(body + 900, abs=0.5)
    assert any("not taken to be in one frame" in note for note in found.notes)


def test_a_symmetric_shape_is_warned_of_and_labels_resolve_it():
    chance = np.random.default_rng(6)
    labels = np.arange(500) % 2 + 1
    ends = np.where(labels[:, None] == 1, 60.0, -60.0) * np.array([1.0, 0.0, 0.0])
    source, other = (ends + chance.normal(size=(500, 3)) * [8, 12, 4] for _ in range(2))
    turn = Rotation.from_rotvec([0, 0, 2.5]).as_matrix()
    unsure = drift(PointSet(source), PointSet(other @ turn.T), parameters=GLOBAL)
    assert any("symmetric" in warning for warning in unsure.warnings)
    model = OrganModel.of(labels, labels)
    sure = drift(PointSet(source, labels), PointSet(other @ turn.T, labels), model, GLOBAL)
    assert (sure.moved_mm @ turn)[:, 0] == pytest.approx(source[:, 0], abs=5)
