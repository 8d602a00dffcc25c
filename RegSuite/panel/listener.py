"""Who is told how far a run is, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slicer.i18n import tr as _


@dataclass
class Listener:
    """Who is told how far a run is: stage(words, fraction, seconds left), lines(log), curve(history).

    preview(name, values): what the run shows while it works, see Run.preview.
    """

    stage: Callable[[str, float, float | None], None] = field(default=lambda _words, _fraction, _left: None)
    lines: Callable[[list[str]], None] = field(default=lambda _lines: None)
    curve: Callable[[Sequence[Any]], None] = field(default=lambda _history: None)
    preview: Callable[[str, Any], None] = field(default=lambda _name, _values: None)


class Telling:
    """Tells a listener what a job has told, each sentence and each preview once."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lines = 0
        self._previews: dict[str, int] = {}

    def tell(self, job: Any) -> None:
        """Where the job is, its curve, and what is new."""
        self._listener.stage(stage_words(job.stage), job.fraction, job.seconds_left)
        self._listener.curve(job.history)
        if len(job.log) > self._lines:
            self._listener.lines(list(job.log[self._lines :]))
            self._lines = len(job.log)
        for name, told in job.previews.items():
            if told.number != self._previews.get(name):
                self._previews[name] = told.number
                values = job.preview(name)
                if values is not None:
                    self._listener.preview(name, values)


def stage_words(stage: str) -> str:
    """A stage as the panel says it: methods call their levels by their voxel size alone ('2 mm')."""
    if not stage:
        return str(_("Starting the worker"))
    if stage[0].isdigit():
        return str(_("Registering at {level}").format(level=stage))
    return stage[0].upper() + stage[1:]
