"""The private folder of a job: its own, unreadable for others, and never left behind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from RegSuite.errors import DiskFull, OutputError
from RegSuite.report.disk import machine, sweep

PREFIX = "regsuite-job-"


def make_private_folder(temporary: Path | str | None = None) -> Path:
    """A new folder of mode 0700 under `temporary`, the system's temporary folder if None.

    Folders that killed processes of this machine left there are removed first.
    Raises OutputError where none can be made, DiskFull where the disk is full.
    """
    where = "TMPDIR"
    try:
        above = Path(tempfile.gettempdir() if temporary is None else temporary).absolute()
        where = str(above)
        prefix = f"{PREFIX}{machine()}-"
        sweep(above, prefix)
        return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=above))
    except OSError as error:
        raise no_room(error, where) from error


def no_room(error: OSError, where: str) -> DiskFull | OutputError:
    """The error a user reads when the job's private folder cannot be made or filled."""
    from RegSuite.report.disk import is_full

    mend = "set TMPDIR to a folder on a disk with room that you may write to, or give `temporary`"
    if is_full(error, Path(where)):
        return DiskFull("the disk of the temporary folder is full; nothing was left", where=where, mend=mend)
    return OutputError(
        f"the temporary folder cannot be written to: {error.strerror or error}", where=where, mend=mend
    )
