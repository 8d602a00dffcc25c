"""Two images are compared in the views; afterwards the views and the scene are as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.mrml.compare import DIFFERENCE_HINT, Comparison
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.volumes import volume_from_image
from Testing.mrml.gate import slicer
from Testing.mrml.marked import BODY, MARKERS, MIDDLE, RIGHT, upright
from Testing.mrml.on_screen import a_volume, mm_per_pixel
from Testing.mrml.small_result import a_result

pytestmark = pytest.mark.slicer

INSIDE = MIDDLE + (8, 4, 0)
"""LPS mm; a place in the body away from markers and landmarks."""
RAS = np.array([-1, -1, 1])


def _state(scene):
    """What the slice views show, what is visible and which nodes there are."""
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    displays = slicer.util.getNodesByClass("vtkMRMLDisplayNode")
    return (
        layers.GetBackgroundVolumeID(),
        layers.GetForegroundVolumeID(),
        layers.GetForegroundOpacity(),
        {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")},
        {node.GetID(): node.GetVisibility() for node in displays},
    )


@pytest.fixture
def pair(four_up):
    """The phantom twice, the second at half the brightness of its window: views centred on its middle."""
    fixed, warped = a_volume(upright()), a_volume(upright(), window=(0, 510))
    four_up.show(background=fixed, foreground=warped)
    for view in four_up.slices:
        view.node.JumpSliceByCentering(*(MIDDLE * RAS))
    return fixed, warped


@pytest.fixture
def red(four_up):
    """The brightness of the red view at a place in LPS mm."""
    return lambda place: four_up.red.image()[four_up.red.pixel(np.asarray(place) * RAS)].astype(int)


def test_fading_mixes_the_two_by_the_fraction(pair, red):
    comparison = Comparison(*pair)
    for fraction in (0.0, 0.25, 1.0):
        comparison.fade(fraction)
        assert red(INSIDE) == pytest.approx(BODY * (1 - fraction) + BODY / 2 * fraction, abs=2)


def test_flicker_shows_one_and_the_other_in_turn(pair, red):
    comparison = Comparison(*pair)
    comparison.fade(0.5)
    seen = []
    for _ in range(4):
        comparison.flicker()
        seen.append(int(red(INSIDE)[0]))
    assert seen == pytest.approx([BODY / 2, BODY, BODY / 2, BODY], abs=2)


def test_a_checkerboard_has_cubes_of_both_as_bright_as_they_are_shown(pair, red):
    comparison = Comparison(*pair)
    comparison.checkerboard(tiles=5)  # 100 mm: cubes of 20 mm
    corner = np.array(upright().origin)
    places = [corner + (x, 50, 50) for x in (50, 70)]  # the middles of two neighbours
    bright, dark = sorted(int(red((*place[:2], MIDDLE[2]))[0]) for place in places)[::-1]
    assert (bright, dark) == pytest.approx((BODY, BODY / 2), abs=3)


def test_the_difference_is_grey_where_both_are_equal_and_orange_where_the_warped_is_brighter(four_up, red):
    fixed = a_volume(upright())
    values = slicer.util.arrayFromVolume(fixed).astype(np.float32)
    values[:, :, 30:] += 40  # the patient's left
    warped = volume_from_image(Image(torch.from_numpy(values)[None], upright(), name="warped"))
    warped.GetDisplayNode().SetAutoWindowLevel(False)
    warped.GetDisplayNode().SetWindowLevelMinMax(0, 255)
    four_up.show(background=fixed, foreground=warped)
    four_up.red.node.JumpSliceByCentering(*(MIDDLE * RAS))
    Comparison(fixed, warped).difference()
    equal, brighter = red(MIDDLE - (8, 0, 0)), red(MIDDLE + (25, 0, 0))
    assert equal == pytest.approx(128, abs=3)
    assert brighter[0] > 200 > brighter[2]
    assert "one modality" in DIFFERENCE_HINT


def test_images_on_different_grids_are_compared_where_they_lie(pair, red):
    fixed, _ = pair
    coarse = upright().coarser((2, 2, 2))
    from Testing.mrml.marked import a_marked_phantom

    other = volume_from_image(replace(a_marked_phantom(coarse), name="coarse"))
    other.GetDisplayNode().SetAutoWindowLevel(False)
    other.GetDisplayNode().SetWindowLevelMinMax(0, 255)
    Comparison(fixed, other).difference()
    assert red(INSIDE) == pytest.approx(128, abs=4)
    assert red(MARKERS[RIGHT]) == pytest.approx(128, abs=4)


@pytest.fixture
def shown_result(four_up, scene):
    """A finished result in the views, without labels and landmarks over it."""
    content = a_result()
    hidden = ("fixed_labels", "warped_labels", "fixed_points", "moving_points")
    content = replace(content, items={r: i for r, i in content.items.items() if r not in hidden})
    nodes = nodes_of(content)
    show_nodes(nodes, content)
    for view in four_up.slices:
        view.logic.ResizeSliceNode(*view.window.GetSize())
    made = Comparison(
        nodes["fixed"],
        nodes["warped"],
        displacement_node=nodes["displacement"],
        jacobian_node=nodes["jacobian"],
    )
    return made, nodes


def _where(jacobian, wanted):
    """LPS mm of the voxel in the middle slice whose determinant is nearest to `wanted`, within the body."""
    grid = upright()
    values = jacobian.data[0].numpy()
    away = np.abs(grid.all_points() - MIDDLE).max(-1) > 25
    plane = round(float(grid.index(MIDDLE)[2]))
    difference = np.where(away, np.inf, np.abs(values - wanted))[plane]
    row, column = np.unravel_index(difference.argmin(), difference.shape)
    return grid.points((column, row, plane))


def test_the_jacobian_is_red_where_space_is_compressed_and_clear_where_it_is_not(shown_result, red, four_up):
    comparison, _ = shown_result
    jacobian = a_result().items["jacobian"]
    comparison.fade(0.0)
    plain = {value: red(_where(jacobian, value)) for value in (1.0, 1.3, 0.7)}
    without = four_up.red.image()
    comparison.jacobian()
    assert red(_where(jacobian, 1.0)) == pytest.approx(plain[1.0], abs=3)
    compressed, expanded = red(_where(jacobian, 1.3)), red(_where(jacobian, 0.7))
    assert compressed[0] - compressed[2] > 40
    assert expanded[2] - expanded[0] > 40
    changed = (four_up.red.image() != without).any(-1)
    assert changed[:, -40:].sum() > 100  # the legend, on the right where there is no image
    comparison.jacobian(False)
    assert (four_up.red.image() == without).all()


def test_the_deformation_grid_is_drawn_over_the_slices_in_one_colour(shown_result, four_up):
    comparison, _ = shown_result
    without = four_up.red.image()
    comparison.deformation_grid()
    changed = (four_up.red.image() != without).any(-1)
    drawn = four_up.red.image()[changed]
    assert 0.05 < changed.mean() < 0.6
    assert (np.abs(drawn.astype(int) - (255, 209, 102)).max(-1) < 12).mean() > 0.5
    comparison.deformation_grid(False)
    assert (four_up.red.image() == without).all()


def test_a_grid_line_is_where_the_transform_takes_it(four_up, scene):
    shift = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    fixed = a_volume(upright())
    four_up.show(background=fixed)
    comparison = Comparison(fixed, fixed, displacement_node=shift)
    comparison.deformation_grid()
    step = shift.GetDisplayNode().GetGridSpacingMm() / mm_per_pixel(four_up.red)
    dark = four_up.red.image()
    lines = np.nonzero((np.abs(dark.astype(int) - (255, 209, 102)).max(-1) < 12).mean(axis=0) > 0.5)[0]
    gaps = np.diff(lines[np.insert(np.diff(lines) > 2, 0, True)])
    assert gaps.mean() == pytest.approx(step, abs=0.6)


def test_clearing_restores_views_displays_and_scene(shown_result, scene):
    comparison, nodes = shown_result
    before = _state(scene)
    grid_before = nodes["displacement"].GetDisplayNode().GetGridSpacingMm()
    comparison.fade(0.9)
    comparison.checkerboard()
    comparison.difference()
    comparison.jacobian()
    comparison.deformation_grid()
    assert _state(scene) != before
    comparison.clear()
    assert _state(scene) == before
    assert nodes["displacement"].GetDisplayNode().GetGridSpacingMm() == grid_before
    comparison.clear()  # a second time changes nothing
    assert _state(scene) == before


def test_helper_volumes_are_hidden_and_not_saved(shown_result, scene):
    comparison, _ = shown_result
    before = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")}
    comparison.checkerboard()
    comparison.difference()
    made = [n for n in slicer.util.getNodesByClass("vtkMRMLNode") if n.GetID() not in before]
    assert made
    assert all(node.GetHideFromEditors() and not node.GetSaveWithScene() for node in made)


def test_a_comparison_whose_image_is_gone_says_so_and_clears_without_harm(shown_result, scene):
    comparison, nodes = shown_result
    comparison.checkerboard()
    scene.RemoveNode(nodes["warped"])
    with pytest.raises(InputError, match="no longer in a scene"):
        comparison.flicker()
    comparison.clear()
    assert scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode").GetForegroundVolumeID() is None


def test_what_is_not_there_cannot_be_shown(pair):
    comparison = Comparison(*pair)
    with pytest.raises(InputError, match="no Jacobian"):
        comparison.jacobian()
    with pytest.raises(InputError, match="no transform"):
        comparison.deformation_grid()
    with pytest.raises(InputError, match="no warped image"):
        Comparison(pair[0], None)
    with pytest.raises(InputError, match="choose"):
        Comparison(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode"), pair[1])


def test_the_callers_voxels_are_not_changed(pair):
    before = [slicer.util.arrayFromVolume(node).copy() for node in pair]
    comparison = Comparison(*pair)
    comparison.checkerboard()
    comparison.difference()
    comparison.clear()
    for node, values in zip(pair, before, strict=True):
        assert (slicer.util.arrayFromVolume(node) == values).all()
