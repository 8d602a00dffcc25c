"""What stands as slicer.app.moduleManager(): the modules that are loaded."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore
from PySide6.QtCore import Signal


class ModuleManager(QtCore.QObject):
    """Modules by their names, and the signal that asks a panel to clean up."""

    moduleAboutToBeUnloaded = Signal(str)
    moduleLoaded = Signal(str)

    def module(self, name: str) -> Any:
        """The module of exactly that name, or None; Slicer's own ones have their logic alone."""
        found = vars(slicer.modules).get(name.lower())
        return found if found is not None and found.name == name else None

    def modulesNames(self) -> tuple[str, ...]:
        return tuple(m.name for key, m in vars(slicer.modules).items() if key == key.lower())

    def factoryManager(self) -> ModuleManager:
        return self

    def loadedModuleNames(self) -> tuple[str, ...]:
        return self.modulesNames()

    def isLoaded(self, name: str) -> bool:
        return self.module(name) is not None
