"""How much of each voxel of a grid lies in a region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose import kernels
from RegSuite.dose.histogram import in_voxels
from RegSuite.dose.region import Region
from RegSuite.geometry import Grid

MOST_LINES = 4e6
PARTS_A_VOXEL = 4
"""Lines across a voxel's smallest side."""


def voxel_volumes_cc(region: Region, grid: Grid) -> NDArray[np.float64]:
    """[z, y, x] cc of the region in each voxel of `grid`.

    Their sum is the region's volume within the grid; a single voxel's is right to about a third of it, as
    pieces count where their middle lies.
    """
    step = min(min(grid.spacing) / PARTS_A_VOXEL, region.smallest_mm / 16)
    step = max(step, min(grid.spacing) / 64, float(np.sqrt(region.across_mm2 / MOST_LINES)))
    lines = region.lines(step)
    start, per_mm = in_voxels(lines, grid)
    out = np.zeros(grid.shape)
    area = lines.across_mm[:, 0] * lines.across_mm[:, 1] * lines.share
    kernels.volume_by_voxel(out, start, per_mm, lines.length_mm, area, step)
    return out / 1000
