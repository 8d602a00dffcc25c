"""VTK's errors and warnings, told to Python's logging (logger `vtk`) instead of the terminal."""

from __future__ import annotations

import logging
from typing import Any

import vtk

LOGGER = logging.getLogger("vtk")
LEVELS = {
    vtk.vtkCommand.ErrorEvent: logging.ERROR,
    vtk.vtkCommand.WarningEvent: logging.WARNING,
    vtk.vtkCommand.TextEvent: logging.INFO,
}


def send_to_logging() -> None:
    """Make VTK's output window tell every message to the logger `vtk`.

    Messages below WARNING are seen only where logging is set up to show them; a program that has
    not set up logging sees warnings and errors on stderr, as before. vtkLogger's copies on stderr
    are turned off, and with them the few messages that VTK gives to vtkLogger alone.
    """
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)  # it repeats what the window is told
    window = vtk.vtkOutputWindow()
    window.SetDisplayModeToNever()
    for event, level in LEVELS.items():
        window.AddObserver(event, _teller(level))
    vtk.vtkOutputWindow.SetInstance(window)


def send_to_terminal() -> None:
    """Give VTK a plain output window again: Python's logging is not there any more at its end."""
    window = vtk.vtkOutputWindow()
    window.SetDisplayModeToAlwaysStdErr()
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
    vtk.vtkOutputWindow.SetInstance(window)


def _teller(level: int) -> Any:
    def tell(_window: Any, _event: str, words: str) -> None:
        LOGGER.log(level, "%s", words.strip())

    tell.CallDataType = vtk.VTK_STRING  # type: ignore[attr-defined]  # how VTK is told to hand the words over
    return tell
