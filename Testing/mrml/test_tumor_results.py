"""A template brought to a brain with a tumour as nodes: dressed, in four linked slices, with its film."""

import numpy as np
import pytest

from RegSuite.geometry import Image
from RegSuite.mrml import scene_at_hand
from RegSuite.mrml.display import legend_of, shown_window, voxels
from RegSuite.mrml.fraction_browser import choose_frame
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.tables import columns_from_table
from RegSuite.mrml.tumor_layout import VIEWS, show_fourth, show_frame, show_grid, show_tumor_nodes
from RegSuite.mrml.volumes import volume_from_image
from Testing import needs
from Testing.mrml.gate import slicer
from Testing.mrml.small_tumor import (
    ADDED,
    CORE_MM,
    GRID,
    MIDDLE,
    TIMES,
    a_tumor,
    image,
    parts,
    radius_mm,
)

pytestmark = pytest.mark.slicer


@pytest.fixture
def content():
    return a_tumor()


@pytest.fixture
def nodes(content):
    return nodes_of(content)


def composite(scene, role):
    return scene.GetSingletonNode(VIEWS[role], "vtkMRMLSliceCompositeNode")


def test_final_image_deformation_and_film_are_as_bright_as_the_template(nodes):
    windows = {shown_window(nodes[role]) for role in ("template", "warped", "deformed", "film_image")}
    assert len(windows) == 1
    assert shown_window(nodes["target"]) not in windows  # in units of its own


def test_a_window_that_somebody_chose_for_the_template_holds_for_all(content):
    mine = volume_from_image(parts()["template"], name="mine")
    mine.GetDisplayNode().AutoWindowLevelOff()
    mine.GetDisplayNode().SetWindowLevelMinMax(-5.0, 77.0)
    nodes = nodes_of(a_tumor(template=mine))
    assert {shown_window(nodes[role]) for role in ("warped", "deformed", "film_image")} == {(-5.0, 77.0)}


def test_the_appearance_change_is_clear_at_zero_and_its_signs_differ_in_colour(nodes):
    change = nodes["intensity_change"]
    assert shown_window(change) == (-60.0, 60.0)
    table = change.GetDisplayNode().GetColorNode().GetLookupTable()
    below, zero, above = (table.GetTableValue(at) for at in (0, 128, 255))
    assert zero[3] == 0
    assert below[3] == above[3] == 1
    assert below[2] > below[0]  # blue: darker
    assert above[0] > above[2]  # orange: brighter


def test_core_and_oedema_are_segments_of_one_node_where_they_were_given(nodes):
    segmentation = nodes["mask"].GetSegmentation()
    assert [segmentation.GetNthSegment(i).GetName() for i in range(2)] == ["tumour core", "oedema"]
    core = slicer.util.arrayFromSegmentBinaryLabelmap(nodes["mask"], "label_1", nodes["target"])
    assert np.array_equal(core != 0, radius_mm(MIDDLE) < CORE_MM)
    assert "tumor_mask" not in nodes


def test_what_was_estimated_is_called_that():
    mask = parts()["mask"]
    found = Image((mask.data > 0).byte(), mask.grid, "mask")
    nodes = nodes_of(a_tumor(tumor_mask=None, oedema_mask=None, mask=found))
    segmentation = nodes["mask"].GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 1
    assert segmentation.GetNthSegment(0).GetName() == "estimated tumour"


def test_masks_that_are_nodes_of_the_user_are_not_doubled():
    mask = parts()["tumor_mask"]
    mine = segmentation_from_labels(Image(mask.data.int(), mask.grid), {1: "core"}, name="mine")
    nodes = nodes_of(a_tumor(tumor_mask=mine, oedema_mask=None))
    assert nodes["tumor_mask"] is mine
    names = slicer.util.getNodes("*", useLists=True)
    assert sum(node.IsA("vtkMRMLSegmentationNode") for found in names.values() for node in found) == 3


