"""Views show what nodes hold: right side up, left and right as Slicer shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from Testing.mrml.gate import slicer, vtk
from Testing.mrml.marked import (
    ANTERIOR,
    MARKERS,
    MIDDLE,
    OFF_CENTRE_MM,
    RIGHT,
    SUPERIOR,
    a_marked_phantom,
    oblique_left_handed,
    upright,
)
from Testing.mrml.on_screen import a_volume, centre_of, mm_per_pixel

pytestmark = pytest.mark.slicer

GRIDS = {"upright": upright, "oblique left-handed": oblique_left_handed}
PIXELS = 2.0
"""How far the centre of a marker may be from where it belongs."""


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


def test_a_moving_volume_under_a_deformation_is_seen_on_the_fixed_one(view):
    from RegSuite.mrml.transforms import node_from_transform
    from RegSuite.mrml.volumes import volume_from_image
    from RegSuite.transforms import DisplacementTransform

    fixed, shift = a_marked_phantom(upright()), np.array([7.0, -5.0, 4.0])
    moving = replace(fixed, grid=replace(fixed.grid, origin=tuple(fixed.grid.origin + shift)), name="moving")
    field = torch.tensor(shift).float()[:, None, None, None].expand(3, *fixed.grid.shape)
    nodes = [volume_from_image(image) for image in (fixed, moving)]
    nodes[1].SetAndObserveTransformNodeID(
        node_from_transform(DisplacementTransform(field, fixed.grid)).GetID()
    )
    pictures = []
    for node in nodes:
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(0, 255)
        shown = view("Coronal", background=node)
        shown.node.JumpSliceByCentering(*(MIDDLE * (-1, -1, 1)))
        pictures.append(shown.image())
    places = [[centre_of(picture, marker, 8) for marker in (RIGHT, SUPERIOR)] for picture in pictures]
    assert np.ravel(places[1]) == pytest.approx(np.ravel(places[0]), abs=PIXELS / 2)


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
