"""Qt properties as attributes, as PythonQt has them: `w.text`, `w.checked = True`, and never `w.text()`."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6 import QtCore

METHODS_IN_PYTHONQT = ("parent", "layout", "children")
"""Never properties in PythonQt, whatever a class calls its own."""

VIRTUAL = ("sizeHint", "minimumSizeHint")
"""Properties whose C++ function is virtual: while it runs, PySide asks for an override of that name."""

ACCEPTED = {
    "QString": (str,),
    "bool": (bool, int),
    "int": (int,),
    "uint": (int,),
    "double": (float, int),
    "float": (float, int),
    "QStringList": (list, tuple),
}
"""What a property of a type takes: Qt's own conversions would hide a wrong type until the desktop."""


class QtProperty:
    """One meta-object property of a class, read and written as an attribute.

    Read from the class it gives what the class had under that name before, so that static
    functions such as QTimer.singleShot still work.
    """

    __slots__ = ("name", "native", "type_name")

    def __init__(self, name: str, type_name: str, native: Any) -> None:
        self.name = name
        self.type_name = type_name
        self.native = native

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self if self.native is None else self.native
        value = QtCore.QObject.property(instance, self.name)
        return tuple(value) if isinstance(value, list) else value

    def __set__(self, instance: Any, value: Any) -> None:
        where = f"{type(instance).__name__}.{self.name}"
        accepted = ACCEPTED.get(self.type_name)
        if accepted and not isinstance(value, accepted):
            raise AttributeError(f"{where} is a {self.type_name}: {value!r} is a {type(value).__name__}")
        value = list(value) if self.type_name == "QStringList" else value
        if not instance.setProperty(self.name, value):
            raise AttributeError(f"{where} is read-only or does not take {value!r}")


class VirtualProperty(QtProperty):
    """A property whose reading makes PySide read the same attribute again: it gets the method then."""

    reading: ClassVar[set[int]] = set()

    __slots__ = ()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None or id(instance) in self.reading:
            return self.native if instance is None else self.native.__get__(instance)
        self.reading.add(id(instance))
        try:
            return super().__get__(instance, owner)
        finally:
            self.reading.discard(id(instance))


def dress(cls: type) -> None:
    """Make attributes of the properties that a Qt class itself declares (its bases are dressed apart)."""
    meta: QtCore.QMetaObject | None = getattr(cls, "staticMetaObject", None)
    if meta is None:
        return
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        declared = meta.property(index)
        name = declared.name()
        if name not in METHODS_IN_PYTHONQT:
            kind = VirtualProperty if name in VIRTUAL else QtProperty
            setattr(cls, name, kind(name, str(declared.typeName()), getattr(cls, name, None)))
