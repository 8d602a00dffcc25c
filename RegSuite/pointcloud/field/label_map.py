"""Label maps on a grid, and which organ of the drift each voxel is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.numerics.resample import index_map
from RegSuite.pointcloud.field.organ_motion import OrganMotion

TISSUE = -1
"""Of no organ that the drift knows: background, or a label without points."""


def organs_on(
    labels: Image | None, grid: Grid, organs: Sequence[OrganMotion], where: str
) -> tuple[Tensor, tuple[str, ...]]:
    """Which of `organs` each voxel of `grid` is of: int16 [*shape], TISSUE elsewhere; and notes in words.

    labels: a label map on any grid of the same space, read at the nearest voxel, TISSUE beyond its border.
    Label 0 is never an organ. None: all voxels are TISSUE.
    """
    out = torch.full(grid.shape, TISSUE, dtype=torch.int16)
    if labels is None:
        return out, ()
    values = _values(labels, grid, where)
    known = {organ.label: k for k, organ in enumerate(organs) if organ.label != 0}
    for label, k in known.items():
        out[values == label] = k
    present = set(np.unique(values.numpy()).tolist()) - {0}
    notes = []
    strangers = sorted(present - set(known))
    if strangers:
        listed = ", ".join(map(str, strangers[:8]))
        notes.append(f"{where}: label {listed} has no points; it moves as the tissue around the organs")
    absent = [organ.name for organ in organs if organ.label != 0 and organ.label not in present]
    if absent:
        notes.append(f"{where}: no voxel is of {', '.join(absent)}")
    return out, tuple(notes)


def seeds_on(grid: Grid, organ: OrganMotion) -> Tensor:
    """The voxels of `grid` that hold a source point of an organ: boolean [*shape]."""
    out = torch.zeros(grid.shape, dtype=torch.bool)
    index = np.rint(grid.index(organ.points)).astype(int)
    inside = ((index >= 0) & (index < grid.size)).all(axis=1)
    out[tuple(torch.from_numpy(index[inside, axis]) for axis in reversed(range(grid.ndim)))] = True
    return out


def _values(labels: Image, grid: Grid, where: str) -> Tensor:
    """The labels [*shape] at the voxels of `grid`, 0 beyond the map's border."""
    if labels.channels != 1:
        raise InputError(
            f"a label map of {labels.channels} channels", where=where, mend="give one integer a voxel"
        )
    if labels.ndim != grid.ndim:
        raise GeometryError(f"a label map of {labels.ndim}D for a grid of {grid.ndim}D", where=where)
    values = labels.data[0].cpu()
    if values.is_floating_point():
        if not torch.equal(values, values.round()):
            raise InputError(
                "the label map holds values that are not integers",
                where=where,
                mend="resample label maps by nearest neighbour",
            )
        values = values.long()
    if labels.grid == grid:
        return values
    affine = (labels.grid.inverse_matrix @ grid.matrix)[: grid.ndim]
    index = index_map(grid.shape, affine, dtype=torch.float64).round().long()
    size = torch.tensor(labels.grid.size)
    inside = ((index >= 0) & (index < size)).all(dim=-1)
    index = torch.minimum(index.clamp(min=0), size - 1)
    read = values[tuple(index[..., axis] for axis in reversed(range(grid.ndim)))]
    return torch.where(inside, read, torch.zeros_like(read))
