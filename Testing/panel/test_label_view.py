"""Labels beside a comparison: what misleads is hidden, and the user's nodes get their looks back."""

import numpy as np
import pytest


def a_segmentation(scene, name):
    import slicer

    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"{name} map")
    slicer.util.updateVolumeFromArray(labels, np.pad(np.ones((3, 3, 3), np.uint8), 2))
    labels.SetSpacing(2, 2, 2)
    from RegSuite.mrml.segmentations import segmentation_from_labels
    from RegSuite.mrml.volumes import labels_from_volume

    image, _names = labels_from_volume(labels)
    return segmentation_from_labels(image, {1: "one"}, name=name)


@pytest.fixture
def nodes(scene):
    return {role: a_segmentation(scene, role) for role in ("fixed_labels", "moving_labels", "warped_labels")}


def visible(node):
    return bool(node.GetDisplayNode().GetVisibility())


def test_labels_of_the_moving_image_are_hidden_and_fixed_ones_are_outlines(nodes):
    from RegSuite.panel.label_view import LabelView

    LabelView(nodes).show(True)
    assert not visible(nodes["moving_labels"])
    assert visible(nodes["fixed_labels"])
    assert visible(nodes["warped_labels"])
    assert not nodes["fixed_labels"].GetDisplayNode().GetVisibility2DFill()


def test_they_are_switched_off_and_on_together(nodes):
    from RegSuite.panel.label_view import LabelView

    view = LabelView(nodes)
    view.show(False)
    assert not any(visible(node) for node in nodes.values())
    view.show(True)
    assert visible(nodes["fixed_labels"])


def test_the_inputs_get_their_looks_back(nodes):
    from RegSuite.panel.label_view import LabelView

    display = nodes["fixed_labels"].GetDisplayNode()
    display.SetOpacity2DFill(0.7)
    display.SetVisibility2DFill(True)
    view = LabelView(nodes)
    view.show(True)
    view.restore()
    assert display.GetOpacity2DFill() == pytest.approx(0.7)
    assert display.GetVisibility2DFill()
    assert visible(nodes["moving_labels"])


def test_without_labels_there_is_nothing_to_switch():
    from RegSuite.panel.label_view import LabelView

    assert not LabelView({}).has_labels
