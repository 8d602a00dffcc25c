"""Chosen output nodes before Apply: none of them may be an input, or take two results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slicer.i18n import tr as _

from RegSuite.mrml.inputs import is_node
from RegSuite.mrml.nodes import words_of
from RegSuite.panel.finding import Finding, Tell
from RegSuite.workflows.model import OutputRole, Workflow

LINEAR = "vtkMRMLLinearTransformNode"
BENDING = ("displacement",)
"""Kinds of outputs that a linear transform node cannot hold."""


def check_outputs(workflow: Workflow, given: Mapping[str, Any], targets: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with the nodes (by output role) that are to take the results; all are errors.

    given: the inputs by role; nodes among them would be overwritten, or moved, without a word.
    """
    found: list[Finding] = []
    for role in workflow.outputs:
        node = targets.get(role.name)
        if node is not None:
            _check_one(workflow, role, node, given, targets, found.append)
    return found


def _check_one(
    workflow: Workflow,
    role: OutputRole,
    node: Any,
    given: Mapping[str, Any],
    targets: Mapping[str, Any],
    tell: Tell,
) -> None:
    name = node.GetName()
    mend = _("choose 'a new one' or another node under '{title}'").format(title=role.title)
    for entry in workflow.inputs:
        chosen = given.get(entry.name)
        if chosen is node:
            what = _("'{name}' is the {entry} and would be overwritten: it was chosen as {title} too")
        elif is_node(chosen) and node in parents_of(chosen):
            what = _("'{name}' moves the {entry}, which would be elsewhere after it was filled as {title}")
        else:
            continue
        words = what.format(name=name, entry=entry.title.lower(), title=role.title.lower())
        tell(Finding("error", words, role.title, mend, (role.name, entry.name)))
    earlier = workflow.outputs[: workflow.outputs.index(role)]
    other = next((o for o in earlier if targets.get(o.name) is node), None)
    if other is not None:
        words = _("'{name}' was chosen twice: as {other} and as {title}").format(
            name=name, other=other.title.lower(), title=role.title.lower()
        )
        tell(Finding("error", words, role.title, mend, (other.name, role.name)))
    if role.kind in BENDING and node.IsA(LINEAR):
        words = _("'{name}' is a {kind} and cannot hold the {title}").format(
            name=name, kind=words_of(node), title=role.title.lower()
        )
        tell(Finding("error", words, role.title, mend, (role.name,)))


def parents_of(node: Any) -> list[Any]:
    """The transform nodes above a node, the nearest first."""
    out: list[Any] = []
    above = node.GetParentTransformNode() if hasattr(node, "GetParentTransformNode") else None
    while above is not None and above not in out:
        out.append(above)
        above = above.GetParentTransformNode()
    return out
