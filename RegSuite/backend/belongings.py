"""What a job owns outside of Python: a private folder and a process. Both go with it."""

from __future__ import annotations

import os
import shutil
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

    def release(self) -> None:
        """End the process where it still runs, and remove the folder. A forked child owns nothing."""
        if os.getpid() != self._owner:
            return
        self.leave_process()
        shutil.rmtree(self.folder, ignore_errors=True)
