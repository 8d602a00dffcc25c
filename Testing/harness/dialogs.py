"""Modal dialogs of Qt's own: they would wait for ever for a user, so that opening one is an error here."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

OPENED: list[str] = []
"""Addresses given to qt.QDesktopServices.openUrl, the newest last."""

MODAL = {
    QtWidgets.QDialog: ("exec", "exec_"),
    QtWidgets.QMessageBox: ("exec", "exec_", "question", "information", "warning", "critical", "about"),
    QtWidgets.QInputDialog: ("getText", "getInt", "getDouble", "getItem", "getMultiLineText"),
    QtWidgets.QColorDialog: ("getColor",),
}
FILES = ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory")

CHOSEN: list[str] = []
"""Paths that the user chooses in the next file dialogs, in their order."""


class WouldBlock(AssertionError):
    """A modal dialog was opened; slicer.util's display functions are collected by messages.py instead."""


def refuse() -> None:
    """Make modal dialogs raise WouldBlock, file dialogs give what CHOSEN says; collect opened addresses."""
    for cls, names in MODAL.items():
        for name in names:
            setattr(cls, name, _refusing(f"{cls.__name__}.{name}"))
    for name in FILES:
        setattr(QtWidgets.QFileDialog, name, staticmethod(_choosing(name)))
    QtGui.QDesktopServices.openUrl = staticmethod(_open)  # type: ignore[method-assign]


def _refusing(name: str) -> Any:
    def refuse_it(*_arguments: Any) -> Any:
        raise WouldBlock(f"{name} opens a modal dialog")

    return refuse_it


def _choosing(name: str) -> Any:
    def choose(*_arguments: Any) -> str:
        """PythonQt gives the path alone, where PySide gives it with the filter."""
        if not CHOSEN:
            raise WouldBlock(f"QFileDialog.{name} was opened and dialogs.CHOSEN is empty")
        return CHOSEN.pop(0)

    return choose


def _open(address: Any) -> bool:
    OPENED.append(address.toString() if isinstance(address, QtCore.QUrl) else str(address))
    return True
