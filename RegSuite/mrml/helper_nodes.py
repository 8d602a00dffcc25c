"""Nodes that are needed for a while: no selector offers them, no scene file holds them."""

from __future__ import annotations

from typing import Any


class HelperNodes:
    """The hidden nodes of one owner in a scene, removed together."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._nodes: list[Any] = []

    def new(self, class_name: str, name: str) -> Any:
        """A hidden node; hidden before it is added, so that Slicer makes no subject hierarchy item of it."""
        node = self._scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetName(name)
        return self._scene.AddNode(self.adopt(node))

    def adopt(self, node: Any) -> Any:
        """Hide a node that was made elsewhere and take it over."""
        node.HideFromEditorsOn()
        node.SaveWithSceneOff()
        if node not in self._nodes:
            self._nodes.append(node)
        return node

    def remove(self) -> None:
        """Remove all of them; those that are gone already are left alone."""
        for node in self._nodes:
            if node.GetScene() is not None:
                self._scene.RemoveNode(node)
        self._nodes = []
