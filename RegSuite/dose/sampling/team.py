"""Team: threads that share out work, while the one that waits for them looks whether to go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

LOOK_EVERY_S = 0.3


class Team:
    """Threads that share out numbered pieces of work; `tick` is called every 0.3 s, and may raise."""

    def __init__(self, workers: int, tick: Callable[[], None]) -> None:
        self._pool = ThreadPoolExecutor(workers)
        self._tick = tick

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def each(self, work: Callable[[int], None], count: int) -> None:
        """work(0) to work(count - 1), in any order. What one of them raises is raised here."""
        pending = {self._pool.submit(work, k) for k in range(count)}
        while pending:
            done, pending = wait(pending, LOOK_EVERY_S, "FIRST_EXCEPTION")
            for future in done:
                future.result()
            self._tick()
