"""CTK's combo boxes and colour button, its message box."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

from Testing.harness.stand_ins import kept, prop, stand_in


@stand_in
class ctkComboBox(QtWidgets.QComboBox):
    """A combo box with a text while nothing is chosen."""

    defaultText = prop(
        "QString", lambda self: self.placeholderText, lambda self, text: self.setPlaceholderText(text)
    )
    forceDefault = kept("bool", "forceDefault", False)
    scrollWheelEnabled = kept("bool", "scrollWheelEnabled", True)


@stand_in
class ctkCheckableComboBox(QtWidgets.QComboBox):
    """A combo box whose entries can each be checked."""

    checkedIndexesChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.model().dataChanged.connect(lambda *_: self.checkedIndexesChanged.emit())
        self.model().rowsInserted.connect(self._make_checkable)

    def _make_checkable(self, _parent: Any, first: int, last: int) -> None:
        for row in range(first, last + 1):
            item = self.model().item(row)
            item.setFlags(item.flags() | QtCore.Qt.ItemIsUserCheckable)
            item.setCheckState(QtCore.Qt.Unchecked)

    def checkableModel(self) -> Any:
        return self.model()

    def checkedIndexes(self) -> tuple[Any, ...]:
        return tuple(
            self.model().index(row, 0) for row in range(self.model().rowCount()) if self._is_checked(row)
        )

    def _is_checked(self, row: int) -> bool:
        return bool(self.model().item(row).checkState() == QtCore.Qt.Checked)

    def checkState(self, index: Any) -> Any:
        return self.model().item(index.row()).checkState()

    def setCheckState(self, index: Any, state: Any) -> None:
        self.model().item(index.row()).setCheckState(QtCore.Qt.CheckState(state))

    def allChecked(self) -> bool:
        return all(self._is_checked(row) for row in range(self.model().rowCount()))

    def noneChecked(self) -> bool:
        return not self.checkedIndexes()


@stand_in
class ctkColorPickerButton(QtWidgets.QPushButton):
    """A button that shows a colour and would open a colour dialog."""

    colorChanged = Signal(QtGui.QColor)
    displayColorName = kept("bool", "displayColorName", True)

    def setColor(self, color: Any) -> None:
        if color != getattr(self, "_color", None):
            self._color = QtGui.QColor(color)
            self.setText(self._color.name())
            self.colorChanged.emit(self._color)

    color = Property(QtGui.QColor, lambda self: getattr(self, "_color", QtGui.QColor(0, 0, 0)), setColor)


@stand_in
class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box that can be told not to come again."""

    dontShowAgain = kept("bool", "dontShowAgain", False)
    dontShowAgainVisible = kept("bool", "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = kept("QString", "dontShowAgainSettingsKey", "")
