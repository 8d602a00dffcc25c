"""PySide6 dressed as PythonQt: the modules `qt` and `ctk` as scripted modules of Slicer see them."""

from __future__ import annotations

import inspect
import os
import sys
from functools import cache
from types import ModuleType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness import connections, dialogs, properties, strictness

QOBJECT = QtCore.QObject

OF_PYSIDE_ONLY = ("QEnum", "QFlag")
"""Names that begin with a Q and are PySide's inventions."""


@cache
def install() -> QtWidgets.QApplication:
    """Put `qt` and `ctk` into sys.modules and give the application, started offscreen. Once a process."""
    names = _names()
    classes = [c for c in names.values() if inspect.isclass(c) and issubclass(c, QOBJECT)]
    for cls in classes:
        properties.dress(cls)
        strictness.dress(cls)
    _dress_all_objects()
    qt = ModuleType("qt", "Qt as PythonQt has it")
    vars(qt).update(names)
    sys.modules["qt"] = qt
    application = _application()
    from Testing.harness import ctk_widgets, ui_loader

    vars(qt)["QUiLoader"] = ui_loader.QUiLoader
    sys.modules["ctk"] = ctk_widgets.as_module()
    return application


def _names() -> dict[str, Any]:
    """Qt's classes and the namespace Qt. Not Signal, Slot, Property: Slicer's PythonQt has none of them."""
    found: dict[str, Any] = {}
    for library in (QtCore, QtGui, QtWidgets):
        found.update(
            {n: getattr(library, n) for n in dir(library) if n.startswith("Q") and n not in OF_PYSIDE_ONLY}
        )
    return found


def _dress_all_objects() -> None:
    """PythonQt's additions to every QObject, and its refusals."""
    vars_of_all: dict[str, Any] = {
        "name": properties.QtProperty("objectName", "QString", None),
        "className": lambda self: self.metaObject().className(),
        "delete": lambda self: self.deleteLater(),
        "__getattribute__": connections.getattribute,
        "__init_subclass__": classmethod(strictness.refuse_event_handlers),
    }
    for name, value in vars_of_all.items():
        setattr(QOBJECT, name, value)
    for cls in (QtWidgets.QMenu, QtCore.QCoreApplication, QtCore.QEventLoop):
        if not hasattr(cls, "exec_"):
            setattr(cls, "exec_", cls.exec)  # noqa: B010  # not an attribute the type checker knows
    dialogs.refuse()


def _application() -> QtWidgets.QApplication:
    from Testing.harness.fonts import use_a_readable_font

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
    application.setOrganizationName("RegSuite-tests")
    application.setApplicationName("Slicer")
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    use_a_readable_font(application)
    return application
