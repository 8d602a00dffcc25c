"""qMRMLNodeComboBox: the selector of one node."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.qmrml_widgets.node_list import NodeList
from Testing.harness.stand_ins import kept, prop, stand_in


@stand_in
class qMRMLNodeComboBox(NodeList):
    """As Slicer's: without a None to choose, the first node to come into an empty list is chosen by itself,
    and another when the chosen one goes; after setCurrentNode(None) nothing is, until the list was empty.
    """

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    nodeAdded = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._ids: list[str] = []
        self._said: str = ""
        self._unset_by_caller = False
        self._box = QtWidgets.QComboBox()
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self._box.currentIndexChanged.connect(self._say)
        self._box.activated.connect(self._activate)

    noneEnabled = kept("bool", "noneEnabled", False, after="_refresh")
    noneDisplay = kept("QString", "noneDisplay", "None", after="_refresh")
    addEnabled = kept("bool", "addEnabled", True)
    removeEnabled = kept("bool", "removeEnabled", True)
    editEnabled = kept("bool", "editEnabled", False)
    renameEnabled = kept("bool", "renameEnabled", False)
    selectNodeUponCreation = kept("bool", "selectNodeUponCreation", True)
    baseName = kept("QString", "baseName", "")
    interactionNodeSingletonTag = kept("QString", "interactionNodeSingletonTag", "")

    def _set_id(self, node_id: str | None) -> None:
        node_id = node_id or ""
        self._unset_by_caller = not node_id
        if node_id in self._ids:
            self._box.setCurrentIndex(self._ids.index(node_id))
        else:  # a node that does not fit is not chosen: Slicer shows nothing then
            self._box.setCurrentIndex(-1)
        self._say()

    currentNodeID = prop("QString", lambda self: self._id(), _set_id)

    def currentNode(self) -> Any:
        node_id = self._id()
        return self._scene.GetNodeByID(node_id) if node_id and self._scene is not None else None

    def setCurrentNode(self, node: Any) -> None:
        self._set_id(None if node is None else node if isinstance(node, str) else node.GetID())

    def setCurrentNodeID(self, node_id: str | None) -> None:
        self._set_id(node_id)

    def setCurrentNodeIndex(self, index: int) -> None:
        self._set_id(self.nodes()[index].GetID())

    def addNode(self, node_type: str = "") -> Any:
        """What "Create new ..." of the menu does."""
        node_type = node_type or self.nodeTypes[0]
        name = self.baseName or self._scene.GetTagByClassName(node_type)
        node = self._scene.AddNewNodeByClass(node_type, self._scene.GenerateUniqueName(name))
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _id(self) -> str:
        index = self._box.property("currentIndex")
        return self._ids[index] if 0 <= index < len(self._ids) else ""

    def _refresh(self) -> None:
        before, nodes, was_empty = self._id(), self.nodes(), not self._ids
        self._box.blockSignals(True)
        self._box.clear()
        self._ids = [""] if self.noneEnabled else []
        if self.noneEnabled:
            self._box.addItem(self.noneDisplay)
        for node in nodes:
            self._ids.append(node.GetID())
            self._box.addItem(node.GetName() or "")
        stays_unset = self.noneEnabled or (self._unset_by_caller and not was_empty) or not nodes
        by_itself = "" if stays_unset else nodes[0].GetID()
        chosen = before if before in self._ids and before else by_itself
        self._box.setCurrentIndex(self._ids.index(chosen) if chosen in self._ids else -1)
        self._box.blockSignals(False)
        self._say()

    def _say(self, *_: Any) -> None:
        node_id = self._id()
        if node_id != self._said:
            self._said = node_id
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(node_id)

    def _activate(self, *_: Any) -> None:
        self._unset_by_caller = not self._id()
        self.nodeActivated.emit(self.currentNode())
