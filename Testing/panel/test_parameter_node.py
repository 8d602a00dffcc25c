"""The parameter node: made from a workflow, fit for Slicer's wrapper, kept in the scene, read checked."""

import json
import typing
from dataclasses import replace
from typing import Literal

import pytest
from pydantic import Field

from RegSuite.errors import InputError
from RegSuite.workflows.model import InputRole, OutputRole, WorkflowParameters
from RegSuite.workflows.register import WORKFLOW, RegisterParameters
from Testing.panel import nodes

RESERVED = {
    *("allParameters", "default", "isCached", "dataType", "getValue", "setValue", "parameterNode"),
    *("connectGui", "connectParametersToGui", "disconnectGui", "StartModify", "EndModify"),
    *("AddObserver", "RemoveObserver", "Modified"),
}
"""Names that Slicer 5.12 gives to every wrapped class."""


class ManyKinds(WorkflowParameters):
    """One field of each kind that a model may have."""

    depth_mm: float | None = Field(None, ge=0, le=9, json_schema_extra={"unit": "mm"})
    window_mm: float | None = Field(None, gt=0)
    order: Literal[1, 2] = 2
    side: Literal["left", "right"] | None = None
    steps: tuple[int, ...] = (4, 2)
    shift: float = Field(-1.5, ge=-3, lt=3)
    extra: dict[str, float] = Field(default_factory=dict)


MANY = replace(WORKFLOW, name="many_kinds", Parameters=ManyKinds)


def test_every_role_and_parameter_has_a_field_in_camel_case():
    from RegSuite.panel.parameter_node import field_name, parameter_node_class

    fields = set(parameter_node_class(WORKFLOW).allParameters)
    assert {"fixed", "movingMask", "labelNames", "initial", "initialWord", "warpedLabels"} <= fields
    assert {field_name(name) for name in RegisterParameters.model_fields} <= fields
    assert {field_name(role.name) for role in WORKFLOW.inputs} <= fields
    assert parameter_node_class(WORKFLOW).__name__ == "RegisterParameterNode"
    assert not fields & RESERVED


def test_outputs_that_are_files_are_no_fields_of_nodes():
    from RegSuite.panel.parameter_node import parameter_node_class

    assert parameter_node_class(WORKFLOW).allParameters["report"].unalteredType is bool


@pytest.mark.parametrize("workflow", [WORKFLOW, MANY], ids=lambda w: w.name)
def test_every_type_is_one_that_slicer_stores_and_connects(workflow):
    import slicer

    from RegSuite.panel.parameter_node import parameter_node_class

    for name, info in parameter_node_class(workflow).allParameters.items():
        hint = info.unalteredType
        kind = typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint
        options = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
        classes = [k for k in options if k is not type(None)]
        if issubclass(classes[0], slicer.vtkMRMLNode):
            # Slicer asks an instance of each for its class name, so that an abstract class would fail
            assert all(k().GetClassName() == k.__name__ for k in classes), name
            assert len(classes) == 1 or type(None) in options, name
        else:
            assert kind in (bool, int, float, str), name


@pytest.mark.parametrize("workflow", [WORKFLOW, MANY], ids=lambda w: w.name)
def test_an_untouched_node_holds_the_models_defaults(workflow):
    from RegSuite.panel.parameter_node import inputs_of, outputs_of, parameters_of

    node = nodes.parameters_for(workflow)
    assert parameters_of(node, workflow) == workflow.Parameters().model_dump(mode="json")
    assert inputs_of(node, workflow) == outputs_of(node, workflow) == {}


def test_values_of_every_kind_come_back():
    from RegSuite.panel.fields import fields_of
    from RegSuite.panel.parameter_node import field_name, parameters_of
    from RegSuite.panel.stored import to_node

    values = {
        "depth_mm": 0.0,  # a value of its own, not None
        "window_mm": 2.5,
        "order": 1,
        "side": "left",
        "steps": (3, 1, 1),
        "shift": 0.25,
        "extra": {"a": 1.5},
        "device": "cuda:1",
        "threads": 3,
        "seed": 17,
        "limits": "clinic.yaml",
        "report": False,
        "preset": "ct-lung",
        "parameters": {"window_mm": 20.0},
    }
    node = nodes.parameters_for(MANY)
    for name, field in fields_of(ManyKinds).items():
        if name in values:
            setattr(node, field_name(name), to_node(field, values[name]))
    found = parameters_of(node, MANY)
    assert {name: found[name] for name in values} == json.loads(json.dumps(values))
    for name, field in fields_of(ManyKinds).items():
        setattr(node, field_name(name), to_node(field, field.default))
    assert parameters_of(node, MANY) == ManyKinds().model_dump(mode="json")


