"""Work cut into steps, done between the events of a window, so that it never freezes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import qt

Work = Generator[float | None, None, Any]
"""Yields None to go on as soon as the window has had its turn, or the seconds to wait first."""

SLICE_S = 0.02
"""Steps follow each other for that long before the window has its turn."""


class Steps:
    """Drives a generator from Qt's event loop.

    ended(value, error): called once, in the event loop, when the work has returned (its value,
    None) or raised (None, the exception); never after `stop`. Nothing that the work raises is
    lost: `ended` gets it.
    """

    def __init__(self, work: Work, ended: Callable[[Any, Exception | None], None]) -> None:
        self._work = work
        self._ended = ended
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._turn)
        self.stopped = False
        self._in_step = False

    def start(self) -> None:
        """Begin with the next turn of the event loop."""
        self._timer.start(0)

    def stop(self) -> None:
        """End the work where it stands: its `finally` blocks run now, or after the step that calls this."""
        if not self.stopped:
            self.stopped = True
            self._timer.stop()
            if not self._in_step:
                self._work.close()

    def _turn(self) -> None:
        until = time.perf_counter() + SLICE_S
        pause: float | None = None
        try:
            while pause is None and time.perf_counter() < until and not self.stopped:
                pause = self._step()
        except StopIteration as end:
            self._end(end.value, None)
        except Exception as error:  # noqa: BLE001  the border of the event loop: `ended` tells it
            self._end(None, error)
        else:
            if not self.stopped:
                self._timer.start(round(1000 * (pause or 0.0)))

    def _step(self) -> float | None:
        self._in_step = True
        try:
            return next(self._work)
        finally:
            self._in_step = False
            if self.stopped:
                self._work.close()

    def _end(self, value: Any, error: Exception | None) -> None:
        if not self.stopped:
            self.stopped = True
            self._ended(value, error)
