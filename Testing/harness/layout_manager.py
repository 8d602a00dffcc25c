"""What stands as slicer.app.layoutManager(): Slicer's own layout logic and view nodes, no windows."""

from __future__ import annotations

from typing import Any

import slicer

LAYOUT_NODE = "vtkMRMLLayoutNode"


class LayoutManager:
    """Layout changes go to the layout node; a slice widget gives the view's node and logic.

    Begins with Slicer's Four-Up layout, so that its view nodes are in the scene as on the desktop.
    Slicer's logic makes the layout node and the view nodes and then lets go of the scene: one that
    follows it does not bear that tests take away the nodes of the views.
    """

    def __init__(self, headless: Any) -> None:
        self._headless = headless
        self._node()

    def layoutLogic(self) -> LayoutManager:
        return self

    def GetLayoutNode(self) -> Any:
        return self._node()

    @property
    def layout(self) -> int:
        return int(self._node().GetViewArrangement())

    @layout.setter
    def layout(self, arrangement: int) -> None:
        self._node().SetViewArrangement(int(arrangement))

    def _node(self) -> Any:
        scene = self._headless.scene
        node = scene.GetSingletonNode(LAYOUT_NODE, LAYOUT_NODE)
        # a bare one, from a scene's file, knows no layouts
        if node is None or not node.IsLayoutDescription(node.SlicerLayoutFourUpView):
            logic = slicer.vtkMRMLLayoutLogic()
            logic.SetMRMLScene(scene)
            node = logic.GetLayoutNode()
            node.SetViewArrangement(node.SlicerLayoutFourUpView)
            logic.SetMRMLScene(None)
        return node

    def setLayout(self, arrangement: int) -> None:
        self.layout = arrangement

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(node.GetLayoutName() for node in self._slice_nodes())

    def sliceWidget(self, name: str) -> _SliceWidget | None:
        for node in self._slice_nodes():
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

    def _slice_nodes(self) -> list[Any]:
        return list(slicer.util.getNodesByClass("vtkMRMLSliceNode"))


class _SliceWidget:
    def __init__(self, node: Any, logic: Any) -> None:
        self._node = node
        self._logic = logic

    def mrmlSliceNode(self) -> Any:
        return self._node

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode() if self._logic is not None else None

    def sliceLogic(self) -> Any:
        """The logic of the view drawn offscreen (views.py); None where none is drawn."""
        return self._logic