@pytest.mark.parametrize(
    ("field", "value"), [("threads", -1), ("seed", -1), ("seed", 2**31), ("shift", 3.5), ("order", 3)]
)
def test_a_value_out_of_bounds_cannot_be_kept(field, value):
    node = nodes.parameters_for(MANY)
    with pytest.raises(ValueError, match=field):
        setattr(node, field, value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"parameters": "{"}, "not JSON"),
        ({"method": "demons", "parameters": '{"levles": 3}'}, "'levles' is no parameter of method demons"),
        ({"method": "demons", "parameters": '{"levels": 300}'}, "levels: .*less than or equal to 8"),
        ({"method": "demon"}, "there is no method 'demon'"),
        ({"preset": "ct-lungs"}, "there is no preset 'ct-lungs'"),
        (
            {"preset": "ct-lung", "parameters": '{"levels": 3}'},
            "'levels' is no parameter of method deformable",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(fields, words):
    from RegSuite.panel.parameter_node import parameters_of

    node = nodes.parameters_for(WORKFLOW)
    for name, value in fields.items():
        setattr(node, name, value)
    with pytest.raises(InputError, match=words) as error:
        parameters_of(node, WORKFLOW)
    assert error.value.where
    assert error.value.mend


def test_regions_are_label_maps_or_segmentations_and_nothing_else():
    node = nodes.parameters_for(WORKFLOW)
    node.fixedMask, node.movingLabels = nodes.a_label_map(), nodes.a_segmentation()
    assert node.fixedMask.GetName() == "labels"
    assert node.movingLabels.GetName() == "organs"
    with pytest.raises(TypeError, match="fixedMask"):
        node.fixedMask = nodes.a_volume()


def test_a_word_stands_for_the_start_where_no_transform_is_chosen():
    from RegSuite.panel.parameter_node import inputs_of

    node = nodes.parameters_for(WORKFLOW)
    node.fixed, node.initialWord = nodes.a_volume(), "center-of-mass"
    assert inputs_of(node, WORKFLOW) == {"fixed": node.fixed, "initial": "center-of-mass"}
    node.initial = nodes.a_transform()
    assert inputs_of(node, WORKFLOW)["initial"] is node.initial


def test_two_roles_of_one_name_are_an_error_of_the_workflow():
    from RegSuite.panel.parameter_node import parameter_node_class

    doubled = replace(
        WORKFLOW,
        name="doubled",
        inputs=(InputRole("fixed", "image", "Fixed", ""),),
        outputs=(OutputRole("fixed", "image", "Fixed", ""),),
    )
    with pytest.raises(TypeError, match="'doubled' has two roles or parameters called 'fixed'"):
        parameter_node_class(doubled)


def test_everything_comes_back_with_the_scene(tmp_path, scene):
    import slicer

    from RegSuite.panel.parameter_node import inputs_of, outputs_of, parameter_node_class, parameters_of

    node = nodes.parameters_for(WORKFLOW)
    node.parameterNode.SetName("panel")
    node.fixed, node.moving = nodes.a_volume("target"), nodes.a_volume("source")
    node.fixedMask, node.fixedPoints = nodes.a_label_map("inside"), nodes.landmarks("marks", 2)
    node.movingLabels, node.initial = nodes.a_segmentation("parts"), nodes.a_transform("before")
    node.warped = nodes.a_volume("kept for the result")
    node.method, node.parameters, node.threads = "demons", '{"levels": 3}', 2
    before = {role: chosen.GetName() for role, chosen in inputs_of(node, WORKFLOW).items()}
    values = parameters_of(node, WORKFLOW)
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"), {})
    del node
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "case.mrb"), {})
    again = parameter_node_class(WORKFLOW)(slicer.util.getNode("panel"))
    found = inputs_of(again, WORKFLOW)
    assert {role: chosen.GetName() for role, chosen in found.items()} == before
    assert found["fixed_mask"].IsA("vtkMRMLLabelMapVolumeNode")
    assert [n.GetName() for n in outputs_of(again, WORKFLOW).values()] == ["kept for the result"]
    assert parameters_of(again, WORKFLOW) == values
    assert values["parameters"] == {"levels": 3}


def test_a_node_that_is_deleted_is_chosen_no_more(scene):
    from RegSuite.panel.parameter_node import inputs_of

    node = nodes.parameters_for(WORKFLOW)
    node.fixed = nodes.a_volume()
    scene.RemoveNode(node.fixed)
    assert node.fixed is None
    assert inputs_of(node, WORKFLOW) == {}
