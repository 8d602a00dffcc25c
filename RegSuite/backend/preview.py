"""Where a run is, as points or numbers that may be looked at while it works: at most so many, so often.

The numbers lie in a file of the job's private folder, of which a message tells: a line of 20 000 points
would be 300 kB, and the worker's lines are kept to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.backend.messages import Previewed

MOST_ROWS = 20_000
SECONDS_BETWEEN = 0.2
"""Between two previews of one name."""

FOLDER = "previews"
"""Beside JOB.json in the job's private folder."""

_FILES = 2
"""Of each name, written in turns: the one that is told of last is not touched while it is read."""


class PreviewPost:
    """In the worker: takes previews, keeps what is too many and too often to itself.

    folder: the job's private folder. send: tells a message.
    """

    def __init__(self, folder: Path, send: Callable[[Previewed], None]) -> None:
        self._folder, self._send = folder / FOLDER, send
        self._last: dict[str, float] = {}
        self._count: dict[str, int] = {}

    def __call__(self, name: str, values: NDArray[np.floating]) -> None:
        """Show `values` [n, ...] under a name: as float32, the same evenly spread rows each time.

        Does nothing where the last preview of that name is less than SECONDS_BETWEEN old. Raises OSError
        for a disk that cannot be written.
        """
        now = time.monotonic()
        if now - self._last.get(name, -np.inf) < SECONDS_BETWEEN:
            return
        self._last[name] = now
        array = np.asarray(values)
        few = np.ascontiguousarray(array[even_rows(len(array))], dtype="<f4")
        number = self._count[name] = self._count.get(name, 0) + 1
        file = f"{name}-{number % _FILES}.f32"
        self._folder.mkdir(exist_ok=True)
        path = self._folder / file
        few.tofile(path.with_suffix(".part"))
        with suppress(PermissionError):  # Windows, the reader has it open: the next one will be seen
            path.with_suffix(".part").replace(path)
            self._send(Previewed(name, file, number, list(few.shape)))


def even_rows(count: int) -> NDArray[np.int64]:
    """At most MOST_ROWS of `count` row numbers, evenly spread, the same for the same count."""
    wanted = min(count, MOST_ROWS)
    return np.arange(wanted, dtype=np.int64) * count // max(wanted, 1)


def read_preview(folder: Path, told: Previewed) -> NDArray[np.float32] | None:
    """The numbers of a preview, None where they are no longer there or are being replaced.

    folder: the job's private folder.
    """
    try:
        values = np.fromfile(folder / FOLDER / told.file, dtype="<f4")
    except OSError:  # the job is over, and its files are gone
        return None
    return values.reshape(told.shape) if values.size == np.prod(told.shape) else None
