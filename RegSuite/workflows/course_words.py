"""What does not fit in a course file, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel


def in_words(error: Any, root: type[BaseModel], models: Mapping[str, type[BaseModel]]) -> str:
    """One of pydantic's findings: 'fractions 2: dosis is no known key; did you mean dose?'.

    root, models: the file's model, and those of the keys that hold mappings.
    """
    *parents, last = error["loc"] or ("course",)
    before = f"{_place(parents)}: " if parents else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(last), _known(parents, root, models), n=1)
        return f"{before}{last} is no known key" + (f"; did you mean {near[0]}?" if near else "")
    if error["type"] == "missing":
        return f"{before}{last} is missing"
    said = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{_place((*parents, last))}: {said}{shown}"


def _place(parts: Sequence[Any]) -> str:
    """'fractions 2: dose' of ("fractions", 1, "dose")."""
    words = ""
    for part in parts:
        words += f" {part + 1}" if isinstance(part, int) else f": {part}" if words else str(part)
    return words


def _known(
    parents: Sequence[Any], root: type[BaseModel], models: Mapping[str, type[BaseModel]]
) -> tuple[str, ...]:
    """The keys that may stand at a place in the file."""
    model = root
    for part in parents:
        model = model if isinstance(part, int) else models.get(str(part), model)
    return tuple(model.model_fields)
