"""Nodes that are being made: all of them stay, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import slicer
import vtk


class MadeNodes:
    """Remembers the nodes that appear in the scene while `watching`, so that `remove` leaves none of them."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Remember every node that is added inside this block."""
        scene = slicer.mrmlScene
        tag = scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, self._added)
        try:
            yield
        finally:
            scene.RemoveObserver(tag)

    def remove(self) -> None:
        """Take the remembered nodes out of the scene, the last one first."""
        scene = slicer.mrmlScene
        for identity in reversed(self._ids):
            node = scene.GetNodeByID(identity)
            if node is not None:
                scene.RemoveNode(node)
        self._ids.clear()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _added(self, _scene: Any, _event: Any, node: Any) -> None:
        if node is not None and node.GetID():
            self._ids.append(str(node.GetID()))
