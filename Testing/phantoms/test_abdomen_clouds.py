"""Clouds of the abdomen's organs: evenly spread, landmarks under the true map, swapped labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from RegSuite.phantoms.abdomen import AbdomenClouds, abdomen_clouds
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, directions, landmarks, organ_of, surface
from RegSuite.pointcloud.organs_transition import transition_from_confusion

PAPER = {
    "bladder", "left kidney bottom", "left kidney centre", "left kidney top", "liver bottom", "liver centre",
    "liver top", "right kidney bottom", "right kidney centre", "right kidney top", "round ligament",
}  # fmt: skip


@pytest.fixture(scope="module")
def clouds() -> AbdomenClouds:
    return abdomen_clouds(4, spacing_mm=8.0, label_error=0.1)


def test_a_ray_from_each_organs_middle_leaves_it_once() -> None:
    rays = directions(1500)
    along = np.linspace(0.5, 180.0, 250)
    for label in LABEL_NAMES:
        form = organ_of(label).form
        inside = np.array([form(r * rays) < 0 for r in along])
        assert ((inside[1:] != inside[:-1]).sum(axis=0) == 1).all()
        skin = surface(label, rays)
        assert np.abs(form(skin)).max() < 1e-8


def test_points_lie_on_the_organs_surface_no_closer_than_asked_and_without_holes(
    clouds: AbdomenClouds,
) -> None:
    for cloud, true, person in (
        (clouds.source, clouds.source_true, clouds.anatomy.source),
        (clouds.target, clouds.target_true, clouds.anatomy.target),
    ):
        for label in LABEL_NAMES:
            own = cloud.points[true == label]
            assert np.abs(person.depth(own, label)).max() < 1e-6
            assert cKDTree(own).query(own, k=2)[0][:, 1].min() >= 8.0
            skin = person.forward(surface(label, directions(3000)), label)
            assert cKDTree(own).query(skin)[0].max() < 12.0


def test_both_sides_are_sampled_on_their_own(clouds: AbdomenClouds) -> None:
    there = clouds.anatomy.to_target(clouds.source.points, clouds.source_true)
    nearest = cKDTree(clouds.target.points).query(there)[0]
    assert np.median(nearest) > 1.5
    assert nearest.max() < 15.0


def test_landmarks_are_the_papers_and_correspond_under_the_true_map(clouds: AbdomenClouds) -> None:
    source, target = clouds.source_landmarks, clouds.target_landmarks
    assert set(source.names or ()) == PAPER
    assert source.names == target.names
    assert source.labels is not None
    np.testing.assert_allclose(
        clouds.anatomy.to_target(source.points, source.labels), target.points, atol=1e-7
    )
    for name, label, place in landmarks():
        skin = surface(label, directions(5000))
        if name.endswith("top"):
            assert place[2] >= skin[:, 2].max() - 0.1
        elif name.endswith("bottom"):
            assert place[2] <= skin[:, 2].min() + 0.1
        elif name.endswith("centre"):
            axes = np.meshgrid(*(np.arange(-131.0, 131.0, 4.0),) * 3)
            cube = np.stack(axes, axis=-1).reshape(-1, 3)
            np.testing.assert_allclose(place, cube[organ_of(label).form(cube) < 0].mean(axis=0), atol=0.2)
        elif name == "round ligament":
            assert abs(organ_of(1).form(place[None])[0]) < 1e-8
            beside = place + 13.0 * np.array([[1.0, 0, 0], [-1.0, 0, 0]])
            rays = beside / np.linalg.norm(beside, axis=1, keepdims=True)
            notch = np.linalg.norm(place)
            assert (np.linalg.norm(surface(1, rays), axis=1) > notch + 6.0).all()


def test_a_tenth_of_the_labels_is_swapped_between_neighbours_in_patches(clouds: AbdomenClouds) -> None:
    for cloud, true, patches in (
        (clouds.source, clouds.source_true, clouds.patches[0]),
        (clouds.target, clouds.target_true, clouds.patches[1]),
    ):
        assert cloud.labels is not None
        wrong = cloud.labels != true
        assert wrong.mean() == pytest.approx(0.1, abs=2 / len(true))
        assert not wrong[true == 5].any()
        pairs = set(zip(true[wrong].tolist(), cloud.labels[wrong].tolist(), strict=True))
        assert pairs <= {(1, 2), (1, 3), (2, 1), (2, 4), (3, 1), (4, 2)}
        inside = np.zeros(len(true), dtype=bool)
        for patch in patches:
            near = np.linalg.norm(cloud.points - patch.middle, axis=1) <= patch.radius
            inside |= near & (true == patch.label)
        np.testing.assert_array_equal(inside, wrong)
        share = [wrong[true == label].mean() for label in (1, 2, 3, 4)]
        assert max(share) - min(share) < 0.01
    np.testing.assert_array_equal(clouds.source.points, abdomen_clouds(4, spacing_mm=8.0).source.points)


def test_the_transition_is_how_often_partners_have_these_labels(clouds: AbdomenClouds) -> None:
    u = clouds.transition
    np.testing.assert_allclose(u.sum(axis=0), 1.0)
    # the definition, point by point: a source point called s is of true organ k; target points of organ k
    # are called t
    assert clouds.source.labels is not None
    assert clouds.target.labels is not None
    for column, found in enumerate(clouds.organs):
        mean = np.zeros(len(clouds.organs))
        for true in clouds.source_true[clouds.source.labels == found]:
            called = clouds.target.labels[clouds.target_true == true]
            mean += [(called == t).mean() for t in clouds.organs]
        np.testing.assert_allclose(u[:, column], mean / mean.sum(), atol=1e-12)
    assert not np.allclose(u, u.T, atol=0.02)
    pooled = transition_from_confusion(clouds.confusion, list(LABEL_NAMES.values()))
    np.testing.assert_allclose(pooled, u, atol=0.06)


def test_without_mistakes_the_transition_is_the_identity_and_counts_are_as_asked() -> None:
    plain = abdomen_clouds(4, 50)
    np.testing.assert_array_equal(plain.transition, np.eye(5))
    assert np.bincount(plain.source_true).tolist() == [0, 50, 50, 50, 50, 50]
    assert np.bincount(plain.target_true).tolist() == [0, 50, 50, 50, 50, 50]
