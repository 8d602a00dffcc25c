"""Registration: a transform with the frames it joins, and where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from RegSuite.transforms import Transform


@dataclass(frozen=True, eq=False)
class Registration:
    """transform maps points of registered_frame (fixed) to source_frame (moving), LPS mm.

    grid: the deformation's, None of a linear registration. defined: boolean [*grid.shape], False
    where the deformation is undefined (the transform then holds no offset there, which means
    nothing); None where it is defined on the whole grid. source_images: SOP instance UIDs of the
    images it is for, where it is for some of their frame only.
    """

    transform: Transform
    registered_frame: str | None = None
    source_frame: str | None = None
    source_images: tuple[str, ...] = ()
    sop_instance: str | None = None
    grid: Grid | None = None
    defined: NDArray[np.bool_] | None = None

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every point where it is (to a micrometre a metre)."""
        from RegSuite.transforms.affine import AffineTransform

        given = self.transform
        return isinstance(given, AffineTransform) and bool(np.abs(given.homogeneous - np.eye(4)).max() < 1e-6)

    def is_defined(self, points_mm: ArrayLike) -> NDArray[np.bool_]:
        """[n] whether the deformation is known at points [n, 3] of the registered frame.

        Unknown are points outside of the grid, and those whose offset would be interpolated from an
        undefined one. A linear registration is defined everywhere.
        """
        points = np.asarray(points_mm, dtype=np.float64)
        if self.grid is None:
            return np.ones(len(points), dtype=bool)
        inside = self.grid.contains(points)
        if self.defined is None:
            return inside
        last = np.asarray(self.grid.size) - 1
        index = np.clip(self.grid.index(points), 0, last)
        whole = np.round(index)
        index = np.where(np.abs(index - whole) < 1e-6, whole, index)
        low, high = np.floor(index).astype(np.int64), np.ceil(index).astype(np.int64)
        for corner in product((low, high), repeat=3):
            x, y, z = (corner[axis][:, axis] for axis in range(3))
            inside &= self.defined[z, y, x]
        return inside

    def defined_on(self, grid: Grid) -> NDArray[np.bool_]:
        """Boolean [*grid.shape]: `is_defined` at the voxels of a grid in the registered frame."""
        out = np.empty(grid.shape, dtype=bool)
        y, x = np.meshgrid(np.arange(grid.size[1]), np.arange(grid.size[0]), indexing="ij")
        for z in range(grid.size[2]):
            index = np.stack([x.ravel(), y.ravel(), np.full(x.size, z)], axis=1)
            out[z] = self.is_defined(grid.points(index)).reshape(out.shape[1:])
        return out
