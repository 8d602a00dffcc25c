"""What a worker tells: one JSON object a line. The standard library alone, so that it can always speak."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """How far the job is: fraction 0..1, the stage, measures by name, seconds left where they can be told."""

    fraction: float
    stage: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds_left: float | None = None


@dataclass(frozen=True)
class Said:
    """A sentence for the person who waits; a warning begins with "warning:"."""

    sentence: str


@dataclass(frozen=True)
class Previewed:
    """There is something to look at: numbers of `shape` in a file, see preview.py. number: from 1."""

    name: str
    file: str
    number: int
    shape: list[int]


@dataclass(frozen=True)
class Finished:
    """The job has its result: the name of its folder, and result.json as one line."""

    folder: str
    line: str


@dataclass(frozen=True)
class Failed:
    """The job has no result.

    reason: {what, where, mend}. error: the name of the error's class in RegSuite.errors. stage:
    where it happened. last_words: the end of what the worker wrote on stderr. line: result.json
    with status failed, where the workflow left one.
    """

    reason: Mapping[str, str]
    error: str
    stage: str = ""
    last_words: str = ""
    line: str | None = None


Message = Progress | Said | Previewed | Finished | Failed

_KINDS: dict[str, type[Message]] = {
    "progress": Progress,
    "said": Said,
    "previewed": Previewed,
    "finished": Finished,
    "failed": Failed,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_line(message: Message) -> str:
    """A message as one line, the end of the line included."""
    return json.dumps({"kind": _NAMES[type(message)], **asdict(message)}, ensure_ascii=True) + "\n"


def from_line(line: str) -> Message:
    """The message of a line. Raises ValueError for a line that is none."""
    try:
        values: dict[str, Any] = json.loads(line)
        return _KINDS[values.pop("kind")](**values)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no message of a worker: {line[:200]!r}") from error
