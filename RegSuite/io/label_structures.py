"""Structures from label maps."""

from __future__ import annotations

from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image, VoxelStructure
from RegSuite.io.labels import read_label_names, read_labels
from RegSuite.io.names import distinct_names


def read_label_structures(
    path: Path, names: Path | None = None, warnings: list[str] | None = None
) -> tuple[VoxelStructure, ...]:
    """One structure a label above 0, on the part of the map's grid that holds it and one voxel more.

    names: a table of label,name (see `read_label_names`). Labels without a name are called
    "label 7"; equal names are told apart by their labels, with a warning.
    Raises InputError for a map that is none, is 2D, or has no label.
    """
    import torch

    found = [] if warnings is None else warnings
    labels = read_labels(path, warnings=found)
    if labels.ndim != 3:
        raise InputError("a 2D label map has no volumes", where=str(path), mend="give a 3D label map")
    known = read_label_names(path, names)
    present = [int(v) for v in torch.unique(labels.data) if v > 0]
    if not present:
        raise InputError("the label map is empty: every voxel is 0", where=str(path), mend="draw the labels")
    absent = [f"'{known[v]}' ({v})" for v in known if v > 0 and v not in present]
    if absent:
        found.append(f"{path.name}: no voxel of {', '.join(absent[:10])}{' and more' * (len(absent) > 10)}")
    rows = [(known.get(v) or f"label {v}", v) for v in present]
    called = distinct_names(rows, "label", path.name, found)
    return tuple(_structure(labels, v, n) for v, n in zip(present, called, strict=True))


def _structure(labels: Image, label: int, name: str) -> VoxelStructure:
    """A label's voxels as 1, in a box around them that has a border of 0 where the map goes on."""
    import torch

    inside = labels.data[0] == label
    box = []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        held = torch.nonzero(inside.amax(dim=others)).flatten()
        low, high = int(held[0]), int(held[-1])
        box.append(slice(max(low - 1, 0), min(high + 2, inside.shape[axis])))
    part = inside[box[0], box[1], box[2]].float()[None].contiguous()
    start = [s.start for s in box[::-1]]
    size = [s.stop - s.start for s in box[::-1]]
    grid = Grid.make(size, labels.grid.spacing, labels.grid.points(start).tolist(), labels.grid.direction)
    return VoxelStructure(name, Image(part, grid, name=name, path=labels.path), number=label)
