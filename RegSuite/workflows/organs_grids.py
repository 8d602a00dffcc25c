"""The grids on which a registration of clouds is written, and structures as voxels of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.geometry import Grid, Image
from RegSuite.geometry.structure import Structure

if TYPE_CHECKING:
    from RegSuite.geometry.grid import FloatArray

MARGIN_MM = 30.0
"""How far beyond a cloud its own grid reaches."""
MOST_VOXELS = {2: 250_000, 3: 600_000}
"""Of a grid that is made about a cloud."""


def grid_about(points: FloatArray, spacing_mm: float | None, finest_mm: float) -> Grid:
    """An upright grid about points [n, d], MARGIN_MM wider (or a tenth of a larger cloud's size).

    spacing_mm: of its voxels; None: finest_mm, or what keeps it within MOST_VOXELS.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    margin = max(MARGIN_MM, 0.1 * float(np.linalg.norm(high - low)))
    extent = high - low + 2 * margin
    d = points.shape[1]
    needed = float((np.prod(extent) / MOST_VOXELS[d]) ** (1 / d))
    spacing = spacing_mm or max(finest_mm, np.ceil(10 * needed) / 10)
    size = np.ceil(extent / spacing).astype(int) + 1
    return Grid.make(size.tolist(), float(spacing), (low - margin).tolist())


def label_map_of(structures: Sequence[Structure], labels: Mapping[int, int], grid: Grid) -> Image:
    """Voxels of `grid` by the structure that fills most of them, at least half: int32 [1, *shape].

    labels: from the structures' numbers. Raises GeometryError for a structure without volume.
    """
    import torch

    from RegSuite.dose.region import region_of
    from RegSuite.dose.voxel_volumes import voxel_volumes_cc

    most = np.full(grid.shape, 0.5 * grid.voxel_volume / 1000)
    out = np.zeros(grid.shape, dtype=np.int32)
    for structure in structures:
        volume = voxel_volumes_cc(region_of(structure, grid), grid)
        more = volume >= most
        out[more] = labels[int(structure.number or 0)]
        most[more] = volume[more]
    return Image(torch.from_numpy(out)[None], grid, name="labels")


def renumbered(labels: Image, to: Mapping[int, int]) -> Image:
    """The label map with other numbers; labels that are not in `to` become 0."""
    import torch

    values = labels.data.cpu().numpy()
    present, place = np.unique(values, return_inverse=True)
    table = np.array([to.get(int(v), 0) for v in present], dtype=np.int32)
    found = table[place.reshape(values.shape)]
    return labels.with_data(torch.from_numpy(np.ascontiguousarray(found)))
