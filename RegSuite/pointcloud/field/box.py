"""A box of voxels of a grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.geometry import Grid

VOXELS_A_SLAB = 1 << 20


@dataclass(frozen=True)
class Box:
    """Voxels first <= index < stop of a grid, in x, y, z order."""

    first: tuple[int, ...]
    stop: tuple[int, ...]
    whole: Grid

    @classmethod
    def about(cls, index: ArrayLike, margin_mm: float, grid: Grid) -> Box:
        """The voxels within a margin of fractional voxel indices [n, d], cut to the grid (may be empty)."""
        places = np.asarray(index, dtype=float)
        margin = margin_mm / np.asarray(grid.spacing)
        first = np.clip(np.floor(places.min(axis=0) - margin), 0, grid.size).astype(int)
        stop = np.clip(np.ceil(places.max(axis=0) + margin) + 1, 0, grid.size).astype(int)
        return cls(tuple(first.tolist()), tuple(np.maximum(stop, first).tolist()), grid)

    @property
    def empty(self) -> bool:
        """Whether there is no voxel."""
        return any(b <= a for a, b in zip(self.first, self.stop, strict=True))

    @property
    def grid(self) -> Grid:
        """The box as a grid of its own."""
        size = tuple(b - a for a, b in zip(self.first, self.stop, strict=True))
        return replace(self.whole, size=size, origin=tuple(self.whole.points(self.first).tolist()))

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where it lies in an array of the grid's shape (z, y, x order)."""
        return tuple(slice(a, b) for a, b in zip(self.first, self.stop, strict=True))[::-1]

    def slabs(self) -> Iterator[Box]:
        """Boxes of some slices each, so that little memory is needed at once."""
        size = np.subtract(self.stop, self.first)
        step = max(1, int(VOXELS_A_SLAB // max(1, np.prod(size[:-1]))))
        for start in range(self.first[-1], self.stop[-1], step):
            end = min(start + step, self.stop[-1])
            yield replace(self, first=(*self.first[:-1], start), stop=(*self.stop[:-1], end))


def voxels_of(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The two corners [2, d] (x, y, z voxel index) of the true voxels of a mask that has some."""
    ends = []
    for axis in range(mask.ndim):
        line = np.flatnonzero(mask.any(axis=tuple(k for k in range(mask.ndim) if k != axis)))
        ends.append((line[0], line[-1]))
    return np.array(ends[::-1], dtype=np.int64).T
