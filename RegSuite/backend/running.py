"""A workflow in a process of its own, followed by `poll`, which never waits."""

from __future__ import annotations

import time
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from RegSuite.backend.belongings import Belongings
from RegSuite.backend.ending import DISK_FULL_STATUS, crash, disk_full
from RegSuite.backend.followed import Followed
from RegSuite.backend.messages import Failed, Message
from RegSuite.backend.process import WorkerProcess
from RegSuite.backend.publish import publish_in_steps
from RegSuite.backend.request import CONTENT_FOLDER, RESULT_FOLDER
from RegSuite.errors import Cancelled, InputError, RegSuiteError

if TYPE_CHECKING:
    from RegSuite.backend.start import Start
    from RegSuite.workflows.scene import SceneContent

State = Literal["preparing", "running", "completed", "failed", "cancelled", "crashed"]

KILL_AFTER_S = 1.0
"""How long a worker may take to stop by itself."""

_LEAVE_S = 5.0
"""How long a worker that has told its end may take to leave."""

_POLL_S = 0.02
_PUBLISH_S = 0.02
"""The most that a poll spends on putting the result in its place."""


class Job(Followed):
    """One run of a workflow in a worker process; made by `prepare` or `submit`.

    state: preparing, running, then completed, failed, cancelled or crashed. folder: the result's
    folder once completed, output or (without one) in the private folder until it is published.
    Every temporary file goes when the job is closed, forgotten or not completed, and with the
    process that holds it.
    """

    def __init__(self, start: Start, output: Path | None, *, overwrite: bool) -> None:
        super().__init__()
        self.state: State = "preparing"
        self.folder: Path | None = None
        self._start = start
        self._output = output
        self._overwrite = overwrite
        self._cancelled_at: float | None = None
        self._publishing: Generator[None, None, None] | None = None
        self._belongings = Belongings(start.folder)
        weakref.finalize(self, self._belongings.release)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("preparing", "running")

    @property
    def pid(self) -> int | None:
        """The number of the worker's process, None before it has one."""
        process = self._belongings.process
        return None if process is None else process.pid

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
            self._end("failed", error)

    def poll(self) -> tuple[Message, ...]:
        """What the worker has told since the last call. Never waits.

        To be called about ten times a second: an end is only noticed here, and here a worker is
        killed that does not stop by itself.
        """
        process = self._belongings.process
        if process is None or self.is_over:
            return ()
        if self._publishing is not None:
            self._publish_on(self._publishing)
            return ()
        status = process.status()  # asked before reading: what is read then is all there will be
        messages = process.new_messages()
        for message in messages:
            self._take(message)
        if status is not None:
            messages += self._settle(status, process)
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
        if self.is_over or self._cancelled_at is not None:
            return
        if process is None or self._publishing is not None:
            self._end("cancelled", Cancelled(where=self.stage))
        else:
            self._cancelled_at = time.monotonic()
            process.ask_to_stop()

    def content(self) -> SceneContent:
        """Inputs and outputs; each item maps its arrays when asked for.

        Raises the job's error where it has no result, InputError where none was kept.
        """
        from RegSuite.backend.content import read_content

        folder = self._start.folder / CONTENT_FOLDER
        if self.state != "completed" or not folder.is_dir():
            raise self._no_result("no content")
        return read_content(folder)

    def publish(self, target: Path | str, overwrite: bool = False) -> Path:
        """Move the finished folder to `target`; it gets that name in one go.

        Raises OutputError or DiskFull where `target` cannot be written (the result stays here),
        and the job's error where there is no result.
        """
        for _ in self.publish_in_steps(target, overwrite):
            pass
        return Path(target)

    def publish_in_steps(self, target: Path | str, overwrite: bool = False) -> Iterator[None]:
        """`publish`, a piece a step."""
        if self.folder is None:
            raise self._no_result("no result")
        yield from publish_in_steps(self.folder, target, overwrite=overwrite)
        self.folder = Path(target).absolute()

    def close(self) -> None:
        """End the worker where it still runs and remove every temporary file."""
        for _ in self.close_in_steps():
            pass

    def close_in_steps(self) -> Iterator[None]:
        """`close`, a file a step."""
        if not self.is_over:
            self._end("cancelled", Cancelled(where=self.stage))
        yield from self._belongings.release_in_steps()
        if self.folder is not None and self._start.folder in self.folder.parents:
            self.folder = None

    def _is_overdue(self) -> bool:
        """Whether the worker has had its time to leave."""
        now = time.monotonic()
        if self._cancelled_at is not None:
            return now - self._cancelled_at > KILL_AFTER_S
        return self._told_end is not None and now - self._told_end > _LEAVE_S

    def _settle(self, status: int, process: WorkerProcess) -> list[Message]:
        """The worker has ended: what became of the job; the message of an end that it did not tell itself."""
        if self._cancelled_at is not None or (status == Cancelled.exit_status and self._told_end is None):
            self._end("cancelled", Cancelled(where=self.stage))
            return []
        self.last_words = process.last_words()
        if self._line is not None and (self._finished or self._output is not None):
            self._publish_or_keep()
            return []
        if self.error is not None:
            self._end("failed", self.error)
            return []
        if status == DISK_FULL_STATUS:
            error: RegSuiteError = disk_full(str(self._start.folder.parent))
            self._end("failed", error)
        else:
            error = crash(status, self.stage, self._heard, self._start.command)
            self._end("crashed", error)
        return [Failed(error.reason(), type(error).__name__, self.stage, self.last_words)]

    def _publish_or_keep(self) -> None:
        """Begin to put the result (or the record of a failure) at `output`; without one it stays here."""
        self.folder = self._start.folder / RESULT_FOLDER
        if self._output is None:
            self._end("completed")
        else:
            self._publishing = publish_in_steps(self.folder, self._output, overwrite=self._overwrite)

    def _publish_on(self, steps: Generator[None, None, None]) -> None:
        """Go on with putting the result in its place, for a moment."""
        until = time.monotonic() + _PUBLISH_S
        try:
            while time.monotonic() < until:
                next(steps)
        except StopIteration:
            self.folder = self._output
            self._end("completed" if self._finished else "failed", self.error)
        except RegSuiteError as error:
            self._end("failed", error)

    def _end(self, state: State, error: RegSuiteError | None = None) -> None:
        """Set the final state; all temporary files go unless there is a result."""
        if self._publishing is not None:
            self._publishing.close()  # a writer that is let go leaves nothing
            self._publishing = None
        self.state, self.error, self.seconds_left = state, error, None
        self.fraction = 1.0 if state == "completed" else self.fraction
        if state == "completed" or (state == "failed" and self._finished):  # the result is still here
            self._belongings.leave_process()
            return
        if self.folder != self._output:
            self.folder = None
        self._belongings.release()

    def _no_result(self, what: str) -> RegSuiteError:
        """Why there is nothing to be had."""
        if self.error is not None:
            return self.error
        return InputError(
            f"the job has {what}: it is {self.state}",
            where=self._start.workflow.name,
            mend="wait for its end",
        )
