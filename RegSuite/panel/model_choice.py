"""Several models in the place of one node: lists to tick, kept in the parameter node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

REFERENCE = "models."
"""Node references of the parameter node: this and the role, the models that are ticked for it."""


class ModelChoice:
    """Binds a qMRMLCheckableNodeComboBox a role; changed() after every change of the user's."""

    def __init__(self, selectors: dict[str, Any], changed: Callable[[], None]) -> None:
        self._selectors, self._changed = selectors, changed
        self._node: Any = None
        self._busy = False
        for selector in selectors.values():
            selector.connect("checkedNodesChanged()", self._tell)

    def set_parameter_node(self, node: Any | None) -> None:
        """Show what a MRML parameter node keeps; None: no scene."""
        self._node = node
        if node is None:
            return
        self._busy = True
        try:
            for role, selector in self._selectors.items():
                kept = {model.GetID() for model in models_of(node, role)}
                for choice in [*selector.checkedNodes(), *selector.uncheckedNodes()]:
                    ticked = choice.GetID() in kept
                    selector.setCheckState(choice, qt.Qt.Checked if ticked else qt.Qt.Unchecked)
        finally:
            self._busy = False

    def _tell(self, *_arguments: Any) -> None:
        if self._busy or self._node is None:
            return
        was = self._node.StartModify()
        try:
            for role, selector in self._selectors.items():
                self._node.RemoveNodeReferenceIDs(REFERENCE + role)
                for model in selector.checkedNodes():
                    self._node.AddNodeReferenceID(REFERENCE + role, model.GetID())
        finally:
            self._node.EndModify(was)
        self._changed()


def models_of(node: Any, role: str) -> list[Any]:
    """The models that a parameter node keeps for a role and that are still in the scene."""
    name = REFERENCE + role
    found = [node.GetNthNodeReference(name, at) for at in range(node.GetNumberOfNodeReferences(name))]
    return [model for model in found if model is not None]


def choose_models(node: Any, role: str, models: list[Any]) -> None:
    """Keep models for a role, as a person ticks them."""
    node.RemoveNodeReferenceIDs(REFERENCE + role)
    for model in models:
        node.AddNodeReferenceID(REFERENCE + role, model.GetID())
