"""Gates for tests that need more than the engine: each skips with the words that say what to install.

REGSUITE_REQUIRE names gates (slicer, views, panels, viewer, chromium, cmake; joined by commas) that must
not close: what they would skip fails instead, with the same words. .ci/run sets it.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

LIBRARIES = "libegl1 libgl1-mesa-dri libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0"
"""Debian's packages for offscreen views and Qt (see .ci/run)."""

REQUIRE = "REGSUITE_REQUIRE"


def slicer_core() -> None:
    """Skip unless Slicer's MRML is here."""
    if _missing_slicer():
        _closed("slicer", "slicer-core is not installed: pip install 'regsuite[slicer]'")


def views() -> None:
    """Skip unless Slicer's views can be drawn offscreen (EGL)."""
    slicer_core()
    if not _egl():
        _closed("views", "EGL is not installed, views cannot be drawn: apt install libegl1 libgl1-mesa-dri")
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def panels() -> None:
    """Skip unless panels can be opened: views, and Qt without a screen."""
    views()
    problem = _qt_problem()
    if problem:
        _closed("panels", f"{problem}: pip install 'regsuite[panels]', apt install {LIBRARIES}")


def viewer() -> Path:
    """The Python of the viewer's environment; skip unless it is here and views can be drawn."""
    from RegSuite.errors import InputError
    from RegSuite.viewer import viewer_python

    if not _egl():
        _closed("views", "EGL is not installed, views cannot be drawn: apt install libegl1 libgl1-mesa-dri")
    try:
        return viewer_python()
    except InputError as error:
        _closed("viewer", f"{error.what}: make .venv-view")
        raise AssertionError from error  # not reached: _closed has ended the test


def chromium() -> str:
    """The program of a headless browser; skip unless it is here."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        _closed("chromium", "there is no browser to look with: apt install chromium")
    return str(found)


def cmake() -> None:
    """Skip unless cmake and make are here."""
    if shutil.which("cmake") is None or shutil.which("make") is None:
        _closed("cmake", "cmake or make is not installed: apt install cmake make")


def _closed(gate: str, why: str) -> None:
    """End the test: skipped, or failed where the gate is required."""
    if gate in os.environ.get(REQUIRE, "").replace(" ", "").split(","):
        pytest.fail(f"{why} ({REQUIRE} asks for {gate})", pytrace=False)
    pytest.skip(why)


@cache
def _missing_slicer() -> bool:
    try:
        version("slicer-core")
    except PackageNotFoundError:
        return True
    return False


@cache
def _egl() -> bool:
    return ctypes.util.find_library("EGL") is not None


@cache
def _qt_problem() -> str:
    """Why Qt does not start here; empty where it does."""
    if find_spec("PySide6") is None:
        return "PySide6 is not installed"
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        import PySide6.QtUiTools
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:  # a system library of Qt's is missing; its name stands in the error
        return str(error)
    return ""
