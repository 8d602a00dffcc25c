"""What a job owns outside of Python: a private folder and a process. Both go with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from RegSuite.backend.process import WorkerProcess


class Belongings:
    """A job's private folder and its process, None while there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: WorkerProcess | None = None
        self._owner = os.getpid()

    def leave_process(self) -> None:
        """End the process where it still runs; the folder stays."""
        if self.process is not None:
            self.process.close()

    def release_in_steps(self) -> Iterator[None]:
        """End the process and remove file by file: a file of 1 GB takes a disk a tenth of a second."""
        self.leave_process()
        for path in sorted(self.folder.rglob("*")):
            if not path.is_dir():
                with suppress(OSError):  # on Windows an array that is still mapped holds its file
                    path.unlink()
                yield
        shutil.rmtree(self.folder, ignore_errors=True)

    def release(self) -> None:
        """End the process where it still runs, and remove the folder. A forked child owns nothing."""
        if os.getpid() != self._owner:
            return
        for _ in self.release_in_steps():
            pass
