"""Registration methods. To add one: a file here and a line in `_METHODS`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.methods.base import Method

_METHODS = {
    "auto": "RegSuite.methods.auto:Auto",
    "rigid": "RegSuite.methods.rigid:Rigid",
    "affine": "RegSuite.methods.affine:Affine",
    "deformable": "RegSuite.methods.deformable:Deformable",
    "bspline": "RegSuite.methods.bspline:BSpline",
    "convex": "RegSuite.methods.convex:Convex",
    "demons": "RegSuite.methods.demons:Demons",
    "broken-geodesic": "RegSuite.methods.broken_geodesic:BrokenGeodesic",
    "lddmm": "RegSuite.methods.lddmm:LDDMM",
    "metamorphosis": "RegSuite.methods.metamorphosis:Metamorphosis",
    "weighted-metamorphosis": "RegSuite.methods.metamorphosis:WeightedMetamorphosis",
    "variational": "RegSuite.methods.variational:Variational",
}


def method_names() -> tuple[str, ...]:
    """Names of the methods that this installation holds, in the order in which they are listed."""
    return tuple(name for name, where in _METHODS.items() if find_spec(where.partition(":")[0]))


def get_method(name: str) -> Method:
    """The method called `name`; imports only that method's module. Raises InputError for another name."""
    names = method_names()
    if name not in names:
        close = get_close_matches(name, names, n=1)
        raise InputError(
            f"there is no method {name!r}",
            where="method",
            mend=(f"did you mean {close[0]!r}? " if close else "") + f"methods: {', '.join(names)}",
        )
    module, _, attribute = _METHODS[name].partition(":")
    made: Method = getattr(import_module(module), attribute)()
    return made


def describe_methods() -> dict[str, dict[str, Any]]:
    """What each method is and takes: {name: {summary, parameters: {name: {...}}}}."""
    return {name: describe_method(name) for name in method_names()}


def describe_method(name: str) -> dict[str, Any]:
    """{name, summary, parameters: {name: {type, default, unit, bounds, description}}} of one method."""
    method = get_method(name)
    schema = method.Parameters.model_json_schema()
    fields = {key: _describe_field(value) for key, value in schema.get("properties", {}).items()}
    return {"name": name, "summary": method.summary, "parameters": fields}


def _describe_field(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One parameter in the words of the table; keys without a value are left out."""
    options = [schema, *schema.get("anyOf", ())]
    bounds = {word: part[key] for part in options for word, key in _BOUNDS.items() if key in part}
    found = {
        "type": " or ".join(_type_words(part) for part in schema.get("anyOf", (schema,))),
        "default": schema.get("default"),
        "unit": schema.get("unit"),
        "bounds": bounds or None,
        "choices": next((part["enum"] for part in options if "enum" in part), None),
        "description": schema.get("description", ""),
    }
    return {key: value for key, value in found.items() if value is not None or key == "default"}


_BOUNDS = {
    "at least": "minimum",
    "above": "exclusiveMinimum",
    "at most": "maximum",
    "below": "exclusiveMaximum",
}


def _type_words(schema: Mapping[str, Any]) -> str:
    """The type of a JSON schema as a reader says it: number, list of integer, null, ..."""
    kind = schema.get("type", "object" if "$ref" in schema else "any")
    if kind == "array":
        items: Mapping[str, Any] = schema.get("items") or next(iter(schema.get("prefixItems", ())), {})
        return f"list of {_type_words(items)}" if items else "list"
    return str(kind)
