"""What VTK swallows, collected so that tests fail on it: exceptions in observers, errors and warnings."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("vtk")


class Watch(logging.Handler):
    """Words of all that went wrong; a test that provokes something takes it out with `expect`."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(f"VTK {record.levelname.lower()}: {record.getMessage()}")

    def exception(self, kind, value, trace) -> None:
        self.words.append(
            "exception in an observer:\n" + "".join(traceback.format_exception(kind, value, trace))
        )

    def expect(self, part: str) -> str:
        """The first entry with `part` in it, taken out; the test fails where there is none."""
        found = next((words for words in self.words if part in words), None)
        assert found is not None, f"nobody said '{part}', but {self.words}"
        self.words.remove(found)
        return found


@contextmanager
def watching() -> Iterator[Watch]:
    """Collect until the end, and fail there if anything is left."""
    watch, hook = Watch(), sys.excepthook
    LOGGER.addHandler(watch)
    sys.excepthook = watch.exception
    try:
        yield watch
    finally:
        sys.excepthook = hook
        LOGGER.removeHandler(watch)
    assert not watch.words, "\n".join(watch.words)
