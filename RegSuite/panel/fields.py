"""The fields of a parameter model as a panel needs them: kind, bounds, choices, unit, words.

No Qt here: parameter nodes and forms are both made from this.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal["bool", "int", "float", "choice", "str", "numbers", "json"]
_NUMBERS: tuple[Kind, ...] = ("int", "float")


@dataclass(frozen=True)
class Field:
    """One parameter. kind: numbers is a tuple of numbers of any length, json whatever has no widget.

    low, high: the bounds, None where there is none; open_low, open_high: the bound itself is not
    allowed (floats alone; those of integers are closed). optional: None is a value.
    """

    name: str
    title: str
    description: str
    kind: Kind
    default: Any
    optional: bool = False
    unit: str = ""
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def tip(self) -> str:
        """What a tooltip says: meaning, default with its unit, bounds and the name for scripts."""
        lines = [_sentence(self.description), f"Default: {self.words(self.default)}."]
        low = self._end(self.low, "more than" if self.open_low else "at least")
        high = self._end(self.high, "less than" if self.open_high else "at most")
        if low or high:
            lines.append(_sentence(", ".join(filter(None, (low, high)))))
        lines.append(f"In scripts: {self.name}")
        return "\n".join(lines)

    def words(self, value: Any) -> str:
        """A value as the form writes it: 'automatic', '2.5 mm', 'yes', '10, 10, 3'."""
        if value is None:
            return "automatic"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple | list):
            return ", ".join(f"{item:g}" for item in value)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{text}{self._unit()}" if text else "none"

    def _end(self, bound: float | None, words: str) -> str:
        return "" if bound is None else f"{words} {self.words(int(bound) if bound == int(bound) else bound)}"

    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def fields_of(model: type[BaseModel]) -> dict[str, Field]:
    """The model's fields by name, in the model's order."""
    return {name: _field(name, info) for name, info in model.model_fields.items()}


def _field(name: str, info: FieldInfo) -> Field:
    kind, choices, optional = _kind(info.annotation)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, Mapping) else {}
    unit = str(extra.get("unit", ""))
    low, open_low = _bound(info, "ge", "gt", 1 if kind == "int" else 0)
    high, open_high = _bound(info, "le", "lt", -1 if kind == "int" else 0)
    return Field(
        name=name,
        title=info.title or _title(name, unit),
        description=info.description or "",
        kind=kind,
        default=info.get_default(call_default_factory=True),
        optional=optional,
        unit=unit,
        low=low,
        high=high,
        open_low=open_low,
        open_high=open_high,
        choices=choices,
    )


def _kind(annotation: Any) -> tuple[Kind, tuple[Any, ...], bool]:
    """(kind, choices, whether None is a value) of an annotation."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = [_kind(part) for part in arguments if part is not type(None)]
        optional = type(None) in arguments
        return (*kinds[0][:2], optional) if len(kinds) == 1 else ("json", (), optional)
    if origin is Literal:
        return "choice", arguments, False
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is tuple and len(arguments) == 2 and arguments[1] is ... and _kind(arguments[0])[0] in _NUMBERS:
        return "numbers", (), False
    plain: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "str"}
    return plain.get(annotation, "json"), (), False


def _bound(info: FieldInfo, closed: str, opened: str, inward: int) -> tuple[float | None, bool]:
    """(the bound, whether it is open). inward: what makes a closed one of an open one; 0 leaves it open."""
    for part in info.metadata:
        if getattr(part, closed, None) is not None:
            return getattr(part, closed), False
        if getattr(part, opened, None) is not None:
            return getattr(part, opened) + inward, inward == 0
    return None, False


def _title(name: str, unit: str) -> str:
    """'window_mm' -> 'Window': the unit stands beside the number."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in (unit, unit.replace("^", "")):
        words.pop()
    return " ".join(words).capitalize()


def _sentence(text: str) -> str:
    """A description as a sentence."""
    text = text.strip()
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""
