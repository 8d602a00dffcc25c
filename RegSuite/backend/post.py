"""In the worker: its messages on what was stdout, apart from whatever libraries print."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping

from RegSuite.backend.messages import Message, Progress, to_line
from RegSuite.workflows.time_left import seconds_left

_SECONDS_BETWEEN_LINES = 0.1


class Post:
    """Writes messages to the stdout that the process was started with; prints go to stderr from now on."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        self._started = time.monotonic()
        self._last_time = -math.inf
        self.stage = ""

    def send(self, message: Message) -> None:
        """Write a message, now."""
        self._out.write(to_line(message))
        self._out.flush()

    def progress(self, fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        """Tell the progress: where the stage changes, at the end, and ten times a second otherwise."""
        now = time.monotonic()
        if stage == self.stage and fraction < 1 and now - self._last_time < _SECONDS_BETWEEN_LINES:
            return
        self.stage, self._last_time = stage, now
        numbers = {str(name): float(value) for name, value in metrics.items()}
        finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
        self.send(Progress(float(fraction), stage, finite, seconds_left(now - self._started, fraction)))
