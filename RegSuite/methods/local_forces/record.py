"""What a run tells while it works and leaves behind: progress, convergence, seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from RegSuite.methods.base import ConvergencePoint, Progress


class Record:
    """Collects a run's convergence and seconds, and turns work done into progress.

    total_work: in any unit, such as voxels times iterations.
    """

    def __init__(self, progress: Progress, total_work: float) -> None:
        self._progress, self._total, self._done = progress, max(total_work, 1e-12), 0.0
        self.convergence: list[ConvergencePoint] = []
        self.seconds: dict[str, float] = {}

    def expect(self, total_work: float) -> None:
        """The work that lies ahead, once it is known."""
        self._total = max(self._done + total_work, 1e-12)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time spent within to the seconds of `name`."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    def work(self, amount: float, stage: str, **metrics: float) -> None:
        """Some work is done: tell the listener (which may cancel by raising)."""
        self._done += amount
        self._progress(min(self._done / self._total, 1.0), stage, metrics)

    def iteration(self, stage: str, number: int, value: float, work: float) -> None:
        """One iteration is done and reached `value`."""
        self.convergence.append(ConvergencePoint(stage, number, value))
        self.work(work, stage, measure=value)

    def skip(self, amount: float) -> None:
        """Work that turned out not to be needed."""
        self._done += amount
