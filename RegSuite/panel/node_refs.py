"""Nodes as they can be found again, alone or within a course, and what became of them since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _


@dataclass(frozen=True)
class NodeRef:
    """A node as it can be found again, or missed: its ID, and its name for messages."""

    id: str
    name: str

    @staticmethod
    def of(node: Any) -> NodeRef:
        """The reference to a node of the scene."""
        return NodeRef(str(node.GetID()), str(node.GetName()))

    def node(self) -> Any | None:
        """The node, None where it is no longer in the scene."""
        return slicer.mrmlScene.GetNodeByID(self.id)


def refs_of(given: Any) -> Any:
    """What was given with every node, in mappings and lists too, as a reference."""
    if hasattr(given, "GetID"):
        return NodeRef.of(given)
    if isinstance(given, Mapping):
        return {key: refs_of(part) for key, part in given.items()}
    return tuple(map(refs_of, given)) if isinstance(given, list | tuple) else given


def refs_in(given: Any, title: str) -> Iterator[tuple[str, NodeRef]]:
    """(how the panel calls its place, reference) of every reference; a course's by fraction and part."""
    if isinstance(given, NodeRef):
        yield title, given
    elif isinstance(given, Mapping):
        for key, part in given.items():
            yield from refs_in(part, _PLACES.get(str(key), f"{title} {key}".strip()))
    elif isinstance(given, tuple) and given and isinstance(given[0], NodeRef):
        for part in given:  # a node with its regions, or several nodes
            if isinstance(part, NodeRef):
                yield title, part
    elif isinstance(given, list | tuple):
        for number, part in enumerate(given, start=1):
            yield from refs_in(part, _("Fraction {n}").format(n=number))


def looked_up(given: Any, missing: Any) -> Any:
    """What was given with every reference as its node now; missing(reference) raises for one that is gone."""
    if isinstance(given, NodeRef):
        return given.node() or missing(given)
    if isinstance(given, Mapping):
        return {key: looked_up(part, missing) for key, part in given.items()}
    if isinstance(given, list | tuple):
        return tuple(looked_up(part, missing) for part in given)
    return given


_PLACES = {"planning": _("Planning"), "fractions": ""}
"""Parts of a course whose names stand for themselves."""
