"""Clouds that cannot be registered are refused in words, doubtful ones are told of."""

import numpy as np
import pytest

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.cloud import checked_pair
from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters

CLOUD = np.random.default_rng(0).normal(size=(80, 3)) * 40
SET = PointSet(CLOUD, name="target")


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((0, 3)), "empty"),
        (np.ones((1, 3)), "one point"),
        (np.full((50, 3), 7.5), "all 50 points are equal"),
        (np.repeat(CLOUD[:2], 20, axis=0), "2 places"),
        (CLOUD / 1000, "metres"),
        (np.random.default_rng(1).integers(0, 256, (90, 3)), "voxel"),
        (CLOUD * 100, "different units"),
    ],
)
def test_a_cloud_that_cannot_be_is_refused_with_words_and_its_name(points, words):
    with pytest.raises(InputError, match=words) as refused:
        drift(PointSet(points, name="liver surface"), SET)
    assert refused.value.mend
    assert "liver surface" in str(refused.value)


def test_points_that_are_no_numbers_are_refused():
    with pytest.raises(GeometryError, match="not finite"):
        PointSet(np.array([[0.0, np.nan, 1.0]]))


def test_2d_and_3d_are_not_registered_with_each_other():
    with pytest.raises(InputError, match="2D"):
        checked_pair(PointSet(CLOUD[:, :2]), SET)


def test_who_says_mm_is_believed():
    voxels = PointSet(np.random.default_rng(1).integers(0, 256, (90, 3)))
    checked_pair(voxels, SET, units="mm")
    small = PointSet(CLOUD / 500, name="mouse")
    found = drift(small, small, parameters=DriftParameters(transform="rigid", units="mm"))
    assert found.moved_mm == pytest.approx(small.points, abs=1e-3)


def test_duplicates_are_told_of_and_do_no_harm():
    doubled = PointSet(np.concatenate([CLOUD, CLOUD[:30]]), name="doubled")
    found = drift(doubled, SET, parameters=DriftParameters(transform="rigid"))
    assert any("30 of 110 points" in warning for warning in found.warnings)
    assert found.moved_mm == pytest.approx(doubled.points, abs=0.1)


@pytest.mark.parametrize(("axes", "what"), [([1, 2], "a line"), ([2], "a plane")])
@pytest.mark.parametrize("transform", ["rigid", "similarity", "affine", "deformable"])
def test_clouds_on_a_line_or_plane_are_registered_and_not_turned_about_it(axes, what, transform):
    flat = CLOUD.copy()
    flat[:, axes] = 5.0
    shift = np.array([3.0, 1.0, -2.0])
    found = drift(PointSet(flat), PointSet(flat + shift), parameters=DriftParameters(transform=transform))
    assert any(what in warning for warning in found.warnings)
    along_itself = 12 if transform == "deformable" and what == "a line" else 0.5
    assert found.moved_mm == pytest.approx(flat + shift, abs=along_itself)
    assert found.moved_mm[:, axes] == pytest.approx((flat + shift)[:, axes], abs=0.5)
    assert found.start.matrix / found.scale == pytest.approx(np.eye(3), abs=0.02)


def test_a_label_in_one_cloud_only_is_told_of_and_the_others_are_matched():
    y_labels = np.where(CLOUD[:, 0] > 0, 1, 2)
    x_labels = np.where(CLOUD[:, 0] > 0, 1, 3)
    model = OrganModel.of(y_labels, x_labels, {1: "liver", 2: "spleen", 3: "bladder"})
    found = drift(PointSet(CLOUD, y_labels, name="y"), PointSet(CLOUD, x_labels, name="x"), model)
    said = "\n".join(found.warnings)
    assert "spleen (label 2)" in said
    assert "bladder (label 3)" in said
    assert found.moved_mm[y_labels == 1] == pytest.approx(CLOUD[y_labels == 1], abs=1)
    assert (found.outlier_probability[x_labels == 3] == 1).all()
    assert np.isnan(found.matched_mm[y_labels == 2]).all()
    assert (found.point_sd_mm[y_labels == 2] > 5).all()


def test_no_input_is_changed():
    points = CLOUD.copy()
    drift(PointSet(points), SET, parameters=DriftParameters(transform="affine"))
    assert np.array_equal(points, CLOUD)
