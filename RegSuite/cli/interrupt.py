"""Ctrl-C and SIGTERM: stop at once where Python runs, at the next progress report otherwise."""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


def stop_on_signals() -> None:
    """From now on SIGINT and SIGTERM raise KeyboardInterrupt, and `stop_was_asked` remembers them.

    Compiled code and destructors may swallow the exception; progress asks the memory as well.
    """
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def stop_was_asked() -> bool:
    """Whether a signal has asked this process to stop."""
    return _asked


def _stop(_number: int, _frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt
