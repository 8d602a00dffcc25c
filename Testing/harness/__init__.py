"""A Slicer to test modules in: real MRML and views, Qt offscreen, stand-ins for the rest (see README.md).

    harness.start()
    module = harness.load_module("Modules/AtlasRegistration/AtlasRegistration.py")
    panel = harness.open_panel(module)
    harness.wait_until(lambda: panel.run.is_done, seconds=30)
    harness.close_panel(panel)

Nothing heavy is imported before it is asked for: views.py needs no Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from Testing.harness.application import start
    from Testing.harness.errors import no_hidden_errors
    from Testing.harness.event_loop import LongestGap, wait_until
    from Testing.harness.modules import close_panel, load_module, open_panel, reload_module
    from Testing.harness.picture import panel_picture, slicer_picture

HOMES = {
    "start": "application",
    "load_module": "modules",
    "open_panel": "modules",
    "reload_module": "modules",
    "close_panel": "modules",
    "wait_until": "event_loop",
    "LongestGap": "event_loop",
    "no_hidden_errors": "errors",
    "panel_picture": "picture",
    "slicer_picture": "picture",
}

__all__ = [
    "LongestGap",
    "close_panel",
    "load_module",
    "no_hidden_errors",
    "open_panel",
    "panel_picture",
    "reload_module",
    "slicer_picture",
    "start",
    "wait_until",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
