"""The node selectors of a workflow: sections, what they offer, and the parameter node behind them."""

from types import SimpleNamespace

import pytest

from RegSuite.workflows.register import WORKFLOW
from Testing.panel import nodes


@pytest.fixture
def form(scene):
    from RegSuite.panel.inputs_form import InputsForm

    made = InputsForm(WORKFLOW)
    made.set_scene(scene)
    made.widget.show()
    yield made
    made.set_parameter_node(None)
    made.widget.hide()
    made.widget.deleteLater()


@pytest.fixture
def parameters(form):
    node = nodes.parameters_for(WORKFLOW)
    form.set_parameter_node(node)
    return node


def offered(form, role):
    return [node.GetName() for node in form.selectors[role].nodes()]


def test_every_input_and_every_output_node_has_a_selector(form):
    inputs = {role.name for role in WORKFLOW.inputs}
    outputs = {"displacement", "inverse_displacement", "linear", "warped", "warped_labels", "jacobian"}
    assert set(form.selectors) == inputs | outputs
    for role, selector in form.selectors.items():
        assert selector.property("SlicerParameterName").lower() == role.replace("_", "")


def test_required_inputs_come_first_and_open_everything_else_is_folded(form):
    assert list(form.sections) == ["inputs", "masks", "evaluation", "start", "outputs"]
    assert [s.collapsed for s in form.sections.values()] == [False, True, True, True, True]
    tops = [section.pos.y() for section in form.sections.values()]
    assert tops == sorted(tops)
    assert form.sections["inputs"].isAncestorOf(form.selectors["moving"])
    assert form.sections["evaluation"].isAncestorOf(form.selectors["fixed_points"])
    assert form.sections["masks"].isAncestorOf(form.selectors["moving_mask"])
    assert form.sections["start"].isAncestorOf(form.selectors["initial"])


def test_scans_are_offered_as_images_and_regions_as_masks(form):
    nodes.a_volume("scan")
    nodes.a_label_map("regions")
    nodes.a_volume("colours", kind="Vector")
    nodes.a_segmentation("organs")
    nodes.landmarks("marks", 1)
    assert offered(form, "fixed") == ["scan", "colours"]
    assert offered(form, "fixed_mask") == ["regions", "organs"]
    assert offered(form, "moving_points") == ["marks"]


def test_nothing_is_chosen_by_itself(form, parameters):
    nodes.a_volume()
    assert form.selectors["fixed"].currentNode() is None
    assert form.selectors["fixed"].noneDisplay == "choose one"
    assert form.selectors["fixed_mask"].noneDisplay == "none"
    assert form.selectors["warped"].noneDisplay == "a new one"
    assert parameters.fixed is None


def test_what_is_chosen_is_kept_and_what_is_kept_is_shown(form, parameters):
    one, other = nodes.a_volume("one"), nodes.a_volume("other")
    form.selectors["fixed"].setCurrentNode(one)
    assert parameters.fixed is one
    parameters.moving = other
    assert form.selectors["moving"].currentNode() is other


def test_another_parameter_node_is_shown_and_the_first_left_alone(form, parameters):
    one, other = nodes.a_volume("one"), nodes.a_volume("other")
    parameters.fixed = one
    second = nodes.parameters_for(WORKFLOW)
    second.fixed = other
    form.set_parameter_node(second)
    assert form.selectors["fixed"].currentNode() is other
    form.selectors["fixed"].setCurrentNode(one)
    assert second.fixed is one
    form.set_parameter_node(None)
    form.selectors["fixed"].setCurrentNode(other)
    assert (parameters.fixed, second.fixed) == (one, one)


def test_the_node_types_stay_after_the_selectors_are_connected(form, parameters):
    assert set(form.selectors["fixed_labels"].nodeTypes) == {
        "vtkMRMLLabelMapVolumeNode",
        "vtkMRMLSegmentationNode",
    }
    assert parameters.fixedLabels is None
    assert form.selectors["initial"].nodeTypes == ("vtkMRMLTransformNode",)


def test_a_start_is_chosen_by_word_until_a_transform_is(form, parameters):
    from RegSuite.panel.parameter_node import inputs_of

    words = [form.start_box.widget.itemText(i) for i in range(form.start_box.widget.count)]
    assert words[0] == "automatic"
    form.start_box.widget.currentIndex = words.index("centers of mass")
    assert inputs_of(parameters, WORKFLOW) == {"initial": "center-of-mass"}
    form.selectors["initial"].setCurrentNode(nodes.a_transform())
    assert not form.start_box.widget.enabled
    form.selectors["initial"].setCurrentNode(None)
    assert form.start_box.widget.enabled
    assert form.start_box.value() == "center-of-mass"


def test_a_section_with_something_chosen_is_open_when_a_scene_is_loaded(form):
    node = nodes.parameters_for(WORKFLOW)
    node.movingMask = nodes.a_segmentation()
    form.set_parameter_node(node)
    assert [name for name, s in form.sections.items() if not s.collapsed] == ["inputs", "masks"]


def test_a_node_that_is_deleted_leaves_its_selector(form, parameters, scene):
    form.selectors["fixed"].setCurrentNode(nodes.a_volume())
    scene.RemoveNode(parameters.fixed)
    assert form.selectors["fixed"].currentNode() is None
    assert parameters.fixed is None


def test_a_selector_of_the_ui_is_taken_as_it_is_named(scene):
    import qt
    import slicer

    from RegSuite.panel.inputs_form import InputsForm

    ui = SimpleNamespace(fixedSelector=slicer.qMRMLNodeComboBox(), fixedLabel=qt.QLabel("?"))
    own = ui.fixedSelector
    form = InputsForm(WORKFLOW, ui)
    form.set_scene(scene)
    assert form.selectors["fixed"] is own
    assert ui.fixedLabel.text == "Fixed image:"
    assert own.noneEnabled
    assert "stays" in own.toolTip.lower()
    assert not form.widget.isAncestorOf(own)
    assert ui.movingMaskSelector is form.selectors["moving_mask"]


def test_tooltips_speak_of_nodes_not_of_files(form):
    tips = {role: str(selector.toolTip) for role, selector in form.selectors.items()}
    assert "CSV" not in "".join(tips.values())
    assert "In scripts: fixed_points" in tips["fixed_points"]
    assert tips["moving_mask"].startswith("Voxels of the moving image that count.")
