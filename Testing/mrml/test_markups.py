"""Landmarks as point lists and back."""

import numpy as np
import pytest

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import PointSet
from RegSuite.io.points import read_points
from RegSuite.mrml.markups import markups_from_points, points_from_markups
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.through import a_linear, a_thin_plate_spline

pytestmark = pytest.mark.slicer

PLACES = np.array([[10.0, -20.0, 30.0], [0.5, 1.5, -2.5]])


def test_points_come_back_with_names_and_labels():
    given = PointSet(PLACES, labels=np.array([4, 9]), names=("tip", "base"), name="landmarks")
    back = points_from_markups(markups_from_points(given))
    assert np.array_equal(back.points, PLACES)
    assert back.labels.tolist() == [4, 9]
    assert (back.names, back.name) == (("tip", "base"), "landmarks")


def test_slicer_has_the_point_in_ras():
    node = markups_from_points(PointSet(PLACES, names=("tip", "base")))
    assert np.allclose(node.GetNthControlPointPosition(0), [-10.0, 20.0, 30.0])
    assert node.GetNthControlPointLabel(1) == "base"


def test_2d_points_come_back_2d():
    back = points_from_markups(markups_from_points(PointSet(PLACES[:, :2])))
    assert np.array_equal(back.points, PLACES[:, :2])
    assert back.labels is None


def test_points_off_the_plane_of_2d_images_are_refused_by_name():
    node = markups_from_points(PointSet(PLACES, names=("tip", "base")))
    with pytest.raises(GeometryError, match="2 of 2 points are not in the plane.*'tip' at z = 30 mm"):
        points_from_markups(node, ndim=2)
    flat = markups_from_points(PointSet(PLACES * [1, 1, 0]))
    assert points_from_markups(flat, ndim=2).ndim == 2


def test_parents_are_applied_linear_or_not():
    node = markups_from_points(PointSet(PLACES))
    bend = a_thin_plate_spline()
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, 3.0)
    lower = a_linear(shift, parent=bend)
    node.SetAndObserveTransformNodeID(lower.GetID())
    wanted = []
    for row in range(2):
        place = [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(row, place)
        wanted.append(place)
    assert np.allclose(points_from_markups(node).points * [-1, -1, 1], wanted)
    assert np.allclose(points_from_markups(node, inside=bend).points, PLACES + [-1.0, -2.0, 3.0])
    assert np.array_equal(points_from_markups(node, inside=lower).points, PLACES)


def test_points_without_a_position_are_refused_by_their_names():
    node = markups_from_points(PointSet(np.vstack([PLACES, PLACES]), names=("a", "b", "c", "d")))
    node.SetNthControlPointPositionMissing(1)
    node.UnsetNthControlPointPosition(3)
    with pytest.raises(InputError, match="marked as missing: b; not placed yet: d") as caught:
        points_from_markups(node, "fixed points")
    assert "both lists" in caught.value.mend


def test_an_empty_list_is_refused():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "none yet")
    with pytest.raises(InputError, match="'none yet' has no points"):
        points_from_markups(node)


def test_a_curve_gives_its_control_points():
    curve = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsCurveNode", "border")
    for place in ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)):
        curve.AddControlPoint(vtk.vtkVector3d(*place))
    assert np.allclose(points_from_markups(curve).points, [[-1, -2, 3], [-4, -5, 6]])


def test_an_output_list_is_filled_anew():
    node = markups_from_points(PointSet(np.vstack([PLACES, PLACES])), name="mine")
    node.SetAndObserveTransformNodeID(a_linear(np.diag([2.0, 1, 1, 1])).GetID())
    assert markups_from_points(PointSet(PLACES, names=("x", "y")), node=node) is node
    assert (node.GetName(), node.GetNumberOfControlPoints()) == ("mine", 2)
    assert np.array_equal(points_from_markups(node).points, PLACES)


def test_points_from_a_csv_stand_where_the_csv_says(tmp_path):
    (tmp_path / "points.csv").write_text("x,y,z,name\n10,-20,30,tip\n")
    node = markups_from_points(read_points(tmp_path / "points.csv"))
    assert np.allclose(node.GetNthControlPointPosition(0), [-10.0, 20.0, 30.0])
