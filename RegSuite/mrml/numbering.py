"""One number a name: labels of two nodes that bear the same name get the same label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def renumbering(data: Tensor, names: Mapping[int, str], numbers: Mapping[str, int]) -> dict[int, int]:
    """New numbers by old ones for the labels in `data`: those of their names in `numbers`.

    A label without a known name keeps its number, unless another one now has it: then it gets
    the next free one. Empty where nothing changes.
    """
    from RegSuite.mrml.volumes import labels_in

    present = labels_in(data)
    return agreed({label: names.get(label, "") for label in present}, numbers)


def agreed(names: Mapping[int, str], numbers: Mapping[str, int]) -> dict[int, int]:
    """New numbers by old ones, where they differ; names: '' for a label without one."""
    new = {label: numbers[name] for label, name in names.items() if name and name in numbers}
    taken = {*new.values(), *numbers.values()}
    for label, name in names.items():
        if label in new:
            continue
        known_elsewhere = label in taken and (label in new.values() or bool(name))
        new[label] = _free(taken) if known_elsewhere else label
        taken.add(new[label])
    return {old: number for old, number in new.items() if old != number}


def _free(taken: set[int]) -> int:
    number = max(taken, default=0) + 1
    return number
