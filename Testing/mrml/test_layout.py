"""A result is put into the views so that its place of interest is seen at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from RegSuite.geometry import Grid
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.space import to_ras
from Testing.mrml.gate import slicer
from Testing.mrml.marked import MARKERS, MIDDLE, OFF_CENTRE_MM, RADIUS_MM, RIGHT, oblique_left_handed
from Testing.mrml.small_result import FLAT, a_result

pytestmark = pytest.mark.slicer

NAMES = ("Red", "Green", "Yellow")


def _shown(content, scene, **extra):
    nodes = {**nodes_of(content), **extra}
    show_nodes(nodes, content)
    slices = {name: scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in NAMES}
    layers = {name: scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode") for name in NAMES}
    return nodes, slices, layers


def _layout(scene, monkeypatch=None):
    """A layout node as Slicer's window has one."""
    node = slicer.vtkMRMLLayoutNode()
    node.SetSingletonTag("vtkMRMLLayoutNode")
    for number in (3, 6, 7, 8):
        node.AddLayoutDescription(number, '<layout type="horizontal"/>')
    return scene.AddNode(node)


def test_every_slice_view_shows_warped_over_fixed_by_half_and_linked(scene):
    nodes, _, layers = _shown(a_result(), scene)
    for layer in layers.values():
        assert layer.GetBackgroundVolumeID() == nodes["fixed"].GetID()
        assert layer.GetForegroundVolumeID() == nodes["warped"].GetID()
        assert layer.GetForegroundOpacity() == 0.5
        assert layer.GetLinkedControl()


def test_a_label_map_goes_into_the_label_layer_as_outlines(scene):
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    content = a_result()
    show_nodes(nodes_of(content, targets={"warped_labels": labels}), content)
    assert scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode").GetLabelVolumeID() == labels.GetID()
    assert scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetUseLabelOutline()


@pytest.mark.parametrize("grid", [None, oblique_left_handed()], ids=["upright", "oblique"])
def test_all_slices_cut_through_the_centre_and_what_is_there_fills_them(grid, scene):
    centre = MARKERS[RIGHT]
    _, slices, _ = _shown(a_result(grid, centre_mm=tuple(centre)), scene)
    body = MIDDLE + (OFF_CENTRE_MM + RADIUS_MM) * np.array(list(product((-1, 1), repeat=3)))
    for node in slices.values():
        matrix = np.array([[node.GetSliceToRAS().GetElement(i, j) for j in range(4)] for i in range(4)])
        there = np.linalg.inv(matrix) @ np.append(to_ras(centre), 1)
        assert there[2] == pytest.approx(0, abs=1e-6)
        seen = np.linalg.inv(matrix)[:2] @ np.c_[to_ras(body), np.ones(8)].T
        field = np.array(node.GetFieldOfView()[:2])
        assert (2 * np.abs(seen).max(axis=1) <= field).all()
        assert field[1] < 5.5 * np.abs(seen).max()  # and not from far away, in an oblique box too


def test_three_planes_and_3d_are_laid_out_as_four_up_with_the_planes_in_space(scene):
    layout = _layout(scene)
    _, slices, _ = _shown(a_result(), scene)
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    assert all(node.GetSliceVisible() for node in slices.values())
    assert [slices[name].GetOrientation() for name in NAMES] == ["Axial", "Coronal", "Sagittal"]


def test_a_2d_result_has_one_view(scene):
    layout = _layout(scene)
    _, slices, _ = _shown(a_result(FLAT), scene)
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert not any(node.GetSliceVisible() for node in slices.values())
    assert slices["Red"].GetSliceOffset() == pytest.approx(0)


def test_a_single_oblique_coronal_slice_is_seen_in_its_own_plane(scene):
    layout = _layout(scene)
    turn = np.deg2rad(20)
    right, up = np.array([np.cos(turn), np.sin(turn), 0]), np.array([0, 0, 1.0])
    grid = Grid.make(
        (40, 30, 1), (2, 2, 5), (-30, 5, -20), np.stack([right, up, np.cross(right, up)], axis=1)
    )
    _, slices, _ = _shown(a_result(grid, centre_mm=None), scene)
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpGreenSliceView
    matrix = slices["Green"].GetSliceToRAS()
    axes = np.array([[matrix.GetElement(i, j) for j in range(3)] for i in range(3)])
    assert np.abs(axes[:, 2] @ (np.cross(right, up) * (-1, -1, 1))) == pytest.approx(1, abs=1e-6)
    assert axes[0, 0] < 0  # the patient's left on the screen's right
    assert axes[2, 1] == pytest.approx(1)  # head up


def test_views_stay_as_they_are_where_there_is_no_background(scene):
    content = a_result()
    kept = {role: item for role, item in content.items.items() if role != "fixed"}
    _, _, layers = _shown(replace(content, items=kept), scene)
    assert all(layer is None for layer in layers.values())


def test_air_around_a_body_is_left_out(scene):
    wide = Grid.make((120, 90, 50), 2.0, tuple(MIDDLE - (119, 89, 49)))
    _, slices, _ = _shown(a_result(wide), scene)
    assert slices["Red"].GetFieldOfView()[1] < 130  # the body has 80 mm, the image 180 mm
