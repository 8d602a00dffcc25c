"""VTK's messages: each once, on stderr, and without those that are no news."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vtkmodules.vtkCommonCore import vtkLogger, vtkOutputWindow, vtkStringOutputWindow

from RegSuite.cli.border import say

_NO_NEWS = (
    "WindowResizeEvent will not be generated",  # trame-slicer 2.0.0 observes what VTK 9.6 is going to drop
    "invalid orientation preset name: Reformat",  # an oblique slice, read all the same
)


@contextmanager
def vtk_told_once() -> Iterator[None]:
    """Collects what VTK tells meanwhile, and says it afterwards, but for what is no news."""
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # the output window tells everything already
    before, collected = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(collected)
    try:
        yield
    finally:
        vtkOutputWindow.SetInstance(before)
        for message in re.split(r"\n\s*\n", collected.GetOutput()):
            if message.strip() and not any(words in message for words in _NO_NEWS):
                say(message.strip())
