"""Where the viewer of `regsuite view` lives: an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.settings import settings

PACKAGES = "'trame-slicer[standalone]==2.0.0' pydantic pyyaml"
"""What its environment needs (trame-slicer pins an older slicer-core and vtk than RegSuite has)."""

_MODULES = ("trame_slicer", "pydantic", "yaml")
_ASK = (
    "import sys; from importlib.util import find_spec as find; "
    "missing = [name for name in sys.argv[1:] if find(name) is None]; "
    "print(', '.join(missing)); raise SystemExit(bool(missing))"
)
"""Prints those of the modules named after it that are not installed."""

MEND = (
    "in a checkout: make .venv-view; elsewhere: python -m venv ENV, "
    f"ENV/bin/pip install {PACKAGES}, "
    "and let REGSUITE_VIEW_PYTHON name ENV/bin/python"
)


def viewer_place() -> Path:
    """The Python of the viewer's environment, there or not.

    REGSUITE_VIEW_PYTHON names it; else it is .venv-view beside the package.
    """
    chosen = settings().view_python
    if chosen is not None:
        return chosen
    folder = Path(__file__).resolve().parents[1] / ".venv-view"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def viewer_python() -> Path:
    """The Python that can run the viewer. Raises InputError, with the mend, where there is none."""
    python = viewer_place()
    if not python.is_file():
        raise InputError("the viewer is not installed", where=str(python), mend=MEND)
    try:
        asked = subprocess.run(
            [python, "-I", "-c", _ASK, *_MODULES], check=False, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"this Python does not start: {error}", where=str(python), mend=MEND) from error
    if asked.returncode != 0:
        what = asked.stdout.strip() or asked.stderr.strip()[-300:]
        raise InputError(f"the viewer's Python lacks {what}", where=str(python), mend=MEND)
    return python
