"""In the worker: hears over stdin that the job is cancelled, or that the process that asked has died."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

from RegSuite.errors import Cancelled

CANCEL = b"cancel\n"
GRACE_S = 1.0
"""How long a worker that was told to stop may take to reach its next progress."""


class Stop:
    """Whether this worker was told to stop. One that does not reach a progress in GRACE_S is ended.

    private: the job's folder; a worker whose parent has died removes it, for nobody else will.
    """

    def __init__(self, private: Path) -> None:
        self.asked = False
        self._alone = False
        self._private = private
        threading.Thread(target=self._listen, name="stop", daemon=True).start()

    def check(self, stage: str) -> None:
        """Raise Cancelled once the worker was told to stop."""
        if self.asked:
            raise Cancelled(where=stage)

    def leave(self) -> None:
        """Clean up as the last act of the worker: nothing where the parent lives, else the folder."""
        if self._alone:
            shutil.rmtree(self._private, ignore_errors=True)

    def _listen(self) -> None:
        # os.read, not sys.stdin: a thread that holds stdin's lock aborts Python's exit
        self._alone = not os.read(0, len(CANCEL))
        self.asked = True
        time.sleep(GRACE_S)
        self.leave()
        os._exit(Cancelled.exit_status)
