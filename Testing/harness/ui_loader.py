"""qt.QUiLoader: Qt's own loader of .ui files, with stand-ins for the widgets of CTK and Slicer."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from Testing.harness.stand_ins import BY_NAME

QTS_OWN = ("Line",)
"""Names that only Qt's loader knows."""

Connection = tuple[str, str, str, str]
"""sender, signal, receiver, slot"""


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a .ui file unchanged. Raises RuntimeError that names a class without stand-in.

    Connections of the file are made by name afterwards: PySide has no signal with a
    vtkMRMLScene* in its signature.
    """

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._made: list[Any] = []
        self._failures: list[Exception] = []
        for cls in BY_NAME.values():
            self.registerCustomWidget(cls)

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        """Called by Qt, which would drop an exception: it is kept for load()."""
        try:
            return self._made_widget(class_name, parent, name)
        except Exception as error:  # noqa: BLE001  # raised again by load()
            self._failures.append(error)
            return None

    def _made_widget(self, class_name: str, parent: Any, name: str) -> Any:
        if class_name in BY_NAME:
            widget = BY_NAME[class_name](parent=parent)
        elif hasattr(QtWidgets, class_name):
            widget = getattr(QtWidgets, class_name)(parent)
        else:
            widget = super().createWidget(class_name, parent, name)
        widget.setObjectName(name)
        self._made.append(widget)  # Python's half of a widget must live until its parent holds it
        return widget

    def load(self, file: Any, parent: Any = None) -> Any:
        path = file if isinstance(file, str) else file.fileName()
        root = ElementTree.parse(path).getroot()
        _refuse_unknown(root, path)
        connections = _taken_out(root)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        widget = super().load(buffer, parent)
        if self._failures:
            raise self._failures[0]
        if widget is None:
            raise RuntimeError(f"{path}: {self.errorString()}")
        for connection in connections:
            _connect(widget, connection, path)
        return widget


def _refuse_unknown(root: ElementTree.Element, path: str) -> None:
    used = {element.get("class") or "" for element in root.iter("widget")}
    known = {*BY_NAME, *QTS_OWN}
    unknown = sorted(name for name in used if name not in known and not hasattr(QtWidgets, name))
    if unknown:
        raise RuntimeError(f"{path}: no stand-in for {', '.join(unknown)} (Testing/harness)")
    declared = {element.findtext("class") for element in root.iter("customwidget")}
    undeclared = sorted(name for name in used if name in BY_NAME and name not in declared)
    if undeclared:
        raise RuntimeError(f"{path}: {', '.join(undeclared)} is not among the file's <customwidgets>")


def _taken_out(root: ElementTree.Element) -> list[Connection]:
    section = root.find("connections")
    if section is None:
        return []
    found: list[Connection] = []
    for element in list(section):
        sender, signal, receiver, slot = (
            element.findtext(key) or "" for key in ("sender", "signal", "receiver", "slot")
        )
        found.append((sender, signal, receiver, slot))
        section.remove(element)
    return found


def _connect(root: Any, connection: Connection, path: str) -> None:
    sender, signal, receiver, slot = connection
    ends = []
    for name, member in ((sender, signal), (receiver, slot)):
        owner = root if root.objectName == name else root.findChild(QtCore.QObject, name)
        end = getattr(owner, member.partition("(")[0], None)
        if end is None:
            raise RuntimeError(
                f"{path}: connection {sender}.{signal} to {receiver}.{slot}: no {name}.{member}"
            )
        ends.append(end)
    ends[0].connect(ends[1])
