"""qMRMLWidget: a widget that knows the scene and tells its children when it changes."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.stand_ins import stand_in


@stand_in
class qMRMLWidget(QtWidgets.QWidget):
    """The widget at the top of a panel's .ui file."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


@stand_in
class qSlicerWidget(qMRMLWidget):
    """The same under the name that older .ui files use."""


@stand_in
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What holds a scripted module's panel; made and filled by Testing/harness/modules.py."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._python: Any = None

    def self(self) -> Any:
        return self._python

    def setPythonSource(self, python: Any) -> None:
        self._python = python

    def reload(self) -> None:
        from Testing.harness.modules import rebuild_panel

        rebuild_panel(self)
