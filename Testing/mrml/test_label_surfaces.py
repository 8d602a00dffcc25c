"""Labels are seen in 3D: as closed surfaces in their places and colours, the user's nodes as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from RegSuite.geometry import ArrayImage, Grid
from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.label_surfaces import COLOURS, MOST_LABELS, SEE_THROUGH, SOLID, label_surfaces
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.scene import MrmlScene
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.space import to_lps
from Testing.mrml.gate import slicer
from Testing.mrml.small_result import FLAT, a_result

pytestmark = pytest.mark.slicer

TURN = np.deg2rad(20)
OBLIQUE = np.array([[np.cos(TURN), np.sin(TURN), 0], [np.sin(TURN), -np.cos(TURN), 0], [0, 0, 1.0]])
GRIDS = {
    "upright": Grid.make((60, 70, 40), (1.0, 1.0, 1.5), (-30.0, -35.0, -30.0)),
    "oblique left-handed": Grid.make((70, 60, 30), (1.0, 1.2, 2.0), (-45.0, 20.0, -30.0), OBLIQUE),
}


def balls(grid, *placed):
    """Labels of balls: (label, offset from the grid's centre in mm, radius in mm), later over earlier."""
    points = grid.all_points()
    values = np.zeros((1, *grid.shape), dtype=np.int32)
    for label, offset, radius in placed:
        values[0][np.linalg.norm(points - grid.centre - offset, axis=-1) <= radius] = label
    return ArrayImage(values, grid, "balls")


def colours(surface):
    return vtk_to_numpy(surface.GetPointData().GetArray(COLOURS))


@pytest.mark.parametrize("name", GRIDS)
def test_a_ball_becomes_a_closed_surface_of_its_place_size_and_colour_that_looks_outwards(name):
    grid, offset = GRIDS[name], np.array([4.0, -3.0, 2.0])
    surface = finish(label_surfaces(balls(grid, (3, offset, 14.0))))
    edges = vtk.vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0  # neither open nor branching
    away = vtk_to_numpy(surface.GetPoints().GetData()) - (grid.centre + offset)
    radii = np.linalg.norm(away, axis=1)
    assert away.mean(axis=0) == pytest.approx([0, 0, 0], abs=0.3)
    assert radii.mean() == pytest.approx(14.0, abs=0.5)
    assert radii.std() < 0.5
    normals = vtk_to_numpy(surface.GetPointData().GetNormals())
    assert ((normals * away).sum(axis=1) / radii).min() > 0.5
    assert (colours(surface) == np.round(255 * np.array([*colour_of(3), SOLID]))).all()


def test_labels_at_the_border_of_the_image_are_closed_as_well():
    values = np.ones((1, 8, 9, 10), dtype=np.int16)
    surface = finish(
        label_surfaces(ArrayImage(values, Grid.make((10, 9, 8), (2.0, 2.0, 2.0), (0, 0, 0)), "all"))
    )
    measure = vtk.vtkMassProperties()
    measure.SetInputData(surface)
    assert measure.GetVolume() == pytest.approx(8 * 9 * 10 * 8, rel=0.1)


def test_a_label_that_encloses_others_is_seen_through():
    grid = GRIDS["upright"]
    image = balls(grid, (1, (0, 0, 0), 24.0), (2, (8, 0, 0), 5.0), (7, (-8, 2, 0), 6.0))
    found = {tuple(row) for row in colours(finish(label_surfaces(image)))}
    assert found == {
        tuple(np.round(255 * np.array([*colour_of(label), opacity])).astype(int))
        for label, opacity in ((1, SEE_THROUGH), (2, SOLID), (7, SOLID))
    }


@pytest.mark.parametrize("highest", [0, MOST_LABELS + 1])
def test_no_label_and_too_many_make_no_surface(highest):
    values = (np.arange(1000).reshape(1, 10, 10, 10) % (highest + 1)).astype(np.int32)
    image = ArrayImage(values, Grid.make((10, 10, 10), (1.0, 1.0, 1.0), (0, 0, 0)), "many")
    assert finish(label_surfaces(image)) is None


def test_a_slice_makes_no_surface():
    assert "surfaces" not in nodes_of(a_result(FLAT))


def test_the_model_stands_where_the_labels_are_in_3d_only_and_a_second_run_fills_it_anew(scene):
    content = a_result()
    model = nodes_of(content)["surfaces"]
    labels = content.items["fixed_labels"]
    points = to_lps(slicer.util.arrayFromModelPoints(model))
    inside = labels.grid.all_points()[labels.data[0].numpy() > 0]
    assert points.min(axis=0) == pytest.approx(inside.min(axis=0), abs=3)
    assert points.max(axis=0) == pytest.approx(inside.max(axis=0), abs=3)
    display = model.GetDisplayNode()
    assert (display.GetVisibility3D(), display.GetVisibility2D()) == (1, 0)
    assert nodes_of(content)["surfaces"] is model
    assert nodes_of(replace(content, name="another result"))["surfaces"] is not model


def test_the_users_segmentation_gets_no_surfaces_itself(scene):
    content = a_result()
    own = nodes_of(content)["fixed_labels"]
    before, size = own.GetMTime(), own.GetSegmentation().GetMTime()
    given = replace(content, items={**content.items, "fixed_labels": own}, name="with nodes")
    ours = slicer.util.arrayFromModelPoints(nodes_of(given)["surfaces"])
    assert ours == pytest.approx(slicer.util.arrayFromModelPoints(nodes_of(content)["surfaces"]), abs=1e-3)
    assert (own.GetMTime(), own.GetSegmentation().GetMTime()) == (before, size)


def test_the_labels_are_seen_in_the_3d_view_of_the_file(tmp_path, four_up):
    MrmlScene().write(a_result(), tmp_path / "scene.mrb")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    with_labels = four_up.three_d.image().astype(int)
    slicer.util.getNode("second to first: fixed labels in 3D").GetDisplayNode().SetVisibility(False)
    changed = np.abs(with_labels - four_up.three_d.image()).max(-1) > 30
    colour = 255 * np.array(colour_of(1))
    shade = with_labels[changed] @ colour / np.linalg.norm(colour)
    alike = shade / np.linalg.norm(with_labels[changed], axis=1).clip(min=1)
    assert (alike > 0.95).sum() > 50  # the marker, in the hue of label 1
