"""What a panel remembers in the MRML scene: a parameter node made from a workflow, not written twice.

The fields are those of the workflow's input and output roles that are nodes, and the fields of its
parameter model, each in camel case (`fixed_mask` -> `fixedMask`). The class is made when it is asked for
the first time, in a module's setup: while Slicer loads modules, node classes of other modules may not be
there yet.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import slicer
from slicer.parameterNodeWrapper import Choice, parameterNodeWrapper

from RegSuite.panel.fields import fields_of
from RegSuite.panel.node_names import (
    START,
    field_name,
    has_start,
    node_inputs,
    node_outputs,
    node_types,
    word_field,
)
from RegSuite.panel.stored import annotation_of, from_node
from RegSuite.validation import validated
from RegSuite.workflows.model import InputRole, OutputRole, Workflow

__all__ = ["field_name", "inputs_of", "outputs_of", "parameter_node_class", "parameters_of"]


@cache
def parameter_node_class(workflow: Workflow) -> type[Any]:
    """The class `<Name>ParameterNode` of a workflow, by slicer.parameterNodeWrapper; made once.

    Of an optional number 0 stands for None (automatic), of an optional text the empty one; a
    parameter of any other type is kept as JSON. Raises TypeError where two fields have one name.
    """
    annotations: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    roles: tuple[InputRole | OutputRole, ...] = (*node_inputs(workflow), *node_outputs(workflow))
    for role in roles:
        _add(annotations, field_name(role.name), _node_annotation(node_types(role)), workflow)
    if has_start(workflow):
        from RegSuite.workflows.initial import WORDS

        _add(annotations, word_field(), Annotated[str, Choice(["", *WORDS])], workflow)
    for field in fields_of(workflow.Parameters).values():
        name = field_name(field.name)
        annotation, defaults[name] = annotation_of(field)
        _add(annotations, name, annotation, workflow)
    title = "".join(word.capitalize() for word in workflow.name.replace("-", "_").split("_"))
    words = {"__annotations__": annotations, "__doc__": f"What the panel of {workflow.name} remembers."}
    return typing.cast(
        type[Any], parameterNodeWrapper(type(f"{title}ParameterNode", (), {**words, **defaults}))
    )


def parameters_of(node: Any, workflow: Workflow, methods: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The workflow's parameters as the parameter node holds them, checked: {name: value}, JSON types.

    methods: by the workflow's name of a method the registry's, where these differ. Raises InputError
    that names the parameter and what exists, for the method's own parameters too.
    """
    values = {
        name: from_node(field, getattr(node, field_name(name)))
        for name, field in fields_of(workflow.Parameters).items()
    }
    model = validated(workflow.Parameters, values, workflow.name)
    _check_method(model, methods or {})
    return dict(model.model_dump(mode="json"))


def inputs_of(node: Any, workflow: Workflow) -> dict[str, Any]:
    """The chosen inputs by role: nodes, and the word of the initial transform where no node is chosen."""
    chosen = {role.name: getattr(node, field_name(role.name)) for role in node_inputs(workflow)}
    if has_start(workflow) and chosen[START] is None:
        chosen[START] = getattr(node, word_field()) or None
    return {role: item for role, item in chosen.items() if item is not None}


def outputs_of(node: Any, workflow: Workflow) -> dict[str, Any]:
    """The output nodes that were chosen, by role; what is not there is made anew by the run."""
    chosen = {role.name: getattr(node, field_name(role.name)) for role in node_outputs(workflow)}
    return {role: item for role, item in chosen.items() if item is not None}


def _add(annotations: dict[str, Any], name: str, annotation: Any, workflow: Workflow) -> None:
    if name in annotations:
        raise TypeError(f"workflow {workflow.name!r} has two roles or parameters called {name!r}")
    annotations[name] = annotation


def _node_annotation(types: tuple[str, ...]) -> Any:
    """One class, or a Union of several with None: Slicer asks for None in it, and for typing.Union."""
    classes = tuple(getattr(slicer, name) for name in types)
    return classes[0] if len(classes) == 1 else typing.Union[(*classes, None)]


def _check_method(model: Any, methods: Mapping[str, str]) -> None:
    """Raise InputError where the method's own parameters do not fit it; auto's are not known yet."""
    if "preset" not in type(model).model_fields:  # a workflow of one method, which checks them itself
        return
    from RegSuite.methods.choice import choice_of
    from RegSuite.presets import load_preset

    preset = None if model.preset is None else load_preset(model.preset)
    name = getattr(model, "method", "auto") or "auto"
    name = methods.get(name, name)
    if name == "auto" and preset is not None:
        name = preset.method
    if name != "auto":
        choice_of(name, model.parameters, preset=preset, seed=model.seed)
