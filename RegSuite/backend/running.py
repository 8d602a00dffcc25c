"""A workflow in a process of its own, followed by `poll`, which never waits."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.backend.ending import DISK_FULL_STATUS, crash, disk_full
from RegSuite.backend.holder import Holder, State
from RegSuite.backend.messages import Failed, Message
from RegSuite.backend.process import WorkerProcess
from RegSuite.backend.publish import publish_in_steps
from RegSuite.backend.request import RESULT_FOLDER
from RegSuite.errors import Cancelled, RegSuiteError

if TYPE_CHECKING:
    from RegSuite.backend.start import Start

KILL_AFTER_S = 1.0
"""How long a worker may take to stop by itself."""

_LEAVE_S = 5.0
"""How long a worker that has told its end may take to leave."""

_POLL_S = 0.02
_PIECE_S = 0.02
"""How long a poll goes on with files, once the worker has ended."""


class Job(Holder):
    """One run of a workflow in a worker process; made by `prepare` or `submit`.

    state: preparing, running, then completed, failed, cancelled or crashed. folder: the result's
    folder once completed, output or (without one) in the private folder until it is published.
    Every temporary file goes when the job is closed, forgotten or not completed, and with the
    process that holds it.
    """

    def __init__(self, start: Start, output: Path | None, *, overwrite: bool) -> None:
        super().__init__(start)
        self._output = output
        self._overwrite = overwrite
        self._cancelled_at: float | None = None
        self._is_leaving = False

    def start_in_steps(self) -> Iterator[None]:
        """Write the inputs, a piece a step, then start the worker; a job that cannot start has failed."""
        try:
            for _ in self._start.write_in_steps():
                yield
                if self.state != "preparing":
                    return
            if self.state == "preparing":
                self._began = time.monotonic()
                self._belongings.process = self._start.launch()
                self.state = "running"
        except RegSuiteError as error:
            self._belongings.release()
            self._end("failed", error)

    def poll(self) -> tuple[Message, ...]:
        """What the worker has told since the last call. Never waits.

        To be called about ten times a second: an end is only noticed here, and here a worker is
        killed that does not stop by itself.
        """
        process = self._belongings.process
        if process is None or self.is_over:
            return ()
        if self._work is not None:
            self._go_on()
            return ()
        status = process.status()  # asked before reading: what is read then is all there will be
        messages = process.new_messages()
        for message in messages:
            self._take(message)
        if status is not None:
            messages += self._settle(status, process)
            self._go_on()
        elif self._is_overdue():
            process.kill()
        return tuple(messages)

    def wait(self, timeout_s: float | None = None) -> State:
        """Follow the job to its end, or for `timeout_s` seconds; gives the state then."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.is_over and (until is None or time.monotonic() < until):
            self.poll()
            if not self.is_over:
                time.sleep(_POLL_S)
        return self.state

    def cancel(self) -> None:
        """Stop the job; `poll` or `wait` sees its end, a second later at most, with nothing left."""
        process = self._belongings.process
        if self.is_over or self._is_leaving or self._cancelled_at is not None:
            return
        if process is None or self._work is not None:
            self._drop()
        else:
            self._cancelled_at = time.monotonic()
            process.ask_to_stop()

    def _is_overdue(self) -> bool:
        """Whether the worker has had its time to leave."""
        now = time.monotonic()
        if self._cancelled_at is not None:
            return now - self._cancelled_at > KILL_AFTER_S
        return self._told_end is not None and now - self._told_end > _LEAVE_S

    def _settle(self, status: int, process: WorkerProcess) -> list[Message]:
        """The worker has ended: what is left to do; the message of an end that it did not tell itself."""
        if self._cancelled_at is not None or (status == Cancelled.exit_status and self._told_end is None):
            self._work = self._leave("cancelled", Cancelled(where=self.stage))
            return []
        self.last_words = process.last_words()
        if self._line is not None and (self._finished or self._output is not None):
            self._work = self._keep()
            return []
        if self.error is not None:
            self._work = self._leave("failed", self.error)
            return []
        if status == DISK_FULL_STATUS:
            error: RegSuiteError = disk_full(str(self._start.folder.parent))
            self._work = self._leave("failed", error)
        else:
            error = crash(status, self.stage, self._heard, self._start.command)
            self._work = self._leave("crashed", error)
        return [Failed(error.reason(), type(error).__name__, self.stage, self.last_words)]

    def _go_on(self) -> None:
        """Go on with the files for a moment."""
        until = time.monotonic() + _PIECE_S
        while self._work is not None and not self.is_over and time.monotonic() < until:
            next(self._work, None)

    def _keep(self) -> Generator[None, None, None]:
        """Put the result (or the record of a failure) at the output; without one it stays here."""
        self.folder = self._start.folder / RESULT_FOLDER
        self._belongings.leave_process()
        if self._output is not None:
            try:
                yield from publish_in_steps(self.folder, self._output, overwrite=self._overwrite)
            except RegSuiteError as error:  # the result is still here
                self._end("failed", error)
                return
            self.folder = self._output
        if self._finished:
            self._end("completed", None)
        else:
            yield from self._leave("failed", self.error)

    def _leave(self, state: State, error: RegSuiteError | None) -> Generator[None, None, None]:
        """Remove every temporary file, then be over."""
        self._is_leaving = True
        yield from self._belongings.release_in_steps()
        self._end(state, error)
