"""qMRMLSegmentSelectorWidget: a segmentation and one or several of its segments."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.qmrml_widgets.node_combo import qMRMLNodeComboBox
from Testing.harness.qmrml_widgets.widget import qMRMLWidget
from Testing.harness.stand_ins import kept, prop, stand_in


@stand_in
class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """A node selector and a list of the chosen segmentation's segments."""

    currentNodeChanged = Signal(object)
    currentSegmentChanged = Signal(str)
    segmentSelectionChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._ids: list[str] = []
        self._nodes = qMRMLNodeComboBox()
        self._nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._segments = QtWidgets.QComboBox()
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._nodes)
        row.addWidget(self._segments)
        self._nodes.currentNodeChanged.connect(self._node_changed)
        self._segments.currentIndexChanged.connect(
            lambda _: self.currentSegmentChanged.emit(self.currentSegmentID())
        )

    noneEnabled = prop(
        "bool", lambda self: self._nodes.noneEnabled, lambda self, on: setattr(self._nodes, "noneEnabled", on)
    )
    segmentationNodeSelectorVisible = prop(
        "bool", lambda self: self._nodes.isVisibleTo(self), lambda self, on: self._nodes.setVisible(on)
    )
    multiSelection = kept("bool", "multiSelection", False)

    def setMRMLScene(self, scene: Any) -> None:
        super().setMRMLScene(scene)
        self._nodes.setMRMLScene(scene)

    def currentNode(self) -> Any:
        return self._nodes.currentNode()

    def currentNodeID(self) -> str:
        return str(self._nodes.currentNodeID)

    def setCurrentNode(self, node: Any) -> None:
        self._nodes.setCurrentNode(node)

    def currentSegmentID(self) -> str:
        index = self._segments.property("currentIndex")
        return self._ids[index] if 0 <= index < len(self._ids) else ""

    def setCurrentSegmentID(self, segment: str) -> None:
        self._segments.setCurrentIndex(self._ids.index(segment) if segment in self._ids else -1)

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        return (self.currentSegmentID(),) if self.currentSegmentID() else ()

    def _node_changed(self, node: Any) -> None:
        self._segments.clear()
        self._ids = list(node.GetSegmentation().GetSegmentIDs()) if node is not None else []
        for segment in self._ids:
            self._segments.addItem(node.GetSegmentation().GetSegment(segment).GetName())
        self.currentNodeChanged.emit(node)
