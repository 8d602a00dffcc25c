"""The voxels of a volume node as labels: which there are, what they are called."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.mrml.slabs import Steps, finish, slabs
from RegSuite.mrml.voxels import channels_of

_ANONYMOUS = re.compile(r"(region|label|segment)?[ _]?\d*|\(none\)|none|invalid", re.IGNORECASE)
"""What Slicer (and `colours`) call a label or segment that nobody has named."""

_COUNTED = 2**16
"""Labels below are found by counting, larger ones by sorting."""


def is_name(word: str) -> bool:
    """Whether a word says what a label is: 'Liver', but not 'Segment_3', 'region 7' or 'label 12'."""
    return not _ANONYMOUS.fullmatch(word.strip())


def labels_in(values: NDArray[Any]) -> list[int]:
    """The labels in a label map [1, *shape], ascending, without the background 0."""
    return finish(labels_in_steps(values))


def labels_in_steps(values: NDArray[Any]) -> Steps[list[int]]:
    """`labels_in`, a slab a step."""
    solid = values.reshape((1,) * (4 - values.ndim) + values.shape)[0]
    there = np.zeros(_COUNTED, dtype=bool)
    others: set[int] = set()
    for slab in slabs(solid.shape):
        part = solid[slab].ravel()
        if part.size and (int(part.min()) < 0 or int(part.max()) >= _COUNTED):
            others.update(int(label) for label in np.unique(part))
        else:
            there |= np.bincount(part.astype(np.uint16), minlength=_COUNTED).astype(bool)
        yield
    return sorted({*np.flatnonzero(there).tolist(), *others} - {0})


def label_voxels(node: Any, role: str) -> Steps[NDArray[Any]]:
    """The node's own voxels [1, Z, Y, X], seen to be labels that int32 holds, a slab a step.

    Raises InputError where they are no labels.
    """
    where = f"{role} '{node.GetName()}'"
    values: NDArray[Any] = channels_of(node.GetImageData())
    low, high, broken, first = np.inf, -np.inf, 0, 0.0
    for slab in slabs(values.shape[1:]):
        part = values[0, slab]
        low, high = min(low, float(part.min())), max(high, float(part.max()))
        fractions = part[part != np.round(part)] if part.dtype.kind == "f" else part[:0]
        first = first if broken or not fractions.size else float(fractions.flat[0])
        broken += fractions.size
        yield
    if low < 0 or high >= 2**31:
        raise InputError(
            f"values from {low:g} to {high:g} are no labels",
            where=where,
            mend="choose a label map, with 0 as background and labels from 1",
        )
    if broken:
        raise InputError(
            f"{broken} voxels are no whole numbers, the first is {first:g}",
            where=where,
            mend="choose a label map; resample one with nearest neighbour",
        )
    return values


def label_names(node: Any, labels: Collection[int]) -> dict[int, str]:
    """Names of the labels that are there, from the colour table of a label map."""
    display = node.GetDisplayNode()
    table = display.GetColorNode() if display is not None and node.IsA("vtkMRMLLabelMapVolumeNode") else None
    if (
        table is None
        or not table.IsA("vtkMRMLColorTableNode")
        or table.GetType() not in (table.User, table.File)
    ):
        return {}  # the names of Slicer's built-in tables are those of colours
    named = {label: table.GetColorName(label) or "" for label in labels}
    return {label: name for label, name in named.items() if is_name(name)}
