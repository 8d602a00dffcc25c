"""What the panel remembers of organs: both sides, and what the tables say, in the parameter node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.coherence_table import matrix_of
from RegSuite.panel.fields import fields_of
from RegSuite.panel.model_choice import models_of
from RegSuite.panel.node_names import field_name
from RegSuite.panel.organ_rows import BOTH, of_names, organ_rows
from RegSuite.panel.parameter_node import inputs_of, parameters_of
from RegSuite.panel.stored import from_node, to_node

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow

SIDES = ("source_labels", "target_labels")
ORGANS = ("organs", "trust", "only", "coherence")
"""Parameters that the tables hold, kept as JSON."""


def given_organs(parameters: Any, workflow: Workflow) -> dict[str, Any]:
    """The chosen inputs by role; models that are ticked stand in the place of a side's node."""
    given = inputs_of(parameters, workflow)
    for role in SIDES:
        models = models_of(parameters.parameterNode, role)
        if models:
            given[role] = models
    return given


def organ_values(parameters: Any, workflow: Workflow) -> dict[str, Any]:
    """The workflow's parameters, checked; of the tables what belongs to organs that are there."""
    values = parameters_of(parameters, workflow)
    given = given_organs(parameters, workflow)
    rows = organ_rows(*(given.get(role) for role in SIDES))
    names, only = [row.name for row in rows], values["only"]
    values["only"] = None if only is None else list(of_names(dict.fromkeys(only), names))
    shown = names if values["only"] is None else values["only"]
    moved = [row.name for row in rows if row.where == BOTH and row.name in shown]
    values["organs"] = of_names(values["organs"], moved)
    values["trust"] = of_names(values["trust"], moved)
    values["coherence"] = matrix_of(values["coherence"], moved)
    if not values["only"]:
        if only is not None and names:
            raise InputError(
                _("no organ is ticked"), where=_("Organs"), mend=_("tick those that are to move")
            )
        values["only"] = None
    return values


def stored(parameters: Any, workflow: Workflow, name: str) -> Any:
    """A parameter as the parameter node holds it."""
    return from_node(fields_of(workflow.Parameters)[name], getattr(parameters, field_name(name)))


def keep(parameters: Any, workflow: Workflow, name: str, value: Any) -> None:
    """Keep a parameter in the parameter node."""
    setattr(parameters, field_name(name), to_node(fields_of(workflow.Parameters)[name], value))
