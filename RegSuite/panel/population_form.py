"""Several moving images instead of one: a check box, and a list to tick; kept in the parameter node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

SEVERAL = "several"
"""Parameter of the node: 'true' where several moving images are wanted."""

REFERENCE = "movingSeveral"
"""Node references of the node: the images that are ticked."""


class PopulationForm:
    """Binds `severalCheckBox` and `movingSeveralSelector` of a panel; on_change() when the choice changes.

    alone: widgets that stand for a single moving image, hidden while there are several.
    """

    def __init__(self, ui: Any, alone: list[Any], on_change: Callable[[], None]) -> None:
        self._check, self._selector = ui.severalCheckBox, ui.movingSeveralSelector
        self._several = [ui.movingSeveralLabel, ui.movingSeveralSelector]
        self._alone = alone
        self._on_change = on_change
        self._node: Any = None
        self._busy = False
        self._check.connect("toggled(bool)", self._changed)
        self._selector.connect("checkedNodesChanged()", self._changed)
        self._arrange()

    @property
    def wanted(self) -> bool:
        """Whether several moving images are wanted."""
        return bool(self._check.checked)

    def images(self) -> list[Any]:
        """The ticked nodes."""
        return list(self._selector.checkedNodes())

    def set_parameter_node(self, node: Any | None) -> None:
        """Show the choice that a MRML parameter node keeps; None: no scene."""
        self._node = node
        if node is None:
            return
        kept = {
            node.GetNthNodeReferenceID(REFERENCE, i) for i in range(node.GetNumberOfNodeReferences(REFERENCE))
        }
        self._busy = True
        try:
            self._check.checked = node.GetParameter(SEVERAL) == "true"
            for choice in [*self._selector.checkedNodes(), *self._selector.uncheckedNodes()]:
                state = qt.Qt.Checked if choice.GetID() in kept else qt.Qt.Unchecked
                self._selector.setCheckState(choice, state)
        finally:
            self._busy = False
        self._arrange()

    def _changed(self, _checked: bool = False) -> None:
        if self._busy:
            return
        if self._node is not None:
            self._node.SetParameter(SEVERAL, "true" if self.wanted else "false")
            self._node.RemoveNodeReferenceIDs(REFERENCE)
            for image in self.images():
                self._node.AddNodeReferenceID(REFERENCE, image.GetID())
        self._arrange()
        self._on_change()

    def _arrange(self) -> None:
        for widget in self._several:
            widget.visible = self.wanted
        for widget in self._alone:
            widget.visible = not self.wanted
