"""Gates for tests that need more than the engine: each skips with the words that say what to install."""

from __future__ import annotations

import ctypes.util
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import pytest

LIBRARIES = "libegl1 libgl1-mesa-dri libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0"
"""Debian's packages for offscreen views and Qt (see .ci/run)."""


def slicer_core() -> None:
    """Skip unless Slicer's MRML is here."""
    if _missing_slicer():
        pytest.skip("slicer-core is not installed: pip install 'regsuite[slicer]'")


def views() -> None:
    """Skip unless Slicer's views can be drawn offscreen (EGL)."""
    slicer_core()
    if not _egl():
        pytest.skip("EGL is not installed, views cannot be drawn: apt install libegl1 libgl1-mesa-dri")
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def panels() -> None:
    """Skip unless panels can be opened: views, and Qt without a screen."""
    views()
    problem = _qt_problem()
    if problem:
        pytest.skip(f"{problem}: pip install 'regsuite[panels]', apt install {LIBRARIES}")


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
