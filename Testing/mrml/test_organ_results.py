"""Registered organs as nodes: surfaces with known distances, their colours, the views, the scene file."""

import numpy as np
import pytest

from RegSuite.geometry import ArrayImage
from RegSuite.mrml.display import legend_of
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.organ_display import UNKNOWN, organ_scale, scale_top
from RegSuite.mrml.organ_layout import colour_by, colourings, show_slices, show_target, show_when
from RegSuite.mrml.organ_surfaces import DISTANCE_ARRAY, UNCERTAINTY_ARRAY, values_of_model
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.tables import columns_from_table
from Testing import needs
from Testing.mrml.gate import slicer
from Testing.mrml.small_organs import AFTER_MM, BEFORE_MM, GRID, NAMES, PLACES, image, labels, organs, parts

pytestmark = pytest.mark.slicer

ROLES = ("source_surfaces", "moved_surfaces", "target_surfaces")


@pytest.fixture
def content():
    return organs()


@pytest.fixture
def nodes(content):
    return nodes_of(content)


def points_of(node):
    """The vertices in LPS mm, and the label of each."""
    from vtk.util.numpy_support import vtk_to_numpy

    mesh = node.GetPolyData()
    return vtk_to_numpy(mesh.GetPoints().GetData()) * [-1, -1, 1], values_of_model(node, "label").astype(int)


def test_organs_stand_where_they_were_are_and_should_be(nodes):
    for role, shift in zip(ROLES, (BEFORE_MM, AFTER_MM, np.zeros(3)), strict=True):
        points, label = points_of(nodes[role])
        for organ, place in PLACES.items():
            assert np.allclose(points[label == organ].mean(axis=0), place + shift, atol=0.4)


@pytest.mark.parametrize(("role", "shift"), [("source_surfaces", BEFORE_MM), ("moved_surfaces", AFTER_MM)])
def test_the_distance_of_a_shifted_ball_is_that_of_the_formula(nodes, role, shift):
    from Testing.mrml.small_organs import RADII

    points, label = points_of(nodes[role])
    found = values_of_model(nodes[role], DISTANCE_ARRAY)
    for organ, place in PLACES.items():
        own = label == organ
        exact = np.abs(np.linalg.norm(points[own] - place, axis=1) - RADII[organ])
        assert np.abs(found[own] - exact).max() < 1.5  # half a voxel of 3 mm: surfaces of label maps
        assert np.abs(found[own] - exact).mean() < 0.4
    assert found.max() == pytest.approx(np.linalg.norm(shift), abs=1.0)


def test_an_organ_that_the_target_has_not_got_has_no_distance(scene):
    nodes = nodes_of(organs(target_labels=image(labels(only=(1,)), "target", np.int32)))
    _, label = points_of(nodes["moved_surfaces"])
    found = values_of_model(nodes["moved_surfaces"], DISTANCE_ARRAY)
    assert np.isnan(found[label == 2]).all()
    assert np.isfinite(found[label == 1]).all()
    colour_by(nodes, "distance")
    grey = [0.0] * 3
    organ_scale(scene, "distance").GetLookupTable().GetColor(float("nan"), grey)
    assert grey == pytest.approx(UNKNOWN, abs=0.01)


def test_the_uncertainty_is_that_of_the_voxel_and_unknown_where_it_is(nodes):
    points, _ = points_of(nodes["moved_surfaces"])
    found = values_of_model(nodes["moved_surfaces"], UNCERTAINTY_ARRAY)
    along = np.abs(points[:, 0] - np.asarray(GRID.centre)[0])
    known = np.isfinite(found)
    assert np.abs(found[known] - 1 - along[known] / 10).max() < 0.3
    assert known[along < 27].all()
    assert not known[along > 33].any()
    assert values_of_model(nodes["source_surfaces"], UNCERTAINTY_ARRAY) is None


def test_the_table_has_a_row_an_organ_and_nothing_is_made_up(nodes):
    columns = columns_from_table(nodes["organs_summary"])
    assert columns["organ"] == ["liver", "spleen"]
    assert columns["distance after, mean (mm)"][0] == 0.9
    assert np.isnan(columns["distance after, mean (mm)"][1])
    assert columns["uncertainty, 1 SD (mm)"][0] == 2.1
    assert columns["points of the target"][0] == 950
    assert np.isnan(columns["points of the target"][1])


def test_before_and_after_are_seen_within_the_glass_of_the_target(content, nodes):
    show_nodes(nodes, content)
    seen = {role: bool(nodes[role].GetDisplayNode().GetVisibility()) for role in ROLES}
    assert seen == {"source_surfaces": False, "moved_surfaces": True, "target_surfaces": True}
    assert nodes["target_surfaces"].GetDisplayNode().GetOpacity() < 0.5
    assert nodes["moved_surfaces"].GetDisplayNode().GetOpacity() == 1
    show_when(nodes, "before")
    assert nodes["source_surfaces"].GetDisplayNode().GetVisibility()
    assert not nodes["moved_surfaces"].GetDisplayNode().GetVisibility()
    show_target(nodes, False)
    assert not nodes["target_surfaces"].GetDisplayNode().GetVisibility()
    assert colourings(nodes) == ["organ", "distance", "uncertainty"]


