"""One stable colour a label, shared by label maps and segments; names as colour tables."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from typing import Any

TABLE_ROLE = "RegSuite.labels"
"""Node reference from a label map to the colour table that was made for it."""

_GOLDEN = 0.618033988749895
_BACKGROUND = (0.0, 0.0, 0.0, 0.0)


def colour_of(label: int) -> tuple[float, float, float]:
    """Red, green and blue (0..1) of a label: the same in every picture, neighbours far apart in hue."""
    turn = (0.02 + _GOLDEN * (label - 1)) % 1.0
    saturation, value = ((0.75, 0.95), (0.55, 0.85), (0.9, 0.75))[label % 3]
    return colorsys.hsv_to_rgb(turn, saturation, value)


def name_of(label: int, names: Mapping[int, str]) -> str:
    """The name of a label, 'label N' where it has none."""
    return names.get(label) or f"label {label}"


def colour_labels(node: Any, labels: Iterable[int], names: Mapping[int, str]) -> None:
    """Let a label map show its labels in their colours, under their names.

    The colour table is a node of its own, referred to by the label map and filled anew when the
    label map is.
    """
    table = node.GetNodeReference(TABLE_ROLE)
    if table is None:
        scene = node.GetScene()
        table = scene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{node.GetName()} labels")
        table.HideFromEditorsOn()
        node.SetNodeReferenceID(TABLE_ROLE, table.GetID())
    shown = sorted({*labels, *names} - {0})
    was = table.StartModify()
    try:
        table.SetTypeToUser()
        table.SetNumberOfColors(max(shown, default=0) + 1)
        table.GetLookupTable().SetTableRange(0, max(shown, default=0))
        table.SetColor(0, "background", *_BACKGROUND)
        for label in shown:
            table.SetColor(label, name_of(label, names), *colour_of(label), 1.0)
    finally:
        table.EndModify(was)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
