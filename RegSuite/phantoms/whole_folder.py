"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from RegSuite.errors import OutputError


@contextmanager
def whole_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write into that takes the place of `folder` when the block ends without an error.

    Raises OutputError for a folder that is there already (unless `overwrite`) or cannot be made.
    """
    if folder.exists() and not overwrite and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(
            "the folder exists and is not empty", where=str(folder), mend="name another, or pass --overwrite"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".phantom-", dir=folder.parent))
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made: {error.strerror}",
            where=str(folder),
            mend="check the permissions of the folder above, or name another",
        ) from error
    try:
        yield made
        made.chmod(0o755)
        _take_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_place(made: Path, folder: Path) -> None:
    """Rename the finished folder; an old one is moved away first and removed after."""
    if not folder.exists():
        made.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=".phantom-", dir=folder.parent)) / "old"
    folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old.parent)
