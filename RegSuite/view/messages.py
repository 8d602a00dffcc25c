"""VTK's messages: each once, on stderr, and without one that is no news."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vtkmodules.vtkCommonCore import vtkLogger, vtkObject


@contextmanager
def quiet_vtk() -> Iterator[None]:
    """Without warnings, while views are made.

    trame-slicer 2.0.0 observes an event that VTK 9.6 says, three times over, it will do without later.
    """
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # the output window tells everything already
    before = vtkObject.GetGlobalWarningDisplay()
    vtkObject.SetGlobalWarningDisplay(0)
    try:
        yield
    finally:
        vtkObject.SetGlobalWarningDisplay(before)
