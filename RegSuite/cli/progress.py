"""Progress on stderr: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from RegSuite.cli.interrupt import stop_was_asked
from RegSuite.errors import Cancelled
from RegSuite.workflows.time_left import seconds_left

if TYPE_CHECKING:
    from RegSuite.methods.base import Progress

_SECONDS_BETWEEN_LINES = 1.0


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """A progress that is shown on `stream` (stderr) and raises Cancelled once a signal has come."""
    out = sys.stderr if stream is None else stream
    with _bar(out) if out.isatty() else _lines(out) as show:

        def progress(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
            if stop_was_asked():
                raise Cancelled(where=stage)
            show(fraction, stage, metrics)

        yield progress


@contextmanager
def _lines(out: TextIO) -> Iterator[Progress]:
    """A line where the stage changes and at most one a second otherwise."""
    started = time.monotonic()
    last_stage, last_time = "", 0.0

    def show(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if stage == last_stage and now - last_time < _SECONDS_BETWEEN_LINES and fraction < 1:
            return
        last_stage, last_time = stage, now
        parts = [f"{100 * fraction:3.0f} %", stage, _left(now - started, fraction), _measures(metrics)]
        out.write("  ".join(part for part in parts if part) + "\n")
        out.flush()

    yield show


@contextmanager
def _bar(out: TextIO) -> Iterator[Progress]:
    """A bar that is redrawn in place."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    started = time.monotonic()
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[measures]}"),
    )
    with Bar(*columns, console=Console(file=out), transient=True) as bar:
        task = bar.add_task("start", total=1.0, left="", measures="")

        def show(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
            left = _left(time.monotonic() - started, fraction)
            bar.update(task, completed=fraction, description=stage, left=left, measures=_measures(metrics))

        yield show


def _left(elapsed_s: float, fraction: float) -> str:
    """'12 s left', from the share that is done; empty before there is anything to go by."""
    seconds = seconds_left(elapsed_s, fraction)
    if seconds is None:
        return ""
    return f"{seconds:.0f} s left" if seconds < 120 else f"{seconds / 60:.0f} min left"


def _measures(metrics: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.5g}" for name, value in metrics.items())
