"""A result becomes nodes that a person can read, and that know where they come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from RegSuite.errors import InputError
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.results import nodes_in_steps, nodes_of
from Testing.mrml.gate import slicer
from Testing.mrml.small_result import FLAT, NAMES, a_result, record

pytestmark = pytest.mark.slicer


def _window(node):
    return node.GetDisplayNode().GetWindowLevelMin(), node.GetDisplayNode().GetWindowLevelMax()


def _colour(table, value, limit):
    """Red, green, blue and opacity of a determinant."""
    colour = [0.0] * 4
    table.GetColor(round(255 * value / limit), colour)
    return np.array(colour)


def test_inputs_are_called_as_their_files_and_outputs_after_the_result():
    nodes = nodes_of(a_result())
    assert {role: node.GetName() for role, node in nodes.items()} == {
        "fixed": "first",
        "moving": "second",
        "fixed_labels": "first labels",
        "fixed_points": "first",
        "moving_points": "second",
        "displacement": "second to first: transform",
        "linear": "second to first: linear part",
        "warped": "second to first: warped image",
        "warped_labels": "second to first: warped labels",
        "jacobian": "second to first: jacobian",
        "measures": "second to first: measures",
        "surfaces": "second to first: fixed labels in 3D",
    }


def test_an_input_whose_name_holds_a_slash_keeps_all_of_it():
    content = a_result()
    labels = replace(content.item("fixed_labels"), name="organs L/R")
    nodes = nodes_of(replace(content, items={**content.items, "fixed_labels": labels}))
    assert nodes["fixed_labels"].GetName() == "organs L/R"


def test_the_steps_give_the_nodes_one_by_one_and_the_end_gives_all_by_role():
    steps, made = nodes_in_steps(a_result()), []
    while True:
        try:
            node = next(steps)  # None between the slabs of one
        except StopIteration as end:
            nodes = end.value
            break
        made += [] if node is None else [node]
    assert made == list(nodes.values())
    assert all(is_node(node) for node in made)


def test_the_inverse_becomes_a_node_only_where_one_was_asked_for(scene):
    assert "inverse_displacement" not in nodes_of(a_result())
    target = scene.AddNewNodeByClass("vtkMRMLTransformNode", "back again")
    assert nodes_of(a_result(), targets={"inverse_displacement": target})["inverse_displacement"] is target


def test_chosen_output_nodes_are_filled_in_place_and_keep_their_names(scene):
    targets = {
        "warped": scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "my warped"),
        "displacement": scene.AddNewNodeByClass("vtkMRMLTransformNode", "my transform"),
        "warped_labels": scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "my labels"),
        "measures": scene.AddNewNodeByClass("vtkMRMLTableNode", "my table"),
    }
    nodes = nodes_of(a_result(), targets=targets)
    assert {role: nodes[role].GetName() for role in targets} == {
        "warped": "my warped",
        "displacement": "my transform",
        "warped_labels": "my labels",
        "measures": "my table",
    }
    assert all(nodes[role] is target for role, target in targets.items())
    assert slicer.util.arrayFromVolume(targets["warped_labels"]).max() == 2
    before = scene.GetNumberOfNodes()
    nodes_of(replace(a_result(), items={**a_result().items, **_inputs(nodes)}), targets=nodes)
    assert scene.GetNumberOfNodes() == before  # a second run into the same nodes adds nothing


def _inputs(nodes):
    return {
        role: nodes[role] for role in ("fixed", "moving", "fixed_labels", "fixed_points", "moving_points")
    }


def test_a_target_of_another_class_is_refused(scene):
    wrong = scene.AddNewNodeByClass("vtkMRMLTableNode", "a table")
    with pytest.raises(InputError, match="table"):
        nodes_of(a_result(), targets={"warped": wrong})


def test_nodes_that_were_given_are_used_as_they_are(scene):
    from Testing.mrml.marked import upright
    from Testing.mrml.on_screen import a_volume

    fixed = a_volume(upright(), window=(10, 90))
    content = a_result()
    nodes = nodes_of(replace(content, items={**content.items, "fixed": fixed}))
    assert nodes["fixed"] is fixed
    assert fixed.GetName() == "phantom"
    assert _window(fixed) == (10, 90)
    assert not [name for name in fixed.GetAttributeNames() or () if name.startswith("RegSuite.schema")]


def test_fixed_and_warped_are_equally_bright_where_they_are_alike():
    nodes = nodes_of(a_result())  # the warped image has half the values
    low, high = _window(nodes["fixed"])
    assert _window(nodes["warped"]) == pytest.approx((low / 2, high / 2), rel=0.05)
    assert _window(nodes["moving"]) == _window(nodes["warped"])


def test_the_warped_image_takes_window_and_colours_of_a_moving_volume_that_the_user_shows_so(scene):
    from Testing.mrml.marked import upright
    from Testing.mrml.on_screen import a_volume

    moving = a_volume(upright(), window=(-160, 240))
    moving.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    content = a_result()
    content = replace(content, items={**content.items, "moving": moving})
    warped = nodes_of(content)["warped"]
    assert _window(warped) == (-160, 240)
    assert not warped.GetDisplayNode().GetAutoWindowLevel()
    assert warped.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeRed"
    moving.GetDisplayNode().SetAutoWindowLevel(True)  # nobody chose a window: fixed and warped match
    fixed_low, fixed_high = _window(nodes_of(content)["fixed"])
    assert _window(nodes_of(content)["warped"]) == pytest.approx((fixed_low / 2, fixed_high / 2), rel=0.05)


def test_segmentations_know_the_volume_they_belong_to_and_stay_where_they_are():
    content = a_result()
    moved = replace(content.items["fixed_labels"], name="second labels")
    nodes = nodes_of(replace(content, items={**content.items, "moving_labels": moved}))
    for role, volume in (("fixed_labels", "fixed"), ("moving_labels", "moving"), ("warped_labels", "fixed")):
        node, labels = (
            nodes[role],
            content.item("warped_labels" if role == "warped_labels" else "fixed_labels"),
        )
        assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is nodes[volume]
        voxels = slicer.util.arrayFromSegmentBinaryLabelmap(node, "label_1")
        assert np.array_equal(voxels != 0, labels.data[0].numpy() == 1)


def test_a_segmentation_that_was_given_keeps_its_reference(scene):
    own = nodes_of(a_result())["fixed_labels"]
    own.SetNodeReferenceID(own.GetReferenceImageGeometryReferenceRole(), None)
    content = a_result()
    nodes_of(replace(content, items={**content.items, "fixed_labels": own}))
    assert own.GetNodeReference(own.GetReferenceImageGeometryReferenceRole()) is None


def test_images_of_two_modalities_keep_windows_of_their_own():
    metrics = {"similarity": {"name": "mi", "before": 0.2, "after": 0.4}}
    nodes = nodes_of(a_result(record=record().model_copy(update={"metrics": metrics})))
    values = slicer.util.arrayFromVolume(nodes["warped"])
    assert _window(nodes["warped"]) == pytest.approx(np.percentile(values, [0.5, 99.5]), abs=3)


def test_jacobian_colours_are_symmetric_in_logarithms_about_one():
    node = nodes_of(a_result())["jacobian"]
    display = node.GetDisplayNode()
    low, limit = _window(node)
    assert (low, limit) == (0.0, 1.5)  # 1/3 more or less
    table = display.GetColorNode()
    assert _colour(table, 1.0, limit)[3] == 0.0  # unchanged volume is not coloured
    compressed, expanded = _colour(table, 1.3, limit), _colour(table, 1 / 1.3, limit)
    assert compressed[0] > 0.7 > compressed[2]
    assert expanded[2] > 0.7 > expanded[0]
    assert compressed[3] == expanded[3] == 1.0
    assert 1 - compressed[2] == pytest.approx(1 - expanded[0], abs=0.15)  # equally far from white
    assert _colour(table, 0.0, limit)[:3] == pytest.approx((0.22, 1.0, 0.08), abs=0.01)  # a fold


def test_the_legend_of_the_jacobian_is_ready_and_hidden():
    node = nodes_of(a_result())["jacobian"]
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    assert legend.GetTitleText() == "Jacobian"
    assert not legend.GetVisibility()


def test_warped_labels_are_areas_under_outlines_of_the_fixed_ones_in_the_same_colours():
    nodes = nodes_of(a_result())
    fixed, warped = nodes["fixed_labels"], nodes["warped_labels"]
    assert (
        fixed.GetDisplayNode().GetVisibility2DOutline(),
        fixed.GetDisplayNode().GetVisibility2DFill(),
    ) == (1, 0)
    assert (
        warped.GetDisplayNode().GetVisibility2DOutline(),
        warped.GetDisplayNode().GetVisibility2DFill(),
    ) == (0, 1)
    for index, name in enumerate(NAMES.values()):
        segments = [node.GetSegmentation().GetNthSegment(index) for node in (fixed, warped)]
        assert [segment.GetName() for segment in segments] == [name, name]
        assert segments[0].GetColor() == segments[1].GetColor()


def test_the_transform_is_ready_to_be_shown_as_a_grid_and_hidden():
    display = nodes_of(a_result())["displacement"].GetDisplayNode()
    assert not display.GetVisibility()
    assert display.GetVisualizationMode() == display.VIS_MODE_GRID
    assert display.GetGridSpacingMm() == 5.0  # of 100 mm


def test_moving_landmarks_are_hidden_as_they_are_not_on_the_fixed_image():
    nodes = nodes_of(a_result())
    assert nodes["fixed_points"].GetDisplayNode().GetVisibility()
    assert not nodes["moving_points"].GetDisplayNode().GetVisibility()


def test_outputs_say_what_made_them_and_from_what():
    nodes = nodes_of(a_result())
    warped = nodes["warped"]
    said = {
        key: warped.GetAttribute(f"RegSuite.{key}")
        for key in ("schema", "workflow", "method", "role", "version")
    }
    assert said == {
        "schema": "regsuite.result/1",
        "workflow": "register",
        "method": "affine",
        "role": "warped",
        "version": "0.1.0",
    }
    for role in ("fixed", "moving"):
        assert warped.GetNodeReference(f"RegSuite.{role}") is nodes[role]
        assert nodes["measures"].GetNodeReference(f"RegSuite.{role}") is nodes[role]


def test_all_that_was_made_lies_in_one_folder(scene):
    nodes = nodes_of(a_result())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folders = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in nodes.values()}
    assert [hierarchy.GetItemName(folder) for folder in folders] == ["second to first"]


def test_the_table_has_a_row_a_number_with_limits_and_verdicts():
    from RegSuite.mrml.tables import columns_from_table

    columns = columns_from_table(nodes_of(a_result())["measures"])
    rows = list(zip(*columns.values(), strict=True))
    assert tuple(columns) == ("measure", "label", "value", "unit", "limit", "verdict", "source")
    assert ("TRE, mean", "", 1.5, "mm", "at most 3", "pass", "TG-132") in rows
    assert ("Dice", "1 right marker", 0.5, "", "at least 0.8", "fail", "TG-132") in rows
    assert ("Dice", "2 rest of the body", 0.9, "", "", "", "") in rows
    assert ("Similarity (ncc), after", "", 0.8, "", "", "", "") in rows


def test_nothing_measured_makes_no_table():
    assert "measures" not in nodes_of(a_result(record=record().model_copy(update={"metrics": {}})))


def test_items_that_are_put_off_are_made_once_when_needed():
    content, calls = a_result(), []
    warped = content.items["warped"]
    late = {**content.items, "warped": lambda: calls.append(1) or warped}
    assert nodes_of(replace(content, items=late))["warped"].GetImageData() is not None
    assert calls == [1]


def test_a_2d_result_becomes_single_slices():
    nodes = nodes_of(a_result(FLAT))
    assert nodes["warped"].GetImageData().GetDimensions() == (60, 40, 1)
    assert nodes["displacement"].IsA("vtkMRMLGridTransformNode")
    assert nodes["warped_labels"].GetSegmentation().GetNumberOfSegments() == 2


def test_a_table_and_a_surface_that_a_workflow_wrote_become_nodes(tmp_path):
    import vtk

    from RegSuite.mrml.make import make_node
    from RegSuite.mrml.slabs import finish

    (tmp_path / "t.csv").write_text("name,value\na,1.5\nb,2\n")
    table = finish(make_node("table", tmp_path / "t.csv", "a table", {}))
    assert [table.GetCellText(row, 0) for row in range(2)] == ["a", "b"]
    assert table.GetTable().GetColumn(1).GetValue(0) == 1.5
    sphere, writer = vtk.vtkSphereSource(), vtk.vtkXMLPolyDataWriter()
    sphere.SetCenter(10, 20, 30)
    writer.SetInputConnection(sphere.GetOutputPort())
    writer.SetFileName(str(tmp_path / "s.vtp"))
    writer.Write()
    bounds = [0.0] * 6
    finish(make_node("surface", tmp_path / "s.vtp", "a surface", {})).GetRASBounds(bounds)
    assert np.mean(np.reshape(bounds, (3, 2)), axis=1) == pytest.approx((-10, -20, 30), abs=0.1)
