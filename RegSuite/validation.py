"""Parameters from names and values, with words for what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from RegSuite.errors import InputError

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], values: Mapping[str, Any], of: str) -> M:
    """`model` made from `values`; `of` says whose parameters they are ("method deformable").

    Raises InputError that names each key that does not exist or does not fit, what was given and
    what exists.
    """
    unknown = [key for key in values if key not in model.model_fields]
    if unknown:
        raise InputError(
            " and ".join(f"{key!r}" for key in unknown) + f" is no parameter of {of}",
            where=_near(unknown[0], model),
            mend=_what_exists(model),
        )
    try:
        return model(**values)
    except ValidationError as error:
        raise InputError(
            "; ".join(_finding(e) for e in error.errors()),
            where=f"parameters of {of}",
            mend=_what_exists(model),
        ) from error


def _near(key: str, model: type[BaseModel]) -> str:
    close = get_close_matches(key, model.model_fields, n=1)
    return f"parameter {key!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def _finding(error: Any) -> str:
    """'iterations: Input should be greater than 0 (given: -3)'."""
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']} (given: {error['input']!r})"


def _what_exists(model: type[BaseModel]) -> str:
    """'parameters: iterations (100, at least 1), ...': every name with its default and unit."""
    if not model.model_fields:
        return "it takes no parameters"
    words = []
    for name, value in model.model_json_schema().get("properties", {}).items():
        unit = f" {value['unit']}" if "unit" in value else ""
        words.append(f"{name} (default {value.get('default')}{unit})")
    return "parameters: " + ", ".join(words)