def test_one_scale_holds_for_before_and_after_and_one_bar_is_seen(content, nodes):
    show_nodes(nodes, content)
    colour_by(nodes, "distance")
    top = scale_top(values_of_model(nodes["moved_surfaces"], DISTANCE_ARRAY), "distance")
    assert top == 5.0  # of what is left, 1.5 mm: under a voxel or two
    assert scale_top(np.array([0.5, 6.1, np.nan]), "distance") == 8.0
    for role in ROLES[:2]:
        assert nodes[role].GetDisplayNode().GetScalarRange() == (0.0, top)
    assert bars(nodes) == ["moved_surfaces"]
    show_when(nodes, "before")
    assert bars(nodes) == ["source_surfaces"]
    colour_by(nodes, "uncertainty")  # of which nothing is known before
    assert bars(nodes) == []
    show_when(nodes, "after")
    assert bars(nodes) == ["moved_surfaces"]
    colour_by(nodes, "organ")
    assert bars(nodes) == []


def bars(nodes):
    found = {role: legend_of(nodes[role]) for role in ROLES}
    return [role for role, legend in found.items() if legend is not None and legend.GetVisibility()]


def test_the_slices_show_the_target_with_the_warped_scan_half_over_it_when_asked(scene, content, nodes):
    show_nodes(nodes, content)
    layers = scene.GetSingletonNode("Green", "vtkMRMLSliceCompositeNode")
    assert layers.GetBackgroundVolumeID() == nodes["target_image"].GetID()
    assert layers.GetForegroundVolumeID() is None
    show_slices(nodes, "warped")
    assert (layers.GetForegroundVolumeID(), layers.GetForegroundOpacity()) == (nodes["warped"].GetID(), 0.5)
    show_slices(nodes, "source")
    assert layers.GetBackgroundVolumeID() == nodes["source_image"].GetID()
    show_slices(nodes, "uncertainty")
    assert layers.GetForegroundVolumeID() == nodes["uncertainty"].GetID()


def test_without_scans_slices_and_camera_are_at_the_organs(scene):
    content = organs(scans=False)
    nodes = nodes_of(content)
    show_nodes(nodes, content)
    view = scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    camera = scene.GetSingletonNode("1", "vtkMRMLCameraNode")
    middle = np.mean([*PLACES.values()], axis=0) * [-1, -1, 1]
    assert view.GetSliceToRAS().GetElement(2, 3) == pytest.approx(middle[2], abs=12)
    assert np.allclose(camera.GetFocalPoint(), middle, atol=12)


def test_the_colours_of_the_users_segments_hold_everywhere(scene):
    mine = segmentation_from_labels(parts()["target_labels"], NAMES, name="mine")
    mine.GetSegmentation().GetSegment("label_2").SetColor(0.1, 0.9, 0.3)
    nodes = nodes_of(organs(target_labels=mine))
    from vtk.util.numpy_support import vtk_to_numpy

    for role in ROLES:
        _, label = points_of(nodes[role])
        shown = vtk_to_numpy(nodes[role].GetPolyData().GetPointData().GetArray("Colour"))
        assert np.allclose(shown[label == 2][0] / 255, (0.1, 0.9, 0.3, 1), atol=0.01)
    warped = nodes["warped_labels"].GetSegmentation().GetSegment("label_2")
    assert warped.GetColor() == pytest.approx((0.1, 0.9, 0.3))


def test_the_scene_file_has_organs_colours_and_table(content, tmp_path):
    from RegSuite.mrml.scene import MrmlScene

    MrmlScene().write(content, tmp_path / "scene.mrb")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    models = {node.GetName(): node for node in slicer.util.getNodesByClass("vtkMRMLModelNode")}
    after = models["exhale to inhale: organs after"]
    assert values_of_model(after, DISTANCE_ARRAY).max() > 1
    assert after.GetDisplayNode().GetVisibility()
    assert slicer.util.getNode("exhale to inhale: organs").GetNumberOfRows() == 2


def test_segmentations_numbered_otherwise_keep_their_names_in_the_scene_file(tmp_path):
    from RegSuite.mrml.scene import MrmlScene

    other = ArrayImage.of(parts()["source_labels"])
    swapped = other.with_values(np.where(other.values > 0, 3 - other.values, 0).astype(np.int32))
    mine = segmentation_from_labels(swapped, {1: "spleen", 2: "liver"}, name="mine")
    MrmlScene().write(organs(source_labels=mine), tmp_path / "scene.mrb")
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    segmentation = slicer.util.getNode("mine").GetSegmentation()
    sizes = {}
    for at in range(2):
        segment = segmentation.GetNthSegment(at)
        voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(
            slicer.util.getNode("mine"), segmentation.GetNthSegmentID(at)
        )
        sizes[segment.GetName()] = int((voxels == segment.GetLabelValue()).sum())
    assert sizes["liver"] > 3 * sizes["spleen"]


def test_the_organs_are_drawn_with_a_bar_of_mm(content, nodes, four_up):
    needs.views()
    show_nodes(nodes, content)
    plain = four_up.three_d.image().copy()
    colour_by(nodes, "distance")
    shown = four_up.three_d.image()
    assert (plain != shown).any(axis=-1).mean() > 0.02
    show_when(nodes, "before")
    assert (four_up.three_d.image() != shown).any(axis=-1).mean() > 0.01
