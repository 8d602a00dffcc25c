"""One number a name: labels of two nodes that bear the same name get the same label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HIGHEST = ""
"""The key of the highest label in use, with a name or without: no name is empty."""


def renumbering(
    present: Sequence[int], names: Mapping[int, str], numbers: Mapping[str, int]
) -> dict[int, int]:
    """New numbers by old ones for the labels that are there: those of their names in `numbers`.

    A label without a known name keeps its number, unless another one now has it: then it gets
    the next free one, above numbers[HIGHEST]. Empty where nothing changes.
    """
    return agreed({label: names.get(label, "") for label in present}, numbers)


def agreed(names: Mapping[int, str], numbers: Mapping[str, int]) -> dict[int, int]:
    """New numbers by old ones, where they differ; names: '' for a label without one."""
    new: dict[int, int] = {}
    for label, name in names.items():
        number = numbers.get(name) if name else None
        if number is not None and number not in new.values():
            new[label] = number
    taken = {*new.values(), *(number for name, number in numbers.items() if name != HIGHEST)}
    for label, name in names.items():
        if label in new:
            continue
        clashes = label in new.values() or (label in taken and bool(name))
        new[label] = max(*taken, numbers.get(HIGHEST, 0)) + 1 if clashes else label
        taken.add(new[label])
    return {old: number for old, number in new.items() if old != number}


def completed(kept: Sequence[int]) -> tuple[int, ...]:
    """The kept labels, the first of equal ones; free numbers above them where there is none (0)."""
    out: list[int] = []
    for label in kept:
        out.append(label if label and label not in out else 0)
    for place, label in enumerate(out):
        out[place] = label or max(out) + 1
    return tuple(out)
