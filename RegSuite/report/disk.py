"""What a disk does to a writer: full, refused, left behind by a killed run."""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import socket
from pathlib import Path

from RegSuite.errors import DiskFull, OutputError, RegSuiteError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NEARLY_FULL_BYTES = 1 << 20


def is_full(error: Exception, folder: Path) -> bool:
    """Whether an error came from a full disk: by its number, or (SimpleITK hides it) by looking."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if not isinstance(error, RuntimeError) or not folder.exists():
        return False
    return shutil.disk_usage(folder).free < _NEARLY_FULL_BYTES


def is_within(error: OSError, folder: Path) -> bool:
    """Whether an error's file is in `folder`."""
    return error.filename is not None and folder in Path(os.fsdecode(error.filename)).absolute().parents


def disk_full(target: Path) -> DiskFull:
    """The error a user reads when the disk filled up."""
    return DiskFull(
        "the disk is full; nothing was left",
        where=str(target),
        mend="free some space, or write to another disk",
    )


def error_in_words(error: OSError, target: Path) -> RegSuiteError:
    """The error a user reads for an OSError while writing to `target`."""
    if error.errno in _FULL:
        return disk_full(target)
    return OutputError(
        f"the result folder cannot be written: {error.strerror}",
        where=str(target),
        mend="check that the folder above exists and may be written to, or name another",
    )


def machine() -> str:
    """Name of this machine, as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", socket.gethostname())


def sweep(folder: Path, prefix: str) -> None:
    """Remove entries `prefix` + process number + ... that killed processes of this machine left."""
    if os.name != "posix":
        return  # asking whether a process lives would end it on Windows
    for left in folder.glob(f"{glob.escape(prefix)}*"):
        number = left.name[len(prefix) :].split("-")[0]
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def delete(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _lives(number: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
