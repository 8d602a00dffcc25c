"""The nodes of a scene that a selector offers, kept up to date while nodes come and go."""

from __future__ import annotations

import weakref
from typing import Any

import slicer
from shiboken6 import isValid

from Testing.harness.qmrml_widgets.widget import qMRMLWidget
from Testing.harness.stand_ins import kept

SCENE_EVENTS = (
    "NodeAddedEvent",
    "NodeRemovedEvent",
    "EndCloseEvent",
    "EndImportEvent",
    "EndBatchProcessEvent",
)


class NodeList(qMRMLWidget):
    """Base of the node selectors: which nodes fit, and a refresh at each event of the scene."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._attributes: list[tuple[str, str, str | None]] = []
        self._observed: list[tuple[Any, int]] = []
        observed = self._observed
        self.destroyed.connect(lambda *_: _stop(observed))

    nodeTypes = kept("QStringList", "nodeTypes", [], after="_refresh")
    hideChildNodeTypes = kept("QStringList", "hideChildNodeTypes", [], after="_refresh")
    showChildNodeTypes = kept("bool", "showChildNodeTypes", True, after="_refresh")
    showHidden = kept("bool", "showHidden", False, after="_refresh")

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:
        self._attributes.append((node_type, name, value))
        self._refresh()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._attributes = [a for a in self._attributes if a[:2] != (node_type, name)]
        self._refresh()

    def setMRMLScene(self, scene: Any) -> None:
        _stop(self._observed)
        if scene is not None:
            for event in SCENE_EVENTS:
                tag = scene.AddObserver(getattr(slicer.vtkMRMLScene, event), _caller(self))
                self._observed.append((scene, tag))
        super().setMRMLScene(scene)
        self._refresh()

    def nodes(self) -> tuple[Any, ...]:
        if self._scene is None:
            return ()
        every = (self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes()))
        return tuple(node for node in every if self._fits(node))

    def nodeCount(self) -> int:
        return len(self.nodes())

    def nodeFromIndex(self, index: int) -> Any:
        return self.nodes()[index]

    def _fits(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        fits_type = node.IsA if self.showChildNodeTypes else lambda kind: node.GetClassName() == kind
        if not any(fits_type(kind) for kind in self.nodeTypes):
            return False
        if any(node.IsA(kind) for kind in self.hideChildNodeTypes if kind not in self.nodeTypes):
            return False
        return all(_has(node, name, value) for kind, name, value in self._attributes if node.IsA(kind))

    def _refresh(self) -> None:
        raise NotImplementedError


def _has(node: Any, name: str, value: str | None) -> bool:
    found = node.GetAttribute(name)
    return found is not None and value in (None, "", found)


def _caller(widget: Any) -> Any:
    """A refresh that neither keeps the widget alive nor calls one that Qt has deleted."""
    reference = weakref.ref(widget)

    def refresh(*_: Any) -> None:
        alive = reference()
        if alive is not None and isValid(alive):
            alive._refresh()

    return refresh


def _stop(observed: list[tuple[Any, int]]) -> None:
    for scene, tag in observed:
        scene.RemoveObserver(tag)
    observed.clear()
