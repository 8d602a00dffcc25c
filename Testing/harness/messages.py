"""Dialogs that a user would have seen: collected instead of opened, and answered as a test says."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

SHOWN: list[Message] = []
"""Every message since `clear()`, the oldest first."""

ANSWERS: list[bool] = []
"""What the user says to the next questions; without an answer: yes."""


@dataclass(frozen=True)
class Message:
    """One dialog: its level ("error", "warning", "info", "question", "box"), words, title, folded details."""

    level: str
    text: str
    title: str = ""
    details: str = ""


def of(level: str) -> list[str]:
    """The texts of all messages of a level."""
    return [message.text for message in SHOWN if message.level == level]


def clear() -> None:
    """Forget what was shown and what was to be answered."""
    SHOWN.clear()
    ANSWERS.clear()


def answer(*answers: bool) -> None:
    """Say yes (True) or no (False) to the next questions, in their order."""
    ANSWERS.extend(answers)


def collect(util: Any) -> None:
    """Make the display functions of slicer.util tell us instead of opening windows."""
    util._messageDisplay = _message_display
    util.messageBox = _message_box
    util.delayDisplay = _delay_display


def _message_display(
    log_level: int,
    text: str,
    testing_value: Any,
    mainWindowNeeded: bool = False,
    parent: Any = None,
    **options: Any,
) -> Any:
    import qt

    buttons = options.get("standardButtons", 0)
    no = {qt.QMessageBox.Cancel, qt.QMessageBox.No, qt.QMessageBox.Close}
    if any(int(buttons) & int(button) for button in no):
        _keep("question", text, options)
        said = ANSWERS.pop(0) if ANSWERS else True
        positive = (qt.QMessageBox.Ok, qt.QMessageBox.Yes, qt.QMessageBox.Retry)
        choices = positive if said else tuple(no)
        return next(button for button in choices if int(buttons) & int(button))
    level = {logging.ERROR: "error", logging.WARNING: "warning"}.get(log_level, "info")
    _keep(level, text, options)
    return qt.QMessageBox.Ok


def _message_box(text: str, parent: Any = None, **options: Any) -> Any:
    import qt

    _keep("box", text, options)
    return qt.QMessageBox.Ok


def _delay_display(message: str, autoCloseMsec: int = 1000, parent: Any = None, **options: Any) -> None:
    import slicer

    _keep("info", message, options)
    slicer.app.processEvents()


def _keep(level: str, text: str, options: dict[str, Any]) -> None:
    SHOWN.append(Message(level, text, options.get("windowTitle") or "", options.get("detailedText") or ""))
