"""ctkPathLineEdit and ctkDirectoryButton: a file or folder of the user's."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.stand_ins import kept, prop, stand_in


@stand_in
class ctkPathLineEdit(QtWidgets.QWidget):
    """A line with a path and a button that would open a file dialog."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    Dirs, Files, Readable, Writable = 0x001, 0x002, 0x010, 0x020

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._line = QtWidgets.QLineEdit()
        self._browse = QtWidgets.QToolButton()
        self._browse.setText("...")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line, 1)
        row.addWidget(self._browse)
        self._line.textChanged.connect(self.currentPathChanged)

    def setCurrentPath(self, path: str) -> None:
        self._line.setText(path)

    def addCurrentPathToHistory(self) -> None:
        """CTK remembers the path in the settings; nothing to remember here."""

    def clear(self) -> None:
        self._line.clear()

    currentPath = prop("QString", lambda self: self._line.property("text"), setCurrentPath)
    filters = kept("int", "filters", Files | Readable)
    nameFilters = kept("QStringList", "nameFilters", [])
    settingKey = kept("QString", "settingKey", "")
    label = kept("QString", "label", "")
    showBrowseButton = prop(
        "bool", lambda self: self._browse.isVisibleTo(self), lambda self, on: self._browse.setVisible(on)
    )
    showHistoryButton = kept("bool", "showHistoryButton", True)


@stand_in
class ctkDirectoryButton(QtWidgets.QPushButton):
    """A button that shows a folder and would open a folder dialog."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def _set_directory(self, folder: str) -> None:
        if folder != getattr(self, "_folder", ""):
            self._folder = folder
            self.setText(folder)
            self.directoryChanged.emit(folder)

    directory = prop("QString", lambda self: getattr(self, "_folder", ""), _set_directory)
    caption = kept("QString", "caption", "")
