"""Writing a file or a folder so that it is seen whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from RegSuite.errors import DiskFull, OutputError


@contextmanager
def replacing(path: Path | str, suffix: str | None = None) -> Iterator[Path]:
    """A temporary path in the folder of `path` to write to; it takes the place of `path` at the end.

    suffix: of the temporary file (such as ".nii.gz"); that of `path` if None. When the block
    raises, the temporary file is removed and `path` stays as it was.
    Raises OutputError for a folder that is missing or not writable, DiskFull for a full disk.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise OutputError(
            f"the folder {path.parent} does not exist", where=str(path), mend="make the folder first"
        )
    try:
        handle, name = tempfile.mkstemp(
            prefix=".writing-", suffix="".join(path.suffixes) if suffix is None else suffix, dir=path.parent
        )
    except OSError as error:
        raise _readable(error, path) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _readable(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder to write into; it becomes `folder` at the end, and is removed when the block raises.

    Raises OutputError for a folder that exists and is not empty, or that cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError("it exists and is not empty", where=str(folder), mend="name a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    except OSError as error:
        raise _readable(error, folder) from error
    try:
        # a folder in it has the permissions that the user's folders have, mkdtemp's has not
        made = temporary / folder.name
        made.mkdir()
        yield made
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _readable(error: OSError, path: Path) -> DiskFull | OutputError:
    """The error in our words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"the disk is full: {error.strerror}", where=str(path), mend="free space or write elsewhere"
        )
    return OutputError(
        f"cannot be written: {error.strerror}",
        where=str(path),
        mend="check the permissions or write elsewhere",
    )


def _umask() -> int:
    """The process's mask for new files (there is no way to read it but to set it)."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
