"""The result folder: written aside, shown when complete, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from RegSuite.errors import InputError, OutputError, RegSuiteError
from RegSuite.report.disk import (
    delete,
    disk_full,
    error_in_words,
    is_full,
    is_within,
    machine,
    sweep,
)
from RegSuite.report.result import RESULT_FILE, Result

_ALWAYS_OURS = {RESULT_FILE, "report.html", "scene.mrb", "evaluation.json"}


class ResultFolder:
    """Writes a result into a hidden folder beside `target` and renames it when it is complete.

        with ResultFolder(target) as folder:
            ... write folder.path / "warped.nii.gz" ...
            folder.complete(result)

    `complete` (or `fail`) is the last call; a block that ends without it leaves nothing. A target
    that holds a result is refused unless `overwrite`; then the old one is there until the new
    takes its place, and files in it that are no part of the old result are kept. A folder that is
    there already is filled file by file, result.json last. Where the folder above may not be
    written to (a mounted volume), the hidden folder is made inside `target`.
    Raises OutputError before anything is computed when the target cannot be written to, DiskFull
    when the disk fills up (nothing is left).
    """

    def __init__(self, target: Path | str, *, overwrite: bool = False) -> None:
        self.target = Path(target).absolute()
        self.overwrite = overwrite
        self.path = self.target
        self._made: list[Path] = []
        self._complete = False

    def __enter__(self) -> ResultFolder:
        self._check_target()
        try:
            self._make_parents()
            home, prefix = self._home(), f".{self.target.name}.partial-{machine()}-"
            sweep(home, prefix)
            path = home / f"{prefix}{os.getpid()}-{uuid.uuid4().hex[:8]}"
            path.mkdir()
            self.path = path
        except OSError as error:
            self._remove()
            raise error_in_words(error, self.target) from error
        return self

    def complete(self, result: Result) -> None:
        """Write result.json; the folder is shown when the block ends."""
        (self.path / RESULT_FILE).write_text(result.to_json(indent=2) + "\n", encoding="utf-8")
        self._complete = True

    def fail(self, result: Result, keep: tuple[str, ...] = ()) -> None:
        """Drop what was written so far (but for `keep`) and leave result.json, with the reason."""
        for entry in self.path.iterdir():
            if entry.name not in keep:
                delete(entry)
        self.complete(result)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._complete:
                self._show()
        except OSError as failed:
            raise error_in_words(failed, self.target) from failed
        finally:
            full = isinstance(error, Exception) and is_full(error, self.path)
            self._remove()
        if full and not isinstance(error, RegSuiteError):
            raise disk_full(self.target) from error
        if isinstance(error, OSError) and is_within(error, self.path):
            raise error_in_words(error, self.target) from error

    def _check_target(self) -> None:
        """Raise OutputError for a target that is a file or holds a result."""
        if self.target.exists() and not self.target.is_dir():
            raise OutputError("the result folder is a file", where=str(self.target), mend="name another")
        if (self.target / RESULT_FILE).exists() and not self.overwrite:
            raise OutputError(
                "the folder holds a result already",
                where=str(self.target),
                mend="pass --overwrite, or name another folder",
            )

    def _make_parents(self) -> None:
        """Make the folders above the target, remembering which, to take them back."""
        for folder in reversed([p for p in self.target.parents if not p.exists()]):
            folder.mkdir(exist_ok=True)
            self._made.append(folder)

    def _home(self) -> Path:
        """Where the hidden folder is made: beside the target, or in it where that cannot be."""
        parent = self.target.parent
        if self.target.is_dir() and (self.target.is_mount() or not os.access(parent, os.W_OK)):
            return self.target
        return parent

    def _show(self) -> None:
        """Put the complete folder in the target's place."""
        if self.target.exists():
            self._fill()
        else:
            self.path.rename(self.target)
        self._made.clear()

    def _fill(self) -> None:
        """Move the files into the target, result.json last; an old result steps aside before."""
        self._check_target()
        new = sorted((e.name for e in self.path.iterdir()), key=lambda name: (name == RESULT_FILE, name))
        old = [name for name in sorted(_own_files(self.target)) if (self.target / name).exists()]
        clash = [name for name in new if name not in old and (self.target / name).exists()]
        if clash and not self.overwrite:
            raise OutputError(
                f"the folder holds {', '.join(clash)} of other origin",
                where=str(self.target),
                mend="pass --overwrite, or name another folder",
            )
        aside = self.path.with_name(self.path.name.replace(".partial-", ".replaced-"))
        aside.mkdir()
        try:
            _move(sorted(old + clash, key=lambda name: name != RESULT_FILE), self.target, aside)
            _move(new, self.path, self.target)
        except OSError:
            _move([e.name for e in aside.iterdir()], aside, self.target)
            aside.rmdir()
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def _remove(self) -> None:
        """Take back the hidden folder and the parents made for it."""
        if self.path != self.target:
            shutil.rmtree(self.path, ignore_errors=True)
        for folder in reversed(self._made):
            with suppress(OSError):  # not empty any more: somebody else's by now
                folder.rmdir()


def _own_files(folder: Path) -> set[str]:
    """Names in `folder` that belong to the result it holds; empty where it holds none."""
    if not (folder / RESULT_FILE).exists():
        return set()
    try:
        names = Result.read(folder).files.values()
    except InputError:  # another schema's or a broken one: its own files are not known, and stay
        return _ALWAYS_OURS
    return _ALWAYS_OURS | {Path(name).parts[0] for name in names if Path(name).parts and not _leads_out(name)}


def _leads_out(name: str) -> bool:
    """Whether a file name of result.json points out of its folder."""
    return Path(name).is_absolute() or ".." in Path(name).parts


def _move(names: list[str], source: Path, destination: Path) -> None:
    """Move entries from folder to folder; what was moved is taken back when one cannot be."""
    moved = []
    try:
        for name in names:
            (source / name).replace(destination / name)
            moved.append(name)
    except OSError:
        for name in moved:
            (destination / name).replace(source / name)
        raise