def test_the_film_goes_from_the_template_to_the_final_image_and_says_the_times(nodes):
    browser, shown = nodes["film"], nodes["film_image"]
    sequence = browser.GetMasterSequenceNode()
    assert sequence.GetIndexName() == "time"
    assert [float(sequence.GetNthIndexValue(i)) for i in range(5)] == list(TIMES)
    assert np.allclose(voxels(shown), voxels(nodes["warped"]))  # its end at first
    choose_frame(browser, 1)
    assert np.allclose(voxels(shown), voxels(nodes["template"]))
    choose_frame(browser, 3)
    middle = 0.5 * (voxels(nodes["template"]) + voxels(nodes["warped"]))
    assert np.allclose(voxels(shown), middle, atol=1e-3)
    assert browser.GetPlaybackLooped()
    assert not browser.GetPlaybackActive()


def test_measures_have_the_shares_of_shape_and_appearance(nodes):
    columns = columns_from_table(nodes["measures"])
    found = dict(zip(columns["measure"], columns["value"], strict=True))
    assert found["Change by shape"] == pytest.approx(70.0)
    assert found["Change by appearance"] == pytest.approx(30.0)
    assert "2 ventricles" in columns["label"]
    assert "Drift of the conserved energy" not in found  # was not measured


def test_four_linked_slices_show_patient_final_image_deformation_and_change(nodes, content, scene):
    show_nodes(nodes, content)
    layout = scene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    assert layout is None or layout.GetViewArrangement() == layout.SlicerLayoutTwoOverTwoView
    for role in ("target", "warped", "deformed"):
        assert composite(scene, role).GetBackgroundVolumeID() == nodes[role].GetID()
        assert composite(scene, role).GetForegroundOpacity() == 0
    fourth = composite(scene, "intensity_change")
    assert fourth.GetBackgroundVolumeID() == nodes["deformed"].GetID()
    assert fourth.GetForegroundVolumeID() == nodes["intensity_change"].GetID()
    views = [scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in VIEWS.values()]
    assert {view.GetOrientation() for view in views} == {"Axial"}
    assert [view.GetSliceToRAS().GetElement(2, 3) for view in views] == pytest.approx(4 * [MIDDLE[2]])
    assert all(composite(scene, role).GetLinkedControl() for role in VIEWS)
    assert legend_of(nodes["intensity_change"]).GetVisibility()


def test_another_plane_is_shown_in_all_four_at_the_tumour(nodes, content, scene):
    show_tumor_nodes(nodes, content, "sagittal")
    views = [scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in VIEWS.values()]
    assert {view.GetOrientation() for view in views} == {"Sagittal"}
    assert [view.GetSliceToRAS().GetElement(0, 3) for view in views] == pytest.approx(4 * [-MIDDLE[0]])


def test_a_method_without_appearance_shows_the_jacobian_in_its_place(scene):
    content = a_tumor(intensity_change=None)
    nodes = nodes_of(content)
    show_nodes(nodes, content)
    assert composite(scene, "intensity_change").GetForegroundVolumeID() == nodes["jacobian"].GetID()
    assert legend_of(nodes["jacobian"]).GetVisibility()


def test_the_jacobian_takes_the_place_of_the_change_and_its_legend(nodes, content):
    show_nodes(nodes, content)
    show_fourth(nodes, "jacobian")
    assert legend_of(nodes["jacobian"]).GetVisibility()
    assert not legend_of(nodes["intensity_change"]).GetVisibility()


def test_a_frame_of_the_film_stands_where_the_final_image_did_until_it_ends(nodes, content, scene):
    show_nodes(nodes, content)
    show_frame(nodes, 2)
    assert composite(scene, "warped").GetBackgroundVolumeID() == nodes["film_image"].GetID()
    assert nodes["film"].GetSelectedItemNumber() == 1
    show_frame(nodes, None)
    assert composite(scene, "warped").GetBackgroundVolumeID() == nodes["warped"].GetID()


