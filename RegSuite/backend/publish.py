"""Putting a finished result folder in its place: seen whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

from RegSuite.backend.arrays import PIECE_BYTES
from RegSuite.report.disk import error_in_words
from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import RESULT_FILE, Result
from RegSuite.workflows.scene import SCENE_FILE


def publish_in_steps(
    finished: Path, target: Path | str, *, overwrite: bool = False
) -> Generator[None, None, None]:
    """Make `target` hold the result in `finished`, which stays as it is until that has happened.

    On one file system files are linked, across two copied, PIECE_BYTES a step; the folder's name
    changes last, in one go. A generator that is closed half-way leaves nothing. Raises OutputError
    and DiskFull as ResultFolder does.
    """
    record = _with_scene(Result.read(finished), finished)
    with ResultFolder(target, overwrite=overwrite) as place:
        for entry in sorted(finished.rglob("*")):
            there = place.path / entry.relative_to(finished)
            if entry.is_dir():
                there.mkdir()
            elif entry != finished / RESULT_FILE:
                yield from _bring(entry, there)
        place.complete(record)
    shutil.rmtree(finished, ignore_errors=True)


def check_target(target: Path | str, *, overwrite: bool = False) -> None:
    """Raise OutputError now where a result could not be put at `target` later."""
    with ResultFolder(target, overwrite=overwrite):
        pass  # a block without a result leaves nothing


def _with_scene(record: Result, finished: Path) -> Result:
    """The record with a scene.mrb that was written after it (by Slicer's own process)."""
    if "scene" in record.files or not (finished / SCENE_FILE).exists():
        return record
    return record.model_copy(update={"files": {**record.files, "scene": SCENE_FILE}})


def _bring(source: Path, target: Path) -> Iterator[None]:
    """Link a file, or copy it where that cannot be (another disk, a file system without links)."""
    try:
        os.link(source, target)
    except OSError:
        yield from _copy(source, target)
    yield


def _copy(source: Path, target: Path) -> Iterator[None]:
    try:
        with source.open("rb") as read, target.open("xb") as write:
            while piece := read.read(PIECE_BYTES):
                write.write(piece)
                yield
    except OSError as error:
        raise error_in_words(error, target.parent) from error
