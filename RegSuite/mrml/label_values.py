"""The voxels of a volume node as labels: which there are, what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.mrml.voxels import tensor_of

if TYPE_CHECKING:
    from torch import Tensor

_ANONYMOUS = re.compile(r"(region|label|segment)?[ _]?\d*|\(none\)|none|invalid", re.IGNORECASE)
"""What Slicer (and `colours`) call a label or segment that nobody has named."""


def is_name(word: str) -> bool:
    """Whether a word says what a label is: 'Liver', but not 'Segment_3', 'region 7' or 'label 12'."""
    return not _ANONYMOUS.fullmatch(word.strip())


def labels_in(data: Tensor) -> list[int]:
    """The labels in a label map, ascending, without the background 0."""
    import torch

    flat = data.reshape(-1)
    if flat.numel() == 0 or int(flat.max()) >= 2**16:
        return [int(label) for label in torch.unique(flat) if label != 0]
    return [int(label) for label in torch.bincount(flat.int()).nonzero()[:, 0] if label != 0]


def label_voxels(node: Any, role: str) -> Tensor:
    """The voxels as int32. Raises InputError where they are no labels."""
    where = f"{role} '{node.GetName()}'"
    source = node.GetImageData()
    # what wraps around in int32 is negative there, so that its range tells it too
    whole = source.GetScalarTypeAsString() not in ("float", "double")
    values = tensor_of(source, "int32" if whole else "float64")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high >= 2**31:
        raise InputError(
            f"values from {low:g} to {high:g} are no labels",
            where=where,
            mend="choose a label map, with 0 as background and labels from 1",
        )
    if whole:
        return values
    broken = values != values.round()
    if bool(broken.any()):
        raise InputError(
            f"{int(broken.sum())} voxels are no whole numbers, the first is {float(values[broken][0]):g}",
            where=where,
            mend="choose a label map; resample one with nearest neighbour",
        )
    return values.int()


def label_names(node: Any, data: Tensor) -> dict[int, str]:
    """Names of the labels that are there, from the colour table of a label map."""
    display = node.GetDisplayNode()
    table = display.GetColorNode() if display is not None and node.IsA("vtkMRMLLabelMapVolumeNode") else None
    if (
        table is None
        or not table.IsA("vtkMRMLColorTableNode")
        or table.GetType() not in (table.User, table.File)
    ):
        return {}  # the names of Slicer's built-in tables are those of colours
    named = {label: table.GetColorName(label) or "" for label in labels_in(data)}
    return {label: name for label, name in named.items() if is_name(name)}
