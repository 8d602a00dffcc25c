"""What a job holds: its state, its process, its private folder and its result."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from RegSuite.backend.belongings import Belongings
from RegSuite.backend.followed import Followed
from RegSuite.backend.publish import publish_in_steps
from RegSuite.backend.request import CONTENT_FOLDER
from RegSuite.errors import Cancelled, InputError, RegSuiteError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from RegSuite.backend.start import Start
    from RegSuite.workflows.scene import SceneContent

State = Literal["preparing", "running", "completed", "failed", "cancelled", "crashed"]


class Holder(Followed):
    """The part of a Job that keeps and gives away what it has."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.state: State = "preparing"
        self.folder: Path | None = None
        self._start = start
        self._work: Generator[None, None, None] | None = None
        self._belongings = Belongings(start.folder)
        weakref.finalize(self, self._belongings.release)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("preparing", "running")

    @property
    def pid(self) -> int | None:
        """The number of the worker's process, None before it has one."""
        process = self._belongings.process
        return None if process is None else process.pid

    def preview(self, name: str) -> NDArray[np.float32] | None:
        """What the run has last shown under a name (see Run.preview); None before and after.

        `previews[name].number` tells a new one from one that was seen.
        """
        told = self.previews.get(name)
        if told is None or self.is_over:
            return None
        from RegSuite.backend.preview import read_preview

        return read_preview(self._start.folder, told)

    def content(self, *, arrays: bool = False) -> SceneContent:
        """Inputs and outputs; each item maps its arrays when asked for.

        arrays: items without torch, as `RegSuite.mrml` makes nodes of them: ArrayImage for Image,
        RegSuite.transforms.arrays for fields.
        Raises the job's error where it has no result, InputError where none was kept.
        """
        from RegSuite.backend.content import read_content

        folder = self._start.folder / CONTENT_FOLDER
        if self.state != "completed" or not folder.is_dir():
            raise self._no_result("no content")
        return read_content(folder, arrays=arrays, result=self.folder)

    def publish(self, target: Path | str, overwrite: bool = False) -> Path:
        """Move the finished folder to `target`; it gets that name in one go.

        Raises OutputError or DiskFull where `target` cannot be written (the result stays here),
        and the job's error where there is no result.
        """
        for _ in self.publish_in_steps(target, overwrite):
            pass
        return Path(target)

    def publish_in_steps(self, target: Path | str, overwrite: bool = False) -> Iterator[None]:
        """`publish`, a piece a step."""
        if self.folder is None:
            raise self._no_result("no result")
        yield from publish_in_steps(self.folder, target, overwrite=overwrite)
        self.folder = Path(target).absolute()

    def close(self) -> None:
        """End the worker where it still runs and remove every temporary file."""
        for _ in self.close_in_steps():
            pass

    def close_in_steps(self) -> Iterator[None]:
        """`close`, a file a step."""
        if not self.is_over:
            self._drop()
        yield from self._belongings.release_in_steps()
        if self.folder is not None and self._start.folder in self.folder.parents:
            self.folder = None

    def _drop(self) -> None:
        """Be cancelled at once, whatever the job is at."""
        if self._work is not None:
            self._work.close()  # a writer that is let go leaves nothing
        self.folder = None
        self._belongings.release()
        self._end("cancelled", Cancelled(where=self.stage))

    def _end(self, state: State, error: RegSuiteError | None) -> None:
        self.state, self.error, self.seconds_left = state, error, None
        self.fraction = 1.0 if state == "completed" else self.fraction

    def _no_result(self, what: str) -> RegSuiteError:
        """Why there is nothing to be had."""
        if self.error is not None:
            return self.error
        return InputError(
            f"the job has {what}: it is {self.state}",
            where=self._start.workflow.name,
            mend="wait for its end",
        )
