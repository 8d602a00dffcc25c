"""`regsuite view DIR`: starts the viewer in the environment that has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from RegSuite.cli.border import errors_as_exit_status

_PACKAGE = Path(__file__).resolve().parent.parent
_CLEAN = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Variables of Slicer or of this environment that would mislead another Python."""


def command() -> Callable[..., None]:
    """The function behind `regsuite view`."""
    return view


def view(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder.")],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes any that is free.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or only say the address.")
    ] = True,
) -> None:
    """Look at a result in the browser, with Slicer's own slice and 3D views. Ctrl-C ends it."""
    from RegSuite.viewer import viewer_python

    with errors_as_exit_status():
        python = viewer_python()
    words = [str(python), str(_PACKAGE / "view" / "start.py"), str(folder), "--port", str(port)]
    _become(words if browser else [*words, "--no-browser"])


def _become(words: list[str]) -> None:
    """Let this process be the viewer; where the system cannot do that, wait for it."""
    environment = {name: value for name, value in os.environ.items() if name not in _CLEAN}
    if sys.platform == "linux":  # no screen is needed to draw, and none is asked for
        environment.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(words[0], words, environment)
    raise SystemExit(subprocess.run(words, env=environment, check=False).returncode)
