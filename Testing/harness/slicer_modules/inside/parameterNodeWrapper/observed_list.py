"""The list a list parameter gives: no `list`, and a change of it is written to the node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableSequence
from typing import Any


class ObservedList(MutableSequence[Any]):
    """Compares with lists, but adding two refuses, as in Slicer."""

    def __init__(self, values: Iterable[Any], save: Callable[[list[Any]], None]) -> None:
        self._values = list(values)
        self._save = save

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return self._values[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values[index] = value
        self._save(self._values)

    def __delitem__(self, index: Any) -> None:
        del self._values[index]
        self._save(self._values)

    def insert(self, index: int, value: Any) -> None:
        self._values.insert(index, value)
        self._save(self._values)

    def __eq__(self, other: object) -> bool:
        return self._values == (other._values if isinstance(other, ObservedList) else other)

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> Any:
        raise NotImplementedError("adding to a list parameter: use += or list(...)")

    __radd__ = __mul__ = __rmul__ = __add__

    def __repr__(self) -> str:
        return f"ObservedList({self._values})"
