"""qMRMLCheckableNodeComboBox: the selector of several nodes."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.qmrml_widgets.node_list import NodeList
from Testing.harness.stand_ins import kept, stand_in


@stand_in
class qMRMLCheckableNodeComboBox(NodeList):
    """Nodes with a check mark each; a node that leaves the scene leaves the choice."""

    checkedNodesChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._checked: list[str] = []
        self._box = QtWidgets.QComboBox()
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self._box.model().itemChanged.connect(self._mark)

    noneEnabled = kept("bool", "noneEnabled", False)
    addEnabled = kept("bool", "addEnabled", False)
    removeEnabled = kept("bool", "removeEnabled", False)

    def checkedNodes(self) -> tuple[Any, ...]:
        return tuple(node for node in self.nodes() if node.GetID() in self._checked)

    def uncheckedNodes(self) -> tuple[Any, ...]:
        return tuple(node for node in self.nodes() if node.GetID() not in self._checked)

    def checkState(self, node: Any) -> Any:
        return QtCore.Qt.Checked if node.GetID() in self._checked else QtCore.Qt.Unchecked

    def setCheckState(self, node: Any, state: Any) -> None:
        row = [n.GetID() for n in self.nodes()].index(node.GetID())
        self._box.model().item(row).setCheckState(QtCore.Qt.CheckState(state))

    def allChecked(self) -> bool:
        return not self.uncheckedNodes()

    def noneChecked(self) -> bool:
        return not self.checkedNodes()

    def _refresh(self) -> None:
        nodes = self.nodes()
        left = [node_id for node_id in self._checked if node_id in {node.GetID() for node in nodes}]
        changed, self._checked = left != self._checked, left
        model = self._box.model()
        model.blockSignals(True)
        self._box.clear()
        for row, node in enumerate(nodes):
            self._box.addItem(node.GetName() or "", node.GetID())
            item = model.item(row)
            item.setFlags(item.flags() | QtCore.Qt.ItemIsUserCheckable)
            item.setCheckState(self.checkState(node))
        model.blockSignals(False)
        if changed:
            self.checkedNodesChanged.emit()

    def _mark(self, item: Any) -> None:
        node_id, checked = item.data(QtCore.Qt.UserRole), item.checkState() == QtCore.Qt.Checked
        if checked == (node_id in self._checked):
            return
        if checked:
            self._checked.append(node_id)
        else:
            self._checked.remove(node_id)
        self.checkedNodesChanged.emit()
