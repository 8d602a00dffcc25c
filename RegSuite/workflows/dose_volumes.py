"""Volumes of structures by voxel, kept as small boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from RegSuite.dose.region import Region
    from RegSuite.geometry import Grid


@dataclass(frozen=True, eq=False)
class StructureVoxels:
    """cc of a structure in the voxels of `box` (z, y, x) of the accumulation grid; float32."""

    box: tuple[slice, slice, slice]
    volume_cc: NDArray[np.float32]

    def mean(self, values: NDArray[Any]) -> float | None:
        """Mean of values [z, y, x] over the structure, where they are finite; None where nowhere."""
        part = values[self.box]
        known = np.isfinite(part)
        weight = float(self.volume_cc[known].sum(dtype=np.float64))
        if not weight > 0:
            return None
        return float((part[known] * self.volume_cc[known]).sum(dtype=np.float64) / weight)

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """Share 0..1 of the structure's volume within the grid that lies in chosen voxels [z, y, x]."""
        total = float(self.volume_cc.sum(dtype=np.float64))
        return float(self.volume_cc[chosen[self.box]].sum(dtype=np.float64)) / total if total > 0 else 0.0


def structure_voxels(regions: Sequence[Region], grid: Grid) -> dict[str, StructureVoxels]:
    """By structure name; those without any volume on the grid have an empty box."""
    from RegSuite.dose.voxel_volumes import voxel_volumes_cc

    out = {}
    for region in regions:
        volume = voxel_volumes_cc(region, grid)
        box = _box(volume > 0)
        out[region.structure.name] = StructureVoxels(box, volume[box].astype(np.float32))
    return out


def structure_shares(chosen: NDArray[np.bool_], volumes: Mapping[str, StructureVoxels]) -> dict[str, float]:
    """Share of each structure that lies in chosen voxels."""
    return {name: voxels.share(chosen) for name, voxels in volumes.items()}


def _box(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The smallest box of what is True; an empty one of nothing."""
    bounds = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(inside.any(axis=others))
        bounds.append(slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0))
    return bounds[0], bounds[1], bounds[2]
