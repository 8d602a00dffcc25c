"""Who is told how far a run is, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slicer.i18n import tr as _


@dataclass
class Listener:
    """Who is told how far a run is: stage(words, fraction, seconds left), lines(log), curve(history)."""

    stage: Callable[[str, float, float | None], None] = field(default=lambda _words, _fraction, _left: None)
    lines: Callable[[list[str]], None] = field(default=lambda _lines: None)
    curve: Callable[[Sequence[Any]], None] = field(default=lambda _history: None)


def stage_words(stage: str) -> str:
    """A stage as the panel says it: methods call their levels by their voxel size alone ('2 mm')."""
    if not stage:
        return str(_("Starting the worker"))
    if stage[0].isdigit():
        return str(_("Registering at {level}").format(level=stage))
    return stage[0].upper() + stage[1:]
