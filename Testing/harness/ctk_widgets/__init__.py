"""Stand-ins of the CTK widgets that panels use: their properties and signals, on plain Qt widgets."""

from __future__ import annotations

from types import ModuleType

from Testing.harness.ctk_widgets import choices, collapsible, numbers, paths, ranges
from Testing.harness.stand_ins import BY_NAME

__all__ = ["as_module", "choices", "collapsible", "numbers", "paths", "ranges"]


def as_module() -> ModuleType:
    """The module `ctk`: only what has a stand-in, so that anything else fails by its name."""
    module = ModuleType("ctk", "CTK widgets, stand-ins")
    vars(module).update({name: cls for name, cls in BY_NAME.items() if name.startswith("ctk")})
    return module
