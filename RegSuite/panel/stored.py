"""A parameter as a parameter node holds it: its type there, and values on the way there and back."""

from __future__ import annotations

import json
from typing import Annotated, Any

from slicer.parameterNodeWrapper import Choice, Maximum, Minimum, WithinRange

from RegSuite.errors import InputError
from RegSuite.panel.fields import Field

LARGEST_INT = 2**31 - 1
"""What Qt's spin boxes hold; a larger bound of a model is cut to it."""


def annotation_of(field: Field) -> tuple[Any, Any]:
    """(annotation for slicer.parameterNodeWrapper, default) of a parameter.

    Of an optional number 0 stands for None, of an optional text or choice the empty one (of a choice
    of numbers 0); what fits none of these is JSON in a text.
    """
    default = to_node(field, field.default)
    if field.kind == "bool" and not field.optional:
        return bool, default
    if _is_number(field):
        return _bounded(int if field.kind == "int" else float, field), default
    if _is_choice(field):
        none = [_none_of(field)] if field.optional else []
        return Annotated[type(field.choices[0]), Choice([*none, *field.choices])], default
    return str, default


def from_node(field: Field, raw: Any) -> Any:
    """A node's value as the model takes it. Raises InputError for text that is no JSON."""
    if field.kind == "bool" and not field.optional:
        return raw
    if field.kind == "str" or _is_number(field) or _is_choice(field):
        return None if field.optional and not raw else raw
    if not raw:
        return None if field.optional else field.default
    try:
        return json.loads(raw)
    except ValueError as error:
        raise InputError(
            f"{raw!r} is not JSON: {error}", where=f"parameter {field.name!r}", mend="reset the parameters"
        ) from error


def to_node(field: Field, value: Any) -> Any:
    """A value of the model as the node holds it."""
    if field.kind == "bool" and not field.optional:
        return bool(value)
    if _is_number(field):
        return int(value or 0) if field.kind == "int" else float(value or 0)
    if field.kind == "str" or _is_choice(field):
        return _none_of(field) if value is None else value
    return "" if value is None else json.dumps(value)


def _is_number(field: Field) -> bool:
    """Whether it is kept as a number: not where None is a value and 0 is another one."""
    return field.kind in ("int", "float") and not (field.optional and _allows_zero(field))


def _is_choice(field: Field) -> bool:
    """Whether it is kept as one of its choices: all of one type."""
    return field.kind == "choice" and len({type(choice) for choice in field.choices}) == 1


def _none_of(field: Field) -> Any:
    return "" if field.kind == "str" else type(field.choices[0])()


def _allows_zero(field: Field) -> bool:
    """Whether 0 is a value of its own, so that it cannot stand for None."""
    above = field.low is None or field.low < 0 or (field.low == 0 and not field.open_low)
    below = field.high is None or field.high > 0 or (field.high == 0 and not field.open_high)
    return above and below


def _bounded(kind: Any, field: Field) -> Any:
    """int or float with the validators of its bounds; 0 stays allowed where it stands for None."""
    low, high = field.low, field.high
    if field.optional:
        low = None if low is None else min(low, 0)
        high = None if high is None else max(high, 0)
    if kind is int:
        high = None if high is None else min(high, LARGEST_INT)
    if low is not None and high is not None:
        return Annotated[kind, WithinRange(low, high)]
    if low is not None:
        return Annotated[kind, Minimum(low)]
    return kind if high is None else Annotated[kind, Maximum(high)]
