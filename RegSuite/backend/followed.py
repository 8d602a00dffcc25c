"""What a job has told so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import RegSuite.errors
from RegSuite.backend.messages import Failed, Finished, Message, Previewed, Progress, Said
from RegSuite.errors import MethodFailed, RegSuiteError

if TYPE_CHECKING:
    from RegSuite.report.result import Result as ResultRecord


class Followed:
    """The messages of a worker, taken note of.

    fraction 0..1, stage, seconds_left (None: unknown). history: (seconds since the start, stage,
    metrics) of each progress with metrics. log: what was said. previews: the last of each name.
    error: why there is no result, and reason, the same as {what, where, mend}; last_words: the end
    of the worker's stderr.
    """

    def __init__(self) -> None:
        self.fraction = 0.0
        self.stage = ""
        self.seconds_left: float | None = None
        self.history: list[tuple[float, str, Mapping[str, float]]] = []
        self.log: list[str] = []
        self.previews: dict[str, Previewed] = {}
        self.error: RegSuiteError | None = None
        self.last_words = ""
        self._began = time.monotonic()
        self._heard = False
        self._finished = False
        self._line: str | None = None
        self._told_end: float | None = None

    @property
    def reason(self) -> dict[str, str] | None:
        """{what, where, mend} of the error, None where there is none."""
        return None if self.error is None else self.error.reason()

    @property
    def record(self) -> ResultRecord | None:
        """result.json of the run, also of one that failed; None where it left none."""
        from RegSuite.report.result import Result as ResultRecord

        return None if self._line is None else ResultRecord.model_validate_json(self._line)

    def _take(self, message: Message) -> None:
        """Take note of a message."""
        self._heard = True
        if isinstance(message, Progress):
            self.fraction, self.stage = message.fraction, message.stage
            self.seconds_left = message.seconds_left
            if message.metrics:
                self.history.append((time.monotonic() - self._began, message.stage, message.metrics))
        elif isinstance(message, Said):
            self.log.append(message.sentence)
        elif isinstance(message, Previewed):
            self.previews[message.name] = message
        else:
            self._told_end, self._line = time.monotonic(), message.line
            if isinstance(message, Finished):
                self._finished = True
            else:
                self.error = _error_of(message)


def _error_of(message: Failed) -> RegSuiteError:
    """The worker's error as this process raises it."""
    kind = getattr(RegSuite.errors, message.error, MethodFailed)
    made: RegSuiteError = kind(**message.reason)
    return made
