"""Labels and landmarks beside a comparison: warped as areas, fixed as outlines, moving ones hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer

SEGMENTATION = "vtkMRMLSegmentationNode"
MARKUPS = "vtkMRMLMarkupsNode"
_STATE = (
    "Visibility",
    "Visibility3D",
    "PointLabelsVisibility",
    "Visibility2DFill",
    "Visibility2DOutline",
    "Opacity2DFill",
    "Opacity2DOutline",
    "SliceIntersectionThickness",
)


class LabelView:
    """How the labels and landmarks of a result are shown; `restore` gives the inputs their own looks back.

    nodes: by role. sides: how roles of the fixed and of the moving image begin. What belongs to the moving
    image lies elsewhere in space than the warped one: seen over it, it would mislead, so it is hidden.
    """

    def __init__(self, nodes: Mapping[str, Any], sides: tuple[str, str] = ("fixed", "moving")) -> None:
        fixed, moving = sides
        shown = {role: node for role, node in nodes.items() if _is_shown(node)}
        self._shown = [node for role, node in shown.items() if not role.startswith(moving)]
        self._hidden = [node for role, node in shown.items() if role.startswith(moving)]
        inputs = [node for role, node in nodes.items() if role.startswith(sides)]
        self._before = {id(d): (d, _state(d)) for d in map(_display, inputs) if d is not None}
        self._fixed = [node for role, node in nodes.items() if role == f"{fixed}_labels"]

    @property
    def has_labels(self) -> bool:
        """Whether there is anything to switch on and off."""
        return bool(self._shown)

    def show(self, on: bool) -> None:
        """Labels on or off; what belongs to the moving image is hidden either way."""
        from RegSuite.mrml.display import show_labels

        for node in self._fixed:
            if node.IsA(SEGMENTATION) and _display(node) is not None:
                show_labels(node, filled=False)
        for nodes, visible in ((self._shown, on), (self._hidden, False)):
            for display in filter(None, map(_display, nodes)):
                display.SetVisibility(visible)
        for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            layers.SetLabelOpacity(1.0 if on else 0.0)

    def restore(self) -> None:
        """The user's own nodes look as they did before."""
        for display, state in self._before.values():
            for name, value in state.items():
                getattr(display, f"Set{name}")(value)
        self._before.clear()


def _is_shown(node: Any) -> bool:
    return bool(node.IsA(SEGMENTATION) or node.IsA(MARKUPS))


def _display(node: Any) -> Any | None:
    return node.GetDisplayNode() if node.IsA(SEGMENTATION) or node.IsA(MARKUPS) else None


def _state(display: Any) -> dict[str, Any]:
    """What the display says of each of _STATE that it has."""
    return {name: getattr(display, f"Get{name}")() for name in _STATE if hasattr(display, f"Get{name}")}
