"""Grids that try the change between RAS and LPS: oblique, anisotropic, left-handed, thin, 2D."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from RegSuite.geometry import Grid, Image

GRIDS = ("oblique", "left-handed", "single slice", "2D", "2D left-handed")


def a_grid(kind: str) -> Grid:
    """One of GRIDS, away from the origin; sizes differ along all axes."""
    turn = Rotation.from_rotvec([0.3, -0.5, 0.8]).as_matrix()
    flat = Rotation.from_rotvec([0, 0, 0.4]).as_matrix()[:2, :2]
    if kind == "oblique":
        return Grid.make((7, 6, 5), (0.8, 1.25, 2.5), (31.0, -17.0, 5.5), turn)
    if kind == "left-handed":
        return Grid.make((7, 6, 5), (0.8, 1.25, 2.5), (31.0, -17.0, 5.5), turn @ np.diag([1.0, 1.0, -1.0]))
    if kind == "single slice":
        return Grid.make((7, 6, 1), (0.8, 1.25, 2.5), (31.0, -17.0, 5.5), turn)
    if kind == "2D":
        return Grid.make((7, 6), (0.8, 1.25), (31.0, -17.0), flat)
    return Grid.make((7, 6), (0.8, 1.25), (31.0, -17.0), flat @ np.diag([1.0, -1.0]))


def counted(grid: Grid, dtype: torch.dtype = torch.float32) -> Image:
    """An image whose voxels hold their own number, so that every mix-up of axes shows."""
    values = torch.arange(grid.voxels).reshape(1, *grid.shape)
    return Image(values.to(dtype), grid, name="scan")
