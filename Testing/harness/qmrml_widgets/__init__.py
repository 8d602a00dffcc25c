"""Stand-ins of Slicer's MRML widgets: Qt widgets of ours, driven by the real scene."""

from __future__ import annotations

from typing import Any

from Testing.harness.qmrml_widgets import (
    checkable_node_combo,
    node_combo,
    segment_selector,
    table_view,
    widget,
)
from Testing.harness.stand_ins import BY_NAME

__all__ = ["checkable_node_combo", "node_combo", "put_into", "segment_selector", "table_view", "widget"]


def put_into(slicer: Any) -> None:
    """Make the classes attributes of the module `slicer`, where Slicer has them."""
    for name, cls in BY_NAME.items():
        if name.startswith(("qMRML", "qSlicer")):
            setattr(slicer, name, cls)
