"""The organs of both sides as the panel lists them: which is which, and what each is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from RegSuite.panel.regions import SEGMENTATION, regions_of
from RegSuite.workflows.organs_names import match_organs, plain

LABEL_MAP = "vtkMRMLLabelMapVolumeNode"
MARKUPS = "vtkMRMLMarkupsNode"
BOTH, SOURCE, TARGET = "both", "source", "target"


@dataclass(frozen=True)
class OrganRow:
    """One organ: its name as the run calls it, and the side on which it is."""

    name: str
    where: str = BOTH


def organ_rows(source: Any, target: Any) -> list[OrganRow]:
    """Rows of what was chosen on both sides (nodes, models or None), those on both sides first.

    Organs are matched as the run does it: by name, what has none by number.
    """
    sides = named(source), named(target)
    if not all(sides):
        there, where = (sides[0], SOURCE) if sides[0] else (sides[1], TARGET)
        return [OrganRow(name or f"label {label}", where) for label, name in there.items()]
    found = match_organs(*sides)
    groups = ((found.common, BOTH), (found.only_source, SOURCE), (found.only_target, TARGET))
    return [OrganRow(found.names[label], where) for labels, where in groups for label in labels]


def named(given: Any) -> dict[int, str | None]:
    """Label -> name of what was chosen; None where a label has no name. Segments and models count from 1."""
    if given is None:
        return {}
    if isinstance(given, list | tuple):
        return {number: str(node.GetName()) for number, node in enumerate(given, start=1)}
    if given.IsA(MARKUPS):
        return _of_markups(given)
    if given.IsA("vtkMRMLModelNode"):
        return {1: str(given.GetName())}
    regions = regions_of(given)
    if given.IsA(SEGMENTATION):
        return {number: region.name for number, region in enumerate(regions, start=1)}
    return {int(r.key): None if r.name == f"label {r.key}" else r.name for r in regions}


def of_names(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The entries of what was kept by an organ's name whose organ is there, under its name now."""
    called = {plain(name): name for name in names}
    return {called[plain(key)]: value for key, value in values.items() if plain(key) in called}


def _of_markups(node: Any) -> dict[int, str | None]:
    """The numbers in the descriptions; 0 where not all points have one."""
    words = [str(node.GetNthControlPointDescription(i)) for i in range(node.GetNumberOfControlPoints())]
    if not words or not all(word.strip().isdigit() for word in words):
        return {0: None}
    return dict.fromkeys(sorted({int(word) for word in words}))
