"""Which organ of one segmentation is which of the other: by name first, then by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MOST_NAMED = 12


@dataclass(frozen=True)
class Matching:
    """Labels of both sides brought to common ones, which are the target's where it has the organ.

    source, target: own label -> common label. names: of common labels. common: labels that both sides have,
    only_source, only_target: those of one side. notes: how they were matched, in sentences.
    """

    source: Mapping[int, int]
    target: Mapping[int, int]
    names: Mapping[int, str]
    common: tuple[int, ...]
    only_source: tuple[int, ...]
    only_target: tuple[int, ...]
    notes: tuple[str, ...] = ()


def match_organs(source: Mapping[int, str | None], target: Mapping[int, str | None]) -> Matching:
    """source, target: label -> name, None where a segmentation has no name for it.

    Names are compared without regard to case, order of words and what stands between them: kidney_left is
    "Left Kidney". What is left is matched by number where not both have names: numbers of organs whose
    names differ mean different things.
    """
    called: dict[str, list[int]] = {}
    for label, name in target.items():
        if name is not None:
            called.setdefault(plain(name), []).append(label)
    partner: dict[int, int] = {}
    for label, name in source.items():
        found = called.get(plain(name), []) if name is not None else []
        free = [t for t in found if t not in partner.values()]
        if free:
            partner[label] = label if label in free else free[0]
    by_name = dict(partner)
    for label in source:
        free_there = label in target and label not in partner.values()
        if label not in partner and free_there and (source[label] is None or target[label] is None):
            partner[label] = label
    by_number = [label for label in partner if label not in by_name]
    to_common = dict(partner)
    taken = set(target)
    for label in source:
        if label not in to_common:
            to_common[label] = (
                label if label not in taken else max((*taken, *source, *to_common.values())) + 1
            )
            taken.add(to_common[label])
    names = {to_common[s]: name or f"label {s}" for s, name in source.items()}
    names |= {t: name for t, name in target.items() if name is not None}
    names |= {t: f"label {t}" for t in target if t not in names}
    return Matching(
        source=to_common,
        target={label: label for label in target},
        names=names,
        common=tuple(sorted(partner.values())),
        only_source=tuple(sorted(to_common[s] for s in source if s not in partner)),
        only_target=tuple(sorted(set(target) - set(partner.values()))),
        notes=tuple(_notes(by_name, by_number, names)),
    )


def plain(name: str) -> str:
    """A name as it is compared: its words in lower case, sorted."""
    return " ".join(sorted(re.findall(r"[^\W\d_]+|\d+", name.lower()))) or name.strip().lower()


def doubles(role: str, names: Mapping[int, str | None]) -> str:
    """A warning of organs of one side that have the same name, '' where all differ."""
    called: dict[str, list[int]] = {}
    for label, name in names.items():
        if name is not None:
            called.setdefault(plain(name), []).append(label)
    twice = [labels for labels in called.values() if len(labels) > 1]
    if not twice:
        return ""
    told = listed(f"{names[labels[0]]} ({', '.join(str(label) for label in labels)})" for labels in twice)
    return (
        f"several organs of the {role} have one name and were paired in the order of their numbers, which "
        f"may be wrong: {told}; give each its own name"
    )


def listed(words: Iterable[str]) -> str:
    """Some words in a row, the many after the first dozen counted only."""
    told = list(words)
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return ", ".join(told[:_MOST_NAMED]) + more


def _notes(by_name: Mapping[int, int], by_number: list[int], names: Mapping[int, str]) -> Iterable[str]:
    if by_name:
        unlike = [f"{names[t]} ({s} in the source, {t} in the target)" for s, t in by_name.items() if s != t]
        told = f"; numbers differ, the target's are kept: {listed(unlike)}" if unlike else ""
        yield f"{len(by_name)} organ(s) were matched by name{told}"
    if by_number:
        yield f"matched by number, for want of a name: {listed(names[n] for n in by_number)}"
