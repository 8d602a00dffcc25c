"""TRE at landmarks whose error is known."""

import numpy as np
import pytest

from RegSuite.errors import GeometryError, MethodFailed
from RegSuite.geometry import PointSet
from RegSuite.quality import tre_mm
from Testing.quality.transforms import Shift


@pytest.mark.parametrize("ndim", [2, 3])
def test_identity_on_points_moved_by_known_amounts_gives_their_statistics(ndim):
    fixed = np.zeros((3, ndim))
    moving = fixed.copy()
    moving[:, 0] = [1.0, 2.0, 6.0]
    tre = tre_mm(Shift([0.0] * ndim), PointSet(fixed), PointSet(moving))
    assert tre["mean"] == pytest.approx(3.0)
    assert tre["sd"] == pytest.approx(np.sqrt((4 + 1 + 9) / 2))
    assert tre["p95"] == pytest.approx(2.0 + 0.9 * 4.0)
    assert tre["max"] == 6.0
    assert tre["n"] == 3


def test_the_translation_that_made_the_points_has_no_error():
    points = np.random.default_rng(0).uniform(-100, 100, (20, 3))
    shift = [3.0, -4.0, 12.0]
    exact = tre_mm(Shift(shift), PointSet(points), PointSet(points + shift))
    assert exact["max"] < 1e-9
    assert tre_mm(Shift([0.0] * 3), PointSet(points), PointSet(points + shift))["mean"] == pytest.approx(13.0)


def test_the_direction_is_fixed_to_moving():
    points = np.zeros((2, 3))
    wrong_way = tre_mm(Shift([-5.0, 0, 0]), PointSet(points), PointSet(points + [5.0, 0, 0]))
    assert wrong_way["mean"] == pytest.approx(10.0)


def test_one_pair_has_no_standard_deviation():
    tre = tre_mm(Shift([1.0, 0, 0]), PointSet(np.zeros((1, 3))), PointSet(np.zeros((1, 3))))
    assert "sd" not in tre
    assert tre["mean"] == tre["p95"] == tre["max"] == 1.0


def test_unequal_counts_and_order_are_refused_with_words():
    three, two = PointSet(np.zeros((3, 3)), name="f.csv"), PointSet(np.zeros((2, 3)), name="m.csv")
    with pytest.raises(GeometryError, match="3 fixed and 2 moving landmarks do not make pairs"):
        tre_mm(Shift([0.0] * 3), three, two)
    a = PointSet(np.zeros((2, 3)), names=("carina", "apex"))
    b = PointSet(np.zeros((2, 3)), names=("carina", "base"))
    with pytest.raises(GeometryError, match="row 1 is 'apex' among the fixed landmarks and 'base'"):
        tre_mm(Shift([0.0] * 3), a, b)


def test_points_that_only_their_list_has_named_are_paired_by_their_numbers():
    def named(*names):
        return PointSet(np.zeros((len(names), 3)), names=names)

    assert tre_mm(Shift([0.0] * 3), named("Fixed-1", "Fixed-2"), named("F_1-1", "F_1-2"))["n"] == 2
    with pytest.raises(GeometryError, match="row 1 is 'F-2' among the fixed landmarks and 'M-3'"):
        tre_mm(Shift([0.0] * 3), named("F-1", "F-2"), named("M-1", "M-3"))
    with pytest.raises(GeometryError, match="row 0 is 'T1' among the fixed landmarks and 'L1'"):
        tre_mm(Shift([0.0] * 3), named("T1", "T2"), named("L1", "L2"))
    with pytest.raises(GeometryError, match="row 0 is 'A-1' among"):
        tre_mm(Shift([0.0] * 3), named("A-1", "B-2"), named("C-1", "C-2"))


def test_planar_landmarks_under_a_transform_of_space_are_refused():
    flat = PointSet(np.zeros((2, 2)))
    with pytest.raises(GeometryError, match="landmarks of 2 and 2 coordinates under a transform of 3"):
        tre_mm(Shift([0.0] * 3), flat, flat)


def test_a_transform_that_is_not_finite_fails_rather_than_giving_nan():
    points = PointSet(np.zeros((4, 3)))
    with pytest.raises(MethodFailed, match="not finite at 4 of 4 landmarks"):
        tre_mm(Shift([float("nan"), 0, 0]), points, points)


def test_the_callers_points_are_left_as_they_were():
    points = np.arange(6.0).reshape(2, 3)
    fixed, moving = PointSet(points), PointSet(points + 1)
    tre_mm(Shift([1.0, 1.0, 1.0]), fixed, moving)
    assert np.array_equal(fixed.points, np.arange(6.0).reshape(2, 3))
    assert np.array_equal(moving.points, np.arange(6.0).reshape(2, 3) + 1)
