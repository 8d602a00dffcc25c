"""What may stand in Annotated[type, ...] of a parameter: checks, a default, hints for the widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin


class Validator:
    """A check of each value that is written; raises ValueError or TypeError."""

    def validate(self, value: Any) -> None:
        raise NotImplementedError


def _refuse_unless(right: bool, words: str) -> None:
    if not right:
        raise ValueError(words)


class NotNone(Validator):
    """There must be a value."""

    def validate(self, value: Any) -> None:
        _refuse_unless(value is not None, "the value must not be None")


@dataclass
class IsInstance(Validator):
    """None, or of a type."""

    classtype: Any

    def validate(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"{value!r} is a {type(value).__name__}, not {self.classtype}")


@dataclass
class WithinRange(Validator):
    """From minimum to maximum, both included."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        _refuse_unless(
            self.minimum <= value <= self.maximum, f"{value} is not within {self.minimum}..{self.maximum}"
        )


@dataclass
class Minimum(Validator):
    """Not below."""

    minimum: float

    def validate(self, value: Any) -> None:
        _refuse_unless(value >= self.minimum, f"{value} is below {self.minimum}")


@dataclass
class Maximum(Validator):
    """Not above."""

    maximum: float

    def validate(self, value: Any) -> None:
        _refuse_unless(value <= self.maximum, f"{value} is above {self.maximum}")


@dataclass
class Choice(Validator):
    """One of."""

    choices: Any

    def validate(self, value: Any) -> None:
        _refuse_unless(value in self.choices, f"{value!r} is none of {self.choices}")


@dataclass
class Exclude(Validator):
    """None of."""

    excludedValues: Any

    def validate(self, value: Any) -> None:
        _refuse_unless(value not in self.excludedValues, f"{value!r} is one of {self.excludedValues}")


@dataclass
class Default:
    """The value before one was written."""

    value: Any


@dataclass
class Decimals:
    """Digits after the point in the widget."""

    value: int


@dataclass
class SingleStep:
    """One step of the widget."""

    value: float


def split(hint: Any) -> tuple[Any, list[Any]]:
    """The type and the annotations of a type hint."""
    if get_origin(hint) is Annotated:
        kind, *annotations = get_args(hint)
        return kind, annotations
    return hint, []


def first(annotations: list[Any], kind: type) -> Any:
    """The first annotation of a class, or None."""
    return next((found for found in annotations if isinstance(found, kind)), None)
