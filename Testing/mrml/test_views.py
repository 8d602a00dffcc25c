"""Views show what nodes hold: right side up, left and right as Slicer shows them, in the right colours."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.geometry import Image
from Testing import needs
from Testing.mrml.marked import (
    ANTERIOR,
    BODY,
    MARKERS,
    MIDDLE,
    OFF_CENTRE_MM,
    RIGHT,
    SUPERIOR,
    a_marked_phantom,
    oblique_left_handed,
    upright,
)

vtk = pytest.importorskip("vtk")
slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install 'regsuite[slicer]'")
pytestmark = pytest.mark.slicer

GRIDS = {"upright": upright, "oblique left-handed": oblique_left_handed}
PIXELS = 2.0
"""How far the centre of a marker may be from where it belongs."""


@pytest.fixture(autouse=True)
def _views():
    needs.views()


@pytest.fixture
def view(scene):
    """Makes slice views of an orientation; they are closed at the end."""
    from Testing.harness.views import SliceView

    names, views = iter(("Red", "Green", "Yellow")), []

    def make(orientation, **layers):
        views.append(SliceView(next(names), orientation))
        views[-1].show(**layers)
        return views[-1]

    yield make
    for one in views:
        one.close()


@pytest.fixture
def three_d(scene):
    from Testing.harness.views import ThreeDView

    view = ThreeDView()
    yield view
    view.close()


def a_volume(grid, *, window=(0, 255)):
    from RegSuite.mrml.volumes import volume_from_image

    node = volume_from_image(a_marked_phantom(grid))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetInterpolate(0)
    node.GetDisplayNode().SetWindowLevelMinMax(*window)
    return node


def centre_of(picture, colour, tolerance=6):
    """(right, up) in pixels of the middle of all pixels of a colour, from the middle of the picture."""
    wanted = np.broadcast_to(colour, 3)
    rows, columns = np.nonzero((np.abs(picture.astype(int) - wanted) <= tolerance).all(-1))
    assert rows.size > 20, f"only {rows.size} pixels of colour {colour}"
    height, width, _ = picture.shape
    return columns.mean() - (width - 1) / 2, (height - 1) / 2 - rows.mean()


def mm_per_pixel(view):
    return view.node.GetFieldOfView()[0] / view.window.GetSize()[0]


@pytest.mark.parametrize("make_grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize(
    ("orientation", "marker", "direction"),
    [
        ("Axial", RIGHT, (-1, 0)),  # the patient's right on the screen's left
        ("Axial", ANTERIOR, (0, 1)),
        ("Coronal", RIGHT, (-1, 0)),
        ("Coronal", SUPERIOR, (0, 1)),
        ("Sagittal", ANTERIOR, (-1, 0)),  # the nose points to the screen's left
        ("Sagittal", SUPERIOR, (0, 1)),
    ],
)
def test_each_side_is_where_slicer_shows_it(make_grid, orientation, marker, direction, view):
    shown = view(orientation, background=a_volume(make_grid()))
    shown.node.JumpSliceByCentering(*(MIDDLE * (-1, -1, 1)))
    expected = np.multiply(direction, OFF_CENTRE_MM / mm_per_pixel(shown))
    assert centre_of(shown.image(), marker) == pytest.approx(expected, abs=PIXELS)


def test_the_view_knows_where_a_point_is(view):
    shown = view("Coronal", background=a_volume(upright()))
    row, column = shown.pixel(MARKERS[RIGHT] * (-1, -1, 1))
    assert shown.image()[row, column] == pytest.approx(RIGHT, abs=2)


def test_a_volume_under_a_transform_moves_on_the_screen(view):
    node, shift = a_volume(upright()), slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shown = view("Axial", background=node)
    before = centre_of(shown.image(), RIGHT)
    to_world = vtk.vtkMatrix4x4()
    to_world.SetElement(0, 3, 12.0)  # towards the patient's right
    to_world.SetElement(1, 3, 8.0)  # towards the front
    shift.SetMatrixTransformToParent(to_world)
    node.SetAndObserveTransformNodeID(shift.GetID())
    moved = np.subtract(centre_of(shown.image(), RIGHT), before) * mm_per_pixel(shown)
    assert moved == pytest.approx((-12.0, 8.0), abs=1.0)


def test_the_foreground_lies_over_the_background_by_its_opacity(view):
    bright, dark = a_volume(upright()), a_volume(upright(), window=(0, 2550))
    shown = view("Axial", background=bright, foreground=dark, opacity=0.75)
    row, column = shown.pixel(MIDDLE * (-1, -1, 1))
    assert shown.image()[row, column] == pytest.approx(0.25 * BODY + 0.75 * BODY / 10, abs=2)


def test_labels_have_the_colours_of_their_table(view):
    from RegSuite.mrml.volumes import label_volume_from_image

    image = a_marked_phantom(upright())
    labels = (image.data == RIGHT).int() + 2 * (image.data == ANTERIOR).int()
    node = label_volume_from_image(Image(labels, image.grid, name="organs"), {1: "right", 2: "front"})
    shown = view("Axial", label=node)
    shown.node.JumpSliceByCentering(*(MIDDLE * (-1, -1, 1)))
    picture = shown.image()
    for label, marker in ((1, RIGHT), (2, ANTERIOR)):
        colour = [0.0] * 4
        node.GetDisplayNode().GetColorNode().GetColor(label, colour)
        row, column = shown.pixel(MARKERS[marker] * (-1, -1, 1))
        assert picture[row, column] == pytest.approx(np.multiply(colour[:3], 255), abs=2)
    assert picture[5, 5] == pytest.approx(0)


def test_a_colour_legend_shows_the_ends_of_the_map(view):
    node = a_volume(upright())
    node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
    shown = view("Axial", background=node)
    without = shown.image()
    logic = slicer.modules.colors.logic()
    logic.AddDefaultColorLegendDisplayNode(node).SetVisibility(True)
    changed = (shown.image() != without).any(-1)
    columns = np.nonzero(changed)[1]
    assert changed.sum() > 500
    assert columns.min() > shown.window.GetSize()[0] / 2  # it stands on the screen's right
    legend = shown.image()[changed]
    for index in (0, 255):
        colour = [0.0] * 4
        node.GetDisplayNode().GetColorNode().GetColor(index, colour)
        assert (np.abs(legend - np.multiply(colour[:3], 255)).max(-1) < 30).any()


def test_a_deformation_is_drawn_as_a_grid(view):
    shown = view("Axial", background=a_volume(upright()))
    without = shown.image()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetVisualizationMode(display.VIS_MODE_GRID)
    display.SetGridSpacingMm(20.0)
    display.SetVisibility(True)
    display.SetVisibility2D(True)
    changed = (shown.image() != without).any(-1)
    step = 20.0 / mm_per_pixel(shown)
    lines = np.nonzero(changed.mean(axis=0) > 0.8)[0]
    gaps = np.diff(lines[np.insert(np.diff(lines) > 3, 0, True)])
    assert len(gaps) >= 3
    assert gaps == pytest.approx(step, abs=1.5)


@pytest.mark.parametrize(
    ("looked_at_from", "marker", "direction"),
    [
        ("Anterior", RIGHT, (-1, 0)),
        ("Anterior", SUPERIOR, (0, 1)),
        ("Posterior", RIGHT, (1, 0)),
        ("Right", ANTERIOR, (1, 0)),
        ("Left", ANTERIOR, (-1, 0)),
        ("Superior", ANTERIOR, (0, -1)),  # Slicer's own choice: seen from above, the back is on top
    ],
)
def test_models_stand_upright_in_the_3d_view(looked_at_from, marker, direction, three_d):
    for value, centre in MARKERS.items():
        ball = vtk.vtkSphereSource()
        ball.SetCenter(*(centre * (-1, -1, 1)))
        ball.SetRadius(6.0)
        ball.Update()
        model = slicer.modules.models.logic().AddModel(ball.GetOutput())
        model.GetDisplayNode().SetColor(*((1, 0, 0) if value == marker else (0, 1, 0)))
        model.GetDisplayNode().SetLighting(False)
    three_d.look_from(looked_at_from)
    picture = three_d.image()
    others = centre_of(picture, (0, 255, 0), 40)
    away = np.subtract(centre_of(picture, (255, 0, 0), 40), others)
    assert np.dot(away, direction) > 20  # pixels


def test_four_views_make_one_picture(four_up, tmp_path):
    four_up.show(background=a_volume(upright()))
    picture = four_up.image()
    width, height = four_up.red.window.GetSize()
    assert picture.shape == (2 * height + 4, 2 * width + 4, 3)
    np.testing.assert_array_equal(picture[:height, :width], four_up.red.image())
    np.testing.assert_array_equal(picture[-height:, -width:], four_up.yellow.image())
    assert four_up.png(tmp_path / "views.png").stat().st_size > 1000
