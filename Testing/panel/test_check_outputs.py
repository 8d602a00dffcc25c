"""Chosen output nodes before Apply: an input is never overwritten or moved, nothing takes two results."""

import pytest

from RegSuite.workflows.register import WORKFLOW
from Testing.panel import nodes


@pytest.fixture
def pair(scene):
    return {"fixed": nodes.a_volume("scan"), "moving": nodes.a_volume("atlas", origin=(6.0, -9.0, 12.0))}


def wrong(given, **targets):
    from RegSuite.panel.check_outputs import check_outputs

    return check_outputs(WORKFLOW, given, targets)


def test_nothing_is_wrong_with_new_nodes(pair, scene):
    warped = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "mine")
    field = scene.AddNewNodeByClass("vtkMRMLTransformNode", "any kind")
    linear = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "straight")
    assert wrong(pair, warped=warped, displacement=field, linear=linear) == []
    assert wrong(pair) == []


def test_an_input_is_not_overwritten_by_a_result(pair):
    (found,) = wrong(pair, warped=pair["moving"])
    assert found.severity == "error"
    assert found.what.startswith("'atlas' is the moving image and would be overwritten")
    assert found.where == "Warped image"
    assert "another node under 'Warped image'" in found.mend
    assert found.roles == ("warped", "moving")


def test_labels_that_are_an_input_are_not_overwritten(pair):
    labels = nodes.a_label_map("regions")
    (found,) = wrong({**pair, "fixed_labels": labels}, warped_labels=labels)
    assert "'regions' is the fixed labels" in found.what


def test_a_transform_under_which_an_input_lies_at_any_depth_is_not_filled(pair, scene):
    above = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "above")
    below = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "below")
    below.SetAndObserveTransformNodeID(above.GetID())
    pair["moving"].SetAndObserveTransformNodeID(below.GetID())
    (found,) = wrong(pair, linear=above)
    assert found.what.startswith("'above' moves the moving image")
    assert found.roles == ("linear", "moving")


def test_one_node_does_not_take_two_results(pair, scene):
    field = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "both")
    (found,) = wrong(pair, displacement=field, linear=field)
    assert found.what == "'both' was chosen twice: as transform and as linear part"
    assert found.roles == ("displacement", "linear")


def test_a_linear_transform_node_cannot_take_the_bending_one(pair, scene):
    straight = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "straight")
    (found,) = wrong(pair, displacement=straight)
    assert found.what == "'straight' is a linear transform and cannot hold the transform"
