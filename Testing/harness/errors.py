"""Errors that Qt, VTK and logging would swallow: collected while a test runs, and its end fails on them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EXCEPTIONS: list[BaseException] = []
"""Exceptions that left a slot or an observer, since the innermost `no_hidden_errors` began."""

WARNINGS: list[str] = []
"""VTK's warnings and errors, and Qt's, in the same time."""

EXPECTED: list[str] = []
"""Parts of warnings that a test said it would see."""


OF_THE_OFFSCREEN_PLATFORM = ("This plugin does not support propagateSizeHints()",)
"""Said by Qt because there is no screen."""


class HiddenErrors(AssertionError):
    """Something went wrong where nobody would have noticed."""


class _VtkWarnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        WARNINGS.append(record.getMessage())


@contextmanager
def no_hidden_errors() -> Iterator[list[BaseException]]:
    """Fail at the end with the first exception of a slot or observer, or with VTK's and Qt's warnings.

    Gives the list of exceptions: a test that means them to happen empties it.
    """
    EXCEPTIONS.clear()
    WARNINGS.clear()
    EXPECTED.clear()
    hook, handler = sys.excepthook, _VtkWarnings(logging.WARNING)
    sys.excepthook = _collect
    logging.getLogger("vtk").addHandler(handler)
    qt_handler = _collect_qt_messages()
    try:
        yield EXCEPTIONS
    finally:
        sys.excepthook = hook
        logging.getLogger("vtk").removeHandler(handler)
        _set_qt_handler(qt_handler)
    _fail_on_collected()


def expect_warning(part: str) -> None:
    """Say that a warning with these words belongs to the test."""
    EXPECTED.append(part)


def _collect(_kind: Any, error: BaseException, _traceback: Any) -> None:
    EXCEPTIONS.append(error)


def _fail_on_collected() -> None:
    if EXCEPTIONS:
        words = "; ".join(f"{type(error).__name__}: {error}" for error in EXCEPTIONS)
        raise HiddenErrors(f"in a slot or observer: {words}") from EXCEPTIONS[0]
    unexpected = [words for words in WARNINGS if not any(part in words for part in EXPECTED)]
    if unexpected:
        raise HiddenErrors("VTK or Qt warned: " + "\n".join(unexpected))


def _collect_qt_messages() -> Any:
    """Install our handler of Qt's messages where Qt is loaded; gives the one before."""
    if "PySide6.QtCore" not in sys.modules:
        return None
    from PySide6 import QtCore

    def collect(kind: Any, _context: Any, words: str) -> None:
        harmless = kind in (QtCore.QtMsgType.QtDebugMsg, QtCore.QtMsgType.QtInfoMsg)
        if not harmless and words not in OF_THE_OFFSCREEN_PLATFORM:
            WARNINGS.append(f"Qt: {words}")

    return _set_qt_handler(collect)


def _set_qt_handler(handler: Any) -> Any:
    if "PySide6.QtCore" not in sys.modules:
        return None
    from PySide6 import QtCore

    return QtCore.qInstallMessageHandler(handler)
