"""What stands as slicer.app.layoutManager(): the layout and view nodes of the real scene, no windows."""

from __future__ import annotations

from typing import Any

import slicer

LAYOUT_NODE = "vtkMRMLLayoutNode"


class LayoutManager:
    """Layout changes go to the layout node; a slice widget gives the view's node and logic."""

    def __init__(self, headless: Any) -> None:
        self._headless = headless

    def layoutLogic(self) -> Any:
        return _LayoutLogic(self._node())

    @property
    def layout(self) -> int:
        return int(self._node().GetViewArrangement())

    @layout.setter
    def layout(self, arrangement: int) -> None:
        self._node().SetViewArrangement(int(arrangement))

    def setLayout(self, arrangement: int) -> None:
        self.layout = arrangement

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(node.GetLayoutName() for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"))

    def sliceWidget(self, name: str) -> _SliceWidget | None:
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if node.GetLayoutName() == name:
                return _SliceWidget(node, self._headless.application.GetSliceLogic(node))
        return None

    @property
    def threeDViewCount(self) -> int:
        return len(slicer.util.getNodesByClass("vtkMRMLViewNode"))

    def resetSliceViews(self) -> None:
        for name in self.sliceViewNames():
            widget = self.sliceWidget(name)
            if widget is not None and widget.sliceLogic() is not None:
                widget.sliceLogic().FitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """Cameras belong to the views; without windows there is nothing to reset."""

    def _node(self) -> Any:
        scene = self._headless.scene
        node = scene.GetSingletonNode(LAYOUT_NODE, LAYOUT_NODE) or scene.GetFirstNodeByClass(LAYOUT_NODE)
        return node or scene.AddNewNodeByClass(LAYOUT_NODE)


class _LayoutLogic:
    def __init__(self, node: Any) -> None:
        self._node = node

    def GetLayoutNode(self) -> Any:
        return self._node


class _SliceWidget:
    def __init__(self, node: Any, logic: Any) -> None:
        self._node = node
        self._logic = logic

    def mrmlSliceNode(self) -> Any:
        return self._node

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode() if self._logic is not None else None

    def sliceLogic(self) -> Any:
        return self._logic
