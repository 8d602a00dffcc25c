"""A course whose scan, structures, doses and transforms are nodes, as the engine's objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from RegSuite.errors import InputError
from RegSuite.mrml import holds_node
from RegSuite.mrml.inputs import is_node, object_in_steps
from RegSuite.mrml.slabs import Steps

_KINDS = {"image": "image", "structures": "structures", "structure_names": "table"}


def course_in_steps(given: Any, warnings: list[str]) -> Steps[Any]:
    """A course (a mapping of COURSE.yaml's keys) with nodes turned into objects before torch, in steps.

    planning.image: a volume; planning.structures: a segmentation or label map. Of each fraction image and
    dose: volumes, which under the very transform node that is given as `transform` are taken as they lie
    within it, not moved twice; dose: with a unit (see `dose_from_volume`), or `dose_unit`; transform: a
    transform node, the one under which the fraction is seen on the planning scan. What is no mapping,
    and what holds no node, passes through. Raises InputError and DoseError with the place and the node.
    """
    if not isinstance(given, Mapping) or not holds_node(given):
        return given
    out = dict(given)
    if isinstance(given.get("planning"), Mapping):
        planning = {}
        for key, item in given["planning"].items():
            planning[key] = yield from _read(item, _KINDS.get(key, key), f"planning {key}", None, warnings)
        out["planning"] = planning
    fractions = []
    grid = getattr(out.get("planning", {}).get("image"), "grid", None)
    for number, fraction in enumerate(given.get("fractions", ()), start=1):
        if not isinstance(fraction, Mapping):
            raise InputError(f"fraction {number} is no mapping", where=f"fraction {number}")
        fractions.append((yield from _fraction(fraction, f"fraction {number}", grid, warnings)))
    out["fractions"] = tuple(fractions)
    return out


def _fraction(given: Mapping[str, Any], where: str, grid: Any, warnings: list[str]) -> Steps[dict[str, Any]]:
    out = dict(given)
    transform = given.get("transform")
    inside = transform if is_node(transform) else None
    out["image"] = yield from _read(given.get("image"), "image", f"{where} image", inside, warnings)
    told = given.get("dose_unit") is not None
    out["dose"] = yield from _read(given.get("dose"), "dose", f"{where} dose", inside, warnings, told=told)
    if inside is not None:
        words = f"{where} transform"
        steps = object_in_steps(transform, "transform", words, grid, inside=None, ndim=3, warnings=warnings)
        out["transform"] = yield from steps
    for role in ("image", "dose"):
        if is_node(given.get(role)) and out.get("name") is None:
            out["name"] = str(given[role].GetName())
    return {key: item for key, item in out.items() if item is not None}


def _read(
    item: Any, kind: Any, words: str, inside: Any, warnings: list[str], *, told: bool = False
) -> Steps[Any]:
    """A node as its kind says; anything else as it is. told: the course says the unit of doses."""
    if not is_node(item):
        return item
    yield
    return (
        yield from object_in_steps(
            item, kind, words, None, inside=inside, ndim=3, warnings=warnings, unit_is_told=told
        )
    )
