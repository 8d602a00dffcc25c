"""Views show layers, labels, colour legends and deformation grids in the right colours and places."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.geometry import Image
from Testing.mrml.gate import slicer
from Testing.mrml.marked import (
    ANTERIOR,
    BODY,
    MARKERS,
    MIDDLE,
    RIGHT,
    a_marked_phantom,
    oblique_left_handed,
    upright,
)
from Testing.mrml.on_screen import a_volume, mm_per_pixel

pytestmark = pytest.mark.slicer


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


@pytest.mark.parametrize("make_grid", [upright, oblique_left_handed])
def test_segments_are_filled_in_their_colours_where_they_are(make_grid, view):
    from RegSuite.mrml.segmentations import segmentation_from_labels

    image = a_marked_phantom(make_grid())
    labels = (image.data == RIGHT).int() + 2 * (image.data == ANTERIOR).int()
    node = segmentation_from_labels(Image(labels, image.grid, name="organs"), {1: "right", 2: "front"})
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetOpacity2DFill(1.0)
    shown = view("Axial", background=a_volume(upright(), window=(1000, 2000)))  # black behind the segments
    shown.node.JumpSliceByCentering(*(MIDDLE * (-1, -1, 1)))
    picture = shown.image()
    for number, marker in enumerate((RIGHT, ANTERIOR)):
        colour = np.multiply(node.GetSegmentation().GetNthSegment(number).GetColor(), 255)
        row, column = shown.pixel(MARKERS[marker] * (-1, -1, 1))
        assert picture[row, column] == pytest.approx(colour, abs=3)
    row, column = shown.pixel(MIDDLE * (-1, -1, 1))
    assert picture[row, column] == pytest.approx(0, abs=3)


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
