"""How stand-ins of Slicer's widgets declare what they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Property

from Testing.harness.properties import ACCEPTED

KINDS: dict[str, Any] = {"QString": str, "bool": bool, "int": int, "double": float}

BY_NAME: dict[str, type] = {}
"""Every stand-in by its class name, as .ui files ask for it."""


def stand_in(cls: type) -> type:
    """Decorator of a widget class that stands for Slicer's class of the same name."""
    BY_NAME[cls.__name__] = cls
    return cls


def prop(kind: str, get: Callable[[Any], Any], set_: Callable[[Any, Any], Any]) -> Any:
    """A Qt property with checked type, e.g. "double" or "QStringList" (read as a tuple, as in PythonQt)."""
    accepted = ACCEPTED.get(kind)

    def checked(self: Any, value: Any) -> None:
        if accepted and not isinstance(value, accepted):
            raise AttributeError(
                f"{type(self).__name__} takes a {kind}: {value!r} is a {type(value).__name__}"
            )
        set_(self, value)

    def got(self: Any) -> Any:
        value = get(self)
        return tuple(value) if isinstance(value, list) else value

    return Property(KINDS.get(kind, kind), got, checked)


def kept(kind: str, name: str, default: Any, after: str = "") -> Any:
    """A Qt property that is only remembered; `after` names a method called once it has changed."""
    field = f"_kept_{name}"

    def set_(self: Any, value: Any) -> None:
        setattr(self, field, value)
        if after:
            getattr(self, after)()

    return prop(kind, lambda self: getattr(self, field, default), set_)
