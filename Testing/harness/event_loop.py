"""The event loop in tests: wait for something in it, and measure how long it ever stood still."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import qt
import slicer

TICK_MS = 5


def wait_until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Run the event loop until the condition holds. Raises TimeoutError after that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {_source(condition)}")
        slicer.app.processEvents()
        time.sleep(0.001)


def wait_for(seconds: float) -> None:
    """Run the event loop for a while."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, seconds + 10)


class LongestGap:
    """Measures in a `with` how long the event loop ever stood still.

    ms: the longest time between two ticks of a 5 ms timer, in milliseconds.
    busy_ms: the most processor time of this thread between two ticks: on a machine that does other
    work beside the test, ms counts the time this process was not let on; busy_ms does not (nor does it
    count waiting, for a disk for example).
    """

    def __init__(self) -> None:
        self.ms = 0.0
        self.busy_ms = 0.0
        self._last = (0.0, 0.0)
        self._timer = qt.QTimer()
        self._timer.setTimerType(qt.Qt.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.connect("timeout()", self._tick)

    def _tick(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.ms = max(self.ms, 1000 * (now - self._last[0]))
        self.busy_ms = max(self.busy_ms, 1000 * (used - self._last[1]))
        self._last = (now, used)

    def __enter__(self) -> LongestGap:
        self._last = (time.perf_counter(), time.thread_time())
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._tick()
        self._timer.stop()


def _source(condition: Callable[[], Any]) -> str:
    code = getattr(condition, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
