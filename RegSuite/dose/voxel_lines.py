"""Voxels as lines: rows of one share each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.lines import Lines
from RegSuite.geometry.structure import VoxelStructure

Floats = NDArray[np.float64]


def voxel_lines(structure: VoxelStructure, axes: Floats, step_mm: float) -> Lines:
    """Rows of voxels of one share as one segment each, cut across into parts of `step_mm`."""
    grid, inside = structure.inside.grid, share_values(structure)
    flat = inside.reshape(-1, inside.shape[2])
    before = np.pad(flat, ((0, 0), (1, 0)))[:, :-1]
    after = np.pad(flat, ((0, 0), (0, 1)))[:, 1:]
    row, begin = np.nonzero((flat != before) & (flat > 0))
    _, last = np.nonzero((flat != after) & (flat > 0))
    parts = [int(np.ceil(s / step_mm)) for s in grid.spacing[1:]]
    shifts = [(np.arange(n) + 0.5) / n - 0.5 for n in parts]
    share = flat[row, begin].astype(float)
    index = np.empty((parts[1], parts[0], len(row), 3))
    index[..., 0] = begin - 0.5
    index[..., 1] = row % inside.shape[1] + shifts[0][None, :, None]
    index[..., 2] = row // inside.shape[1] + shifts[1][:, None, None]
    copies = parts[0] * parts[1]
    length = np.tile((last - begin + 1) * grid.spacing[0], copies)
    across = np.broadcast_to(np.asarray(grid.spacing[1:]) / parts, (len(length), 2))
    return Lines(grid.points(index.reshape(-1, 3)), length, across, np.tile(share, copies), axes)


def share_values(structure: VoxelStructure) -> NDArray[np.float32]:
    """[z, y, x] share of each voxel that is inside."""
    values = structure.inside.data[0].detach().cpu().numpy()
    return np.ascontiguousarray(values, dtype=np.float32)
