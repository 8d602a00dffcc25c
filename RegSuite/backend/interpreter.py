"""Which Python runs a worker, and in what environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WORKER = "RegSuite.backend.worker"
"""The module that a worker runs."""


def interpreter() -> str:
    """PythonSlicer in Slicer (where sys.executable may be the application), else this Python."""
    if "slicer" in sys.modules and os.environ.get("SLICER_HOME"):
        found = shutil.which("PythonSlicer") or shutil.which(
            "PythonSlicer", path=str(Path(os.environ["SLICER_HOME"]) / "bin")
        )
        if found:
            return found
    return sys.executable


def worker_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment (of this process if None) with what a worker needs: RegSuite on the path, above all."""
    out = dict(os.environ if environment is None else environment)
    home = str(Path(__file__).resolve().parents[2])
    out["PYTHONPATH"] = os.pathsep.join([home, *filter(None, [out.get("PYTHONPATH")])])
    out["PYTHONUNBUFFERED"] = "1"
    out["PYTHONUTF8"] = "1"
    out["PYTHONSAFEPATH"] = "1"  # a file torch.py in the user's folder is not torch
    out.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return out


def apart() -> dict[str, Any]:
    """Arguments for Popen: Ctrl-C in the terminal does not reach the worker; no console window on Windows."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
