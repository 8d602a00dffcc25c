"""Voxels in the order that every reader of doses takes: columns to the left, rows to the back, planes up."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid


def axial_order(values: NDArray[Any], grid: Grid) -> tuple[NDArray[Any], Grid]:
    """values [..., z, y, x] and their grid with the axes swapped and turned round, nothing resampled.

    The voxel axes are those of LPS as nearly as they can be, and always right-handed, as DICOM's
    planes are (the third axis is row x column). The values are a view.
    """
    direction = np.asarray(grid.direction)
    order = max(permutations(range(3)), key=lambda p: sum(abs(direction[i, a]) for i, a in enumerate(p)))
    signs = [1 if direction[i, a] >= 0 else -1 for i, a in enumerate(order)]
    axes = np.stack([direction[:, a] * s for a, s in zip(order, signs, strict=True)], axis=1)
    if np.linalg.det(axes) < 0:
        signs[2] = -signs[2]
        axes[:, 2] = -axes[:, 2]
    start = [0, 0, 0]
    for axis, sign in zip(order, signs, strict=True):
        if sign < 0:
            start[axis] = grid.size[axis] - 1
    # array axes are z, y, x: voxel axis a is the array's last but a
    lead = values.ndim - 3
    taken = [lead + 2 - order[a] for a in (2, 1, 0)]
    out = np.transpose(values, (*range(lead), *taken))
    flips: tuple[Any, ...] = tuple(slice(None, None, signs[a]) for a in (2, 1, 0))
    size, spacing = [grid.size[a] for a in order], [grid.spacing[a] for a in order]
    return out[(..., *flips)], Grid.make(size, spacing, grid.points(start).tolist(), axes)
