"""What PythonQt refuses, refused here too: unknown attributes and overridden event handlers."""

from __future__ import annotations

import inspect
from typing import Any

from PySide6 import QtCore

HARNESS = __name__.rpartition(".")[0]

native_setattr = QtCore.QObject.__setattr__


def dress(cls: Any) -> None:
    """Let a Qt class set attributes by our rules; PySide gives each class a function of its own.

    QObject keeps PySide's: Python refuses to call a base's function past a class that has another.
    """
    if cls is not QtCore.QObject:
        cls.__setattr__ = setattribute


def setattribute(self: Any, name: str, value: Any) -> None:
    """Set an attribute that the class has; raises AttributeError for one that it has not.

    PythonQt takes new attributes on classes derived in Python alone, and dynamic properties.
    """
    cls = type(self)
    if not hasattr(cls, name) and not _may_have_new(cls, name):
        if name not in {bytes(known.data()).decode() for known in self.dynamicPropertyNames()}:
            raise AttributeError(f"{cls.__name__} has no attribute '{name}' and takes no new ones")
        self.setProperty(name, value)
        return
    found = inspect.getattr_static(cls, name, None)
    by_pyside = isinstance(value, QtCore.SignalInstance)  # which keeps each signal on its object
    if not (
        by_pyside
        or isinstance(found, QtCore.Property)
        or hasattr(found, "__set__")
        or _may_have_new(cls, name)
    ):
        raise AttributeError(f"{cls.__name__}.{name} is a method and cannot be replaced")
    native_setattr(self, name, value)


def _may_have_new(cls: type, name: str) -> bool:
    return _is_derived(cls) or (name.startswith("_") and not cls.__module__.startswith("PySide6"))


def _is_derived(cls: type) -> bool:
    """Whether a class was derived in Python outside the harness."""
    return not cls.__module__.startswith(("PySide6", HARNESS))


def refuse_event_handlers(cls: type, **options: Any) -> None:
    """`__init_subclass__` of every QObject: event handlers written in Python work poorly in PythonQt."""
    if cls.__module__.startswith(("PySide6", HARNESS)):
        return
    overridden = sorted(
        n for n in vars(cls) if n.endswith("Event") or n in ("event", "sizeHint", "minimumSizeHint")
    )
    if overridden:
        raise TypeError(
            f"{cls.__name__} overrides {', '.join(overridden)}: PythonQt does not call them reliably"
        )
