"""PythonQt's `sender.connect("signal(types)", function)` beside `sender.signal.connect(function)`."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore

native_getattribute = QtCore.QObject.__getattribute__


class Connector:
    """What `sender.connect` and `sender.disconnect` are: PythonQt's form, or PySide's for its own calls."""

    def __init__(self, sender: Any, native: Any, *, connect: bool) -> None:
        self._sender = sender
        self._native = native
        self._connect = connect

    def __call__(self, *arguments: Any) -> Any:
        first = arguments[0] if arguments else None
        if (
            not isinstance(first, str) or first[:1] in "12"
        ):  # 1 and 2 mark SLOT() and SIGNAL(): PySide's own code
            return self._native(*arguments)
        if not self._connect and len(arguments) == 1:
            return self._native(self._sender, QtCore.SIGNAL(_checked(self._sender, first)), None)
        if len(arguments) == 3:  # connect("signal(types)", receiver, "slot(types)")
            receiver, slot = arguments[1], arguments[2]
            arguments = (first, getattr(receiver, slot.partition("(")[0]))
        signal, function = arguments
        if not callable(function):
            raise TypeError(f"{_place(self._sender)}: {function!r} is not callable")
        return self._apply(signal, function)

    def _apply(self, signal: str, function: Any) -> bool:
        name = signal.partition("(")[0].strip()
        if not _is_declared_in_python(self._sender, name):
            native = QtCore.SIGNAL(_checked(self._sender, signal))
            action = QtCore.QObject.connect if self._connect else QtCore.QObject.disconnect
            return bool(action(self._sender, native, function))
        bound = getattr(self._sender, name)
        return bool(bound.connect(function) if self._connect else bound.disconnect(function))


def _is_declared_in_python(sender: Any, name: str) -> bool:
    """Whether a signal is a stand-in's: its types are Python's, so that only its name is looked at."""
    return any(
        isinstance(vars(cls).get(name), QtCore.Signal) and not cls.__module__.startswith("PySide6")
        for cls in type(sender).__mro__
    )


def _checked(sender: Any, signal: str) -> str:
    """A signature as Qt writes it. Raises AttributeError where Slicer would only print a line and go on."""
    normalized = bytes(QtCore.QMetaObject.normalizedSignature(signal).data()).decode()
    if sender.metaObject().indexOfSignal(normalized) < 0:
        raise AttributeError(f"{_place(sender)} has no signal {signal}")
    return normalized


def _place(sender: Any) -> str:
    return f"{type(sender).__name__} '{sender.property('objectName')}'"


def getattribute(self: Any, name: str) -> Any:
    """Attribute access of every QObject; PySide looks `connect` up before any class dictionary."""
    value = native_getattribute(self, name)
    if name in ("connect", "disconnect"):
        return Connector(self, value, connect=name == "connect")
    return value
