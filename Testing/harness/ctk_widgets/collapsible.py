"""ctkCollapsibleButton and ctkCollapsibleGroupBox: a heading that folds what stands under it."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.stand_ins import kept, prop, stand_in

HEADING_PX = 26
UNLIMITED_PX = 16777215


@stand_in
class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A button over a frame; checked while its content is shown."""

    contentsCollapsed = Signal(bool)

    def __init__(self, text: Any = "", parent: Any = None) -> None:
        if isinstance(text, QtWidgets.QWidget):
            text, parent = "", text
        super().__init__(parent)
        self.setText(text or "")
        self.setContentsMargins(4, HEADING_PX, 4, 2)
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._fold)

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = prop("bool", lambda self: not self.isChecked(), _set_collapsed)
    flat = kept("bool", "flat", False)
    contentsFrameShape = kept("int", "contentsFrameShape", 6)
    collapsedHeight = kept("int", "collapsedHeight", 10)

    def _fold(self, shown: bool) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(shown)
        self.setMaximumHeight(UNLIMITED_PX if shown else HEADING_PX)
        self.contentsCollapsed.emit(not shown)

    def showEvent(self, event: Any) -> None:
        """Children that came after the folding are hidden as well."""
        if not self.isChecked():
            for child in self.children():
                if isinstance(child, QtWidgets.QWidget):
                    child.setVisible(False)
        super().showEvent(event)

    def hitButton(self, position: Any) -> bool:
        return bool(position.y() < HEADING_PX)

    def paintEvent(self, event: Any) -> None:
        painter = QtGui.QPainter(self)
        try:
            area = self.property("rect")
            heading = QtCore.QRect(area.left(), area.top(), area.width(), HEADING_PX - 4)
            painter.fillRect(heading, self.property("palette").button())
            painter.setPen(self.property("palette").mid().color())
            painter.drawRect(
                area.adjusted(0, 0, -1, -1) if self.isChecked() else heading.adjusted(0, 0, -1, -1)
            )
            painter.setPen(self.property("palette").buttonText().color())
            words = ("\u25be  " if self.isChecked() else "\u25b8  ") + self.property("text")
            painter.drawText(
                heading.adjusted(6, 0, 0, 0), QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter, words
            )
        finally:
            painter.end()


@stand_in
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A group box that folds; a checked one is open."""

    def __init__(self, title: Any = "", parent: Any = None) -> None:
        if isinstance(title, QtWidgets.QWidget):
            title, parent = "", title
        super().__init__(parent)
        self.setTitle(title or "")
        self.setCheckable(True)
        self.toggled.connect(self._fold)

    def _fold(self, shown: bool) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(shown)

    collapsed = prop(
        "bool", lambda self: not self.isChecked(), lambda self, folded: self.setChecked(not folded)
    )
    collapsedHeight = kept("int", "collapsedHeight", 14)
