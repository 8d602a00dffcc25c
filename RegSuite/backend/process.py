"""The worker's process as its parent sees it: nothing here waits, and nothing runs in a thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from RegSuite.backend.interpreter import apart, worker_environment
from RegSuite.backend.messages import Message, Said, from_line
from RegSuite.backend.stop import CANCEL

_LAST_BYTES = 8192
_LAST_LINES = 30


class WorkerProcess:
    """Starts `command` with its stdout and stderr as files in `folder`; stdin is a pipe of ours.

    The end of this process closes the pipe, which tells the worker that nobody waits any more.
    Raises OSError where the command cannot be started.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._told, self._wrote = folder / "messages.jsonl", folder / "stderr.txt"
        with self._told.open("wb") as told, self._wrote.open("wb") as wrote:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=told,
                stderr=wrote,
                env=worker_environment(),
                **apart(),
            )
        self._reader = self._told.open("rb")
        self._rest = b""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def status(self) -> int | None:
        """The exit status, -n where signal n ended it; None while it runs."""
        return self._process.poll()

    def new_messages(self) -> list[Message]:
        """What it has told since the last call; a line that is not complete yet waits for the next."""
        *lines, self._rest = (self._rest + self._reader.read()).split(b"\n")
        return [_message(line.decode("utf-8", "replace")) for line in lines if line]

    def last_words(self) -> str:
        """The end of what it wrote on stderr."""
        with self._wrote.open("rb") as file:
            file.seek(max(0, self._wrote.stat().st_size - _LAST_BYTES))
            text = file.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-_LAST_LINES:])

    def ask_to_stop(self) -> None:
        """Tell it to stop at its next progress."""
        if self._process.stdin is not None:
            with suppress(OSError):  # it has ended: nobody is left to tell
                self._process.stdin.write(CANCEL)
                self._process.stdin.flush()

    def kill(self) -> None:
        """End it, and what it has started, at once."""
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def close(self) -> None:
        """End it where it still runs, wait for its end (at once) and let its files go."""
        if self.status() is None:
            self.kill()
        self._process.wait()
        self._reader.close()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def _message(line: str) -> Message:
    """A worker's message; a broken line (a full disk) is passed on as it is."""
    try:
        return from_line(line)
    except ValueError as error:
        return Said(str(error))
