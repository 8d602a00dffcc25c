"""Load a scripted module's file unchanged, open its panel, reload it, close it, as Slicer does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import qt
import slicer

from Testing.harness import source_check
from Testing.harness.application import start

WIDTH_PX = 520
"""About the width of Slicer's module panel."""


class ScriptedModule:
    """The object that stands as slicer.modules.NAME; what a module writes on `parent`."""

    __slots__ = (
        "_container",
        "acknowledgementText",
        "associatedNodeTypes",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "hidden",
        "icon",
        "index",
        "name",
        "path",
        "title",
        "widgetRepresentationCreationEnabled",
    )

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path
        self.hidden = False
        self.icon: Any = None
        self._container: Any = None

    def widgetRepresentation(self) -> Any:
        """The container with the panel, made at the first call."""
        if self._container is None:
            self._container = slicer.qSlicerScriptedLoadableModuleWidget()
            self._container.setObjectName(f"{self.name}ModuleWidget")
            self._container.setLayout(qt.QVBoxLayout())
            self._container.setMRMLScene(slicer.mrmlScene)
            rebuild_panel(self._container)
        return self._container

    def createNewWidgetRepresentation(self) -> Any:
        self._container = None
        return self.widgetRepresentation()

    def forget(self) -> None:
        """Let go of a container that was closed."""
        self._container = None


def load_module(path: str | Path) -> ModuleType:
    """Load Modules/NAME/NAME.py as Slicer does at its start; gives the Python module.

    Raises whatever the file raises, and ValueError where its class of the same name is missing.
    """
    application = start()
    path = Path(path).resolve()
    source_check.check(path)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = _executed(path)
    make = getattr(module, path.stem, None)
    if make is None:
        raise ValueError(f"{path} has no class {path.stem}")
    described = ScriptedModule(path.stem, str(path))
    make(described)
    setattr(slicer.modules, path.stem.lower(), described)
    setattr(slicer.modules, f"{path.stem}Instance", described)
    application.complete_startup()
    application.moduleManager().moduleLoaded.emit(path.stem)
    return module


def _executed(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def rebuild_panel(container: Any) -> None:
    """Make the panel of the module as it is in sys.modules now, inside its container."""
    name = container.objectName.removesuffix("ModuleWidget")
    panel = getattr(sys.modules[name], f"{name}Widget")(container)
    container.setPythonSource(panel)
    setattr(slicer.modules, f"{name}Widget", panel)
    panel.setup()


def open_panel(module: ModuleType) -> Any:
    """Show a module's panel (setup(), enter()); gives its Widget object, whose `parent` is the container."""
    described = getattr(slicer.modules, module.__name__.lower())
    container = described.widgetRepresentation()
    container.show()
    panel = container.self()
    fit(panel)
    slicer.util.selectModule(described)
    if hasattr(panel, "enter"):
        panel.enter()
    slicer.app.processEvents()
    return panel


def fit(panel: Any) -> None:
    """Make a panel as wide as Slicer's and as high as what it shows; Slicer would scroll."""
    slicer.app.processEvents()
    panel.parent.resize(WIDTH_PX, max(panel.parent.sizeHint.height(), 400))
    slicer.app.processEvents()


def reload_module(module: ModuleType) -> Any:
    """Slicer's "Reload" button: the file is read again, the panel made anew; gives the new Widget object.

    As in Slicer the module stays the one that is shown, and the new panel's enter() is not called.
    """
    name = module.__name__
    slicer.util.reloadScriptedModule(name)
    panel = getattr(slicer.modules, f"{name}Widget")
    slicer.app.processEvents()
    return panel


def close_panel(panel: Any) -> None:
    """What the end of Slicer does to a panel: exit(), cleanup(), then its widgets are deleted."""
    if hasattr(panel, "exit"):
        panel.exit()
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(panel.moduleName)
    described = getattr(slicer.modules, panel.moduleName.lower())
    described.forget()
    delattr(slicer.modules, f"{panel.moduleName}Widget")
    panel.parent.hide()
    panel.parent.deleteLater()
    qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.DeferredDelete)
    slicer.app.processEvents()


def close_all_panels() -> None:
    """Slicer closes its panels before its scene at its end."""
    for name in [key for key in vars(slicer.modules) if key.endswith("Widget")]:
        close_panel(getattr(slicer.modules, name))
