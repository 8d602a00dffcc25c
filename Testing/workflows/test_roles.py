"""What workflows say about themselves, from which panels, scenes and commands are made."""

import pytest

from RegSuite.errors import InputError
from RegSuite.workflows import get_workflow, workflow_names


@pytest.fixture(params=workflow_names())
def a_workflow(request):
    return get_workflow(request.param)


def test_a_workflow_is_found_by_its_name(a_workflow):
    assert get_workflow(a_workflow.name) is a_workflow


def test_names_of_inputs_and_of_outputs_are_unique(a_workflow):
    for roles in (a_workflow.inputs, a_workflow.outputs):
        names = [role.name for role in roles]
        assert len(set(names)) == len(names)


def test_every_role_of_the_view_is_an_input_or_an_output(a_workflow):
    known = {role.name for role in (*a_workflow.inputs, *a_workflow.outputs)}
    view = a_workflow.view
    assert {view.background, view.foreground, *view.labels} - {None} <= known


def test_an_output_lies_in_the_space_of_the_fixed_or_the_moving_image_or_of_an_input(a_workflow):
    inputs = {role.name for role in a_workflow.inputs}
    assert {role.of for role in a_workflow.outputs} <= inputs | {"fixed", "moving"}


def test_the_schema_names_inputs_outputs_and_parameters(a_workflow):
    schema = a_workflow.schema()
    assert [entry["name"] for entry in schema["outputs"]] == [role.name for role in a_workflow.outputs]
    assert {"device", "threads", "seed"} <= set(schema["parameters"]["properties"])


def test_an_unknown_workflow_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match=r"no workflow 'regster'(.|\n)*register"):
        get_workflow("regster")