def test_a_single_slice_is_shown_in_its_own_plane(scene):
    def flat(item):
        if isinstance(item, Image):
            return Image(item.data[:, 12:13], slice_grid, item.name)
        return tuple(map(flat, item)) if isinstance(item, tuple) else None

    from dataclasses import replace

    origin = tuple(GRID.points((0, 0, 12)).tolist())
    slice_grid = replace(GRID, size=(*GRID.size[:2], 1), origin=origin)
    given = {role: flat(item) for role, item in parts().items()}
    content = a_tumor(**given)
    nodes = nodes_of(content)
    show_nodes(nodes, content)
    normals = [
        [scene.GetSingletonNode(name, "vtkMRMLSliceNode").GetSliceToRAS().GetElement(i, 2) for i in range(3)]
        for name in VIEWS.values()
    ]
    across = np.asarray(GRID.direction)[:, 2] * (-1, -1, 1)
    assert np.abs(np.asarray(normals) @ across) == pytest.approx(1.0, abs=1e-4)


def test_a_bundle_holds_views_film_tumour_labels_grid_and_measures(content, scene, tmp_path):
    assert scene_at_hand().write(content, tmp_path / "scene.mrb")
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0  # the user's scene is not touched
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    scene = slicer.mrmlScene
    layout = scene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == layout.SlicerLayoutTwoOverTwoView
    find = slicer.util.getNode
    fourth = composite(scene, "intensity_change")
    change = find("atlas to patient: intensity change")
    assert fourth.GetForegroundVolumeID() == change.GetID()
    assert shown_window(change) == (-ADDED, ADDED)
    assert change.GetDisplayNode().GetColorNode().GetLookupTable().GetTableValue(128)[3] == 0
    browser = find("atlas to patient: path")
    assert browser.GetNumberOfItems() == len(TIMES)
    choose_frame(browser, 1)
    frame = browser.GetProxyNode(browser.GetMasterSequenceNode())
    assert np.allclose(voxels(frame), voxels(find("atlas")))
    tumor = find("atlas to patient: tumour").GetSegmentation()
    assert tumor.GetNthSegment(1).GetName() == "oedema"
    labels = find("atlas to patient: warped labels").GetSegmentation()
    assert {labels.GetNthSegment(i).GetName() for i in range(2)} == {"brain", "ventricles"}
    grid = find("atlas to patient: transform").GetDisplayNode()
    assert grid.GetVisualizationMode() == grid.VIS_MODE_GRID
    assert find("atlas to patient: measures").GetNumberOfRows() > 5


def test_a_second_show_doubles_no_inputs_and_masks_of_a_scene_are_read(content, scene):
    template = volume_from_image(parts()["template"], name="atlas")
    nodes = nodes_of(a_tumor(template=template))
    assert nodes["template"] is template
    assert nodes["warped"].GetNodeReference("RegSuite.template") is template


@pytest.mark.parametrize("change", [0.0, ADDED])
def test_in_the_views_the_tumour_is_orange_in_the_change_alone(scene, change):
    needs.views()
    from Testing.harness.two_over_two import TwoOverTwo

    added = image(change * (radius_mm(MIDDLE) < CORE_MM), "intensity_change")
    content = a_tumor(intensity_change=added)
    with TwoOverTwo((240, 220)) as views:
        nodes = nodes_of(content)
        show_nodes(nodes, content)
        nodes["mask"].GetDisplayNode().SetVisibility(False)
        nodes["warped_labels"].GetDisplayNode().SetVisibility(False)
        show_grid(nodes, False)
        place = MIDDLE * (-1, -1, 1)
        seen = {name: view.image().astype(int)[view.pixel(place)] for name, view in views.by_name.items()}
        for name in ("Red", "Slice4", "Green"):
            assert np.ptp(seen[name]) < 12, name
        red, _, blue = seen["Yellow"]
        assert (red > blue + 60) == (change > 0)
