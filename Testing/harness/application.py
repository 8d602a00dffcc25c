"""start(): the headless Slicer with Qt on top: `slicer.app`, `qt`, `ctk` and Slicer's widgets."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from RegSuite.mrml.application import start as start_headless
from RegSuite.mrml.application.app import HeadlessApp


@cache
def start() -> Application:
    """Start once in this process (2 s) and give `slicer.app`."""
    headless = start_headless()
    if headless is None:
        raise RuntimeError("the harness stands in for Slicer and cannot be started inside one")
    from Testing.harness import messages, pythonqt, slicer_modules

    qt_application = pythonqt.install()
    import slicer
    import slicer.util

    slicer_modules.put_into(slicer)
    from Testing.harness import modules, qmrml_widgets

    qmrml_widgets.put_into(slicer)
    application = Application(headless, qt_application)
    slicer.app = application
    slicer.qSlicerScriptedLoadableModule = modules.ScriptedModule
    slicer.util.selectModule = application.select_module
    slicer.util.selectedModule = lambda: application.selected
    messages.collect(slicer.util)
    atexit.register(modules.close_all_panels)  # before the headless Slicer closes its scene
    return application


class Application(HeadlessApp):
    """Slicer's application, as far as panels ask it: what is not here fails by its name.

    testing: what testingEnabled() says. False, as for a user: dialogs are collected, not skipped.
    selected: the name of the module shown last.
    """

    documentationBaseUrl = "https://slicer.readthedocs.io/en/latest/"
    revision = "headless"

    def __init__(self, headless: Any, qt_application: Any) -> None:
        super().__init__(headless)
        from Testing.harness.layout_manager import LayoutManager
        from Testing.harness.module_manager import ModuleManager

        self.testing = False
        self.selected = ""
        self._qt = qt_application
        self._layouts = LayoutManager(headless)
        self._manager = ModuleManager()
        self._at_startup: list[Callable[[], Any]] = []
        self._settings = self._open_settings(headless.temporary)
        self.slicerHome = str(headless.temporary)
        self.slicerUserSettingsFilePath = self._settings.fileName()

    @staticmethod
    def _open_settings(folder: Path) -> Any:
        import qt

        for scope in (qt.QSettings.UserScope, qt.QSettings.SystemScope):
            for kind in (qt.QSettings.NativeFormat, qt.QSettings.IniFormat):
                qt.QSettings.setPath(kind, scope, str(folder / "settings"))
        return qt.QSettings(str(folder / "settings" / "Slicer.ini"), qt.QSettings.IniFormat)

    def testingEnabled(self) -> bool:
        return self.testing

    def processEvents(self, *_flags: Any) -> None:
        """PySide lets some exceptions of slots out here; PythonQt hands them to the hook, as all others."""
        try:
            self._qt.processEvents()
        except Exception:  # noqa: BLE001  # not ours: it is told where slots' exceptions are told
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]

    def layoutManager(self) -> Any:
        return self._layouts

    def moduleManager(self) -> Any:
        return self._manager

    def userSettings(self) -> Any:
        return self._settings

    settings = revisionUserSettings = userSettings

    def connect(self, signal: str, function: Callable[[], Any]) -> bool:
        """Slicer's "startupCompleted()": called once the module that connected it has been loaded."""
        if signal != "startupCompleted()":
            raise AttributeError(f"the application has no signal {signal} (Testing/harness)")
        self._at_startup.append(function)
        return True

    def complete_startup(self) -> None:
        """Call what modules asked to be called at the end of Slicer's start."""
        waiting, self._at_startup = self._at_startup, []
        for function in waiting:
            function()

    def select_module(self, module: Any) -> None:
        """What slicer.util.selectModule does: show a module's panel."""
        name = module if isinstance(module, str) else module.name
        if self._manager.module(name) is None:
            raise RuntimeError(f"no module '{name}'")
        self.selected = name

    def topLevelWidgets(self) -> tuple[Any, ...]:
        return tuple(self._qt.topLevelWidgets())

    def thread(self) -> Any:
        return self._qt.thread()

    def clipboard(self) -> Any:
        return self._qt.clipboard()

    def palette(self) -> Any:
        return self._qt.palette()

    def font(self) -> Any:
        return self._qt.font()

    def setOverrideCursor(self, *cursor: Any) -> None:
        self._qt.setOverrideCursor(*cursor)

    def restoreOverrideCursor(self) -> None:
        self._qt.restoreOverrideCursor()
