"""The cloud that is seen moving while a run works: where it is, in its organs' colours, gone afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from Testing import needs


@pytest.fixture
def cloud(scene):
    from RegSuite.mrml.moving_cloud import MovingCloud

    made = MovingCloud(scene)
    yield made
    made.remove()


def points(count=50, seed=0):
    return np.random.default_rng(seed).normal(scale=30.0, size=(count, 3)).astype(np.float32)


def shown(scene, name):
    """(points in RAS, colours) of the node of that name."""
    from vtk.util.numpy_support import vtk_to_numpy

    mesh = scene.GetFirstNodeByName(name).GetPolyData()
    assert mesh.GetNumberOfVerts() == mesh.GetNumberOfPoints()
    return vtk_to_numpy(mesh.GetPoints().GetData()), vtk_to_numpy(mesh.GetPointData().GetScalars())


def test_points_stand_where_they_are_in_the_colours_of_their_organs(scene, cloud):
    from RegSuite.mrml.colours import colour_of

    where, organs = points(), np.arange(50) % 3 + 1
    cloud.know_organs(organs[:, None].astype(np.float32))
    cloud.show_moving(where)
    seen, colours = shown(scene, "moving cloud")
    assert np.allclose(seen, where * [-1, -1, 1])
    assert np.allclose(colours[4] / 255, colour_of(2), atol=1 / 255)
    cloud.show_moving(where + 1)
    assert np.allclose(shown(scene, "moving cloud")[0], (where + 1) * [-1, -1, 1])
    assert scene.GetNodesByName("moving cloud").GetNumberOfItems() == 1


def test_what_is_not_finite_is_not_drawn_and_2d_points_lie_in_their_plane(scene, cloud):
    where = points()[:, :2]
    where[3] = np.nan
    cloud.show_moving(where)
    seen, colours = shown(scene, "moving cloud")
    assert len(seen) == 49
    assert not seen[:, 2].any()
    assert len({tuple(colour) for colour in colours.tolist()}) == 1  # no organ was named


def test_nothing_of_it_is_saved_offered_or_left(scene, cloud, tmp_path):
    before = scene.GetNumberOfNodesByClass("vtkMRMLDisplayableNode")
    cloud.show_target(points(seed=1))
    cloud.show_moving(points())
    for name in ("moving cloud", "target cloud"):
        node = scene.GetFirstNodeByName(name)
        assert node.GetHideFromEditors()
        assert not node.GetSaveWithScene()
        assert not node.GetDisplayNode().GetSaveWithScene()
    cloud.remove()
    assert scene.GetNumberOfNodesByClass("vtkMRMLDisplayableNode") == before
    assert scene.GetFirstNodeByName("moving cloud display") is None
    cloud.remove()  # twice is once


def test_a_cloud_that_the_user_deletes_does_not_come_back(scene, cloud):
    cloud.show_moving(points())
    scene.RemoveNode(scene.GetFirstNodeByName("moving cloud"))
    cloud.show_moving(points())
    assert scene.GetFirstNodeByName("moving cloud") is None


def test_twenty_thousand_points_are_shown_in_a_few_hundredths_of_a_second(scene, cloud):
    import time

    where = points(20_000)
    cloud.know_organs(np.arange(20_000) % 5)
    cloud.show_moving(where)
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        cloud.show_moving(where)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.05


def test_the_camera_is_turned_to_both_clouds_once(scene, cloud):
    needs.views()
    cloud.show_target(points() + [200, 0, 0])
    cloud.show_moving(points())
    camera = scene.GetSingletonNode("1", "vtkMRMLCameraNode")
    assert np.allclose(camera.GetFocalPoint()[0], -100, atol=40)
    camera.SetFocalPoint(1, 2, 3)
    cloud.show_moving(points() + 5)
    assert camera.GetFocalPoint() == (1, 2, 3)
