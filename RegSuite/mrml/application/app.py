"""What stands as `slicer.app`: the part of Slicer's application that scripts and logics ask of it."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from RegSuite.mrml.application.files import FileManager

if TYPE_CHECKING:
    from RegSuite.mrml.application.headless import HeadlessSlicer


OLDEST = "5.12.0"
"""The oldest Slicer that RegSuite runs in; PythonSlicer does not tell which it is of."""


def slicer_version() -> str:
    """MAJOR.MINOR.BUILD of slicer-core, else of the oldest Slicer."""
    try:
        return version("slicer-core")
    except PackageNotFoundError:
        return OLDEST


class HeadlessApp:
    """Slicer's application without Qt: methods and attributes are called as Slicer calls them.

    A test harness that has Qt derives from it and sets an object made from the same
    `HeadlessSlicer` as `slicer.app`.
    """

    applicationName = mainApplicationName = "Slicer"  # noqa: N815  # Slicer's name
    applicationVersion = slicer_version()  # noqa: N815  # Slicer's name
    majorVersion, minorVersion = (int(part) for part in applicationVersion.split(".")[:2])  # noqa: N815  # as Slicer

    def __init__(self, headless: HeadlessSlicer) -> None:
        self.headless = headless
        self.temporaryPath = str(headless.temporary)
        self._files = FileManager(headless.scene, headless.application, headless.modules)

    def coreIOManager(self) -> FileManager:
        """What reads and writes files for slicer.util."""
        return self._files

    ioManager = coreIOManager  # noqa: N815  # Slicer's name

    def mrmlScene(self) -> Any:
        """The scene."""
        return self.headless.scene

    def applicationLogic(self) -> Any:
        """Slicer's application logic."""
        return self.headless.application

    def moduleLogic(self, name: str) -> Any:
        """The logic of the module of that name."""
        return getattr(self.headless.modules, name.lower()).logic()

    def layoutManager(self) -> None:
        """None: there are no views."""

    def testingEnabled(self) -> bool:
        """True: nobody is there to answer a dialog."""
        return True

    def startupEnvironment(self) -> dict[str, str]:
        """The environment this Python was started in."""
        return dict(os.environ)

    def processEvents(self, *_flags: Any) -> None:
        """Nothing: there is no event loop."""

    def pauseRender(self) -> None:
        """Nothing: there are no views."""

    resumeRender = pauseRender  # noqa: N815  # Slicer's name

    def setOverrideCursor(self, *_cursor: Any) -> None:
        """Nothing: there is no cursor."""

    restoreOverrideCursor = setOverrideCursor  # noqa: N815  # Slicer's name
