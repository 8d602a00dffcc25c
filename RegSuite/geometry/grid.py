"""Grid: size, spacing, origin and direction of a voxel lattice in LPS millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import GeometryError

FloatArray = NDArray[np.float64]

DIRECTION_TOLERANCE = 1e-4
"""Largest deviation of D^T D from the identity; NIfTI's float32 quaternions stay under it."""


@dataclass(frozen=True)
class Grid:
    """A regular voxel lattice in LPS mm, 2D or 3D.

    size, spacing, origin: in x, y, z order (the tensor shape is the reverse: z, y, x).
    direction: rows of the matrix whose COLUMNS are the unit vectors of the voxel axes
    (as SimpleITK's GetDirection). point = origin + direction @ (spacing * index).
    Raises GeometryError for sizes or spacings that are not positive, values that are not
    finite, or a direction that is not orthonormal.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "size", tuple(int(n) for n in self.size))
        set_(self, "spacing", tuple(float(s) for s in self.spacing))
        set_(self, "origin", tuple(float(o) for o in self.origin))
        set_(self, "direction", tuple(tuple(float(v) for v in row) for row in self.direction))
        _check(self)

    @classmethod
    def make(
        cls,
        size: Sequence[int],
        spacing: Sequence[float] | float = 1.0,
        origin: Sequence[float] | None = None,
        direction: ArrayLike | None = None,
    ) -> Grid:
        """A grid from its size, with spacing 1, origin 0 and identity direction where not given."""
        ndim = len(size)
        spacing_ = (spacing,) * ndim if isinstance(spacing, int | float) else tuple(spacing)
        origin_ = (0.0,) * ndim if origin is None else tuple(origin)
        matrix = np.eye(ndim) if direction is None else np.asarray(direction, float).reshape(ndim, ndim)
        return cls(tuple(size), spacing_, origin_, tuple(tuple(row) for row in matrix.tolist()))

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return len(self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Tensor shape without channels: z, y, x."""
        return self.size[::-1]

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.size))

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in mm^3 (2D: area in mm^2)."""
        return float(np.prod(self.spacing))

    @cached_property
    def matrix(self) -> FloatArray:
        """[d+1, d+1] homogeneous matrix from voxel index (x, y, z) to LPS mm."""
        d = self.ndim
        out = np.eye(d + 1)
        out[:d, :d] = np.asarray(self.direction) * np.asarray(self.spacing)
        out[:d, d] = self.origin
        out.setflags(write=False)
        return out

    @cached_property
    def inverse_matrix(self) -> FloatArray:
        """[d+1, d+1] homogeneous matrix from LPS mm to voxel index."""
        out: FloatArray = np.linalg.inv(self.matrix).astype(np.float64, copy=False)
        out.setflags(write=False)
        return out

    def points(self, index: ArrayLike) -> FloatArray:
        """LPS mm of voxel indices [..., d] (x, y, z order, may be fractional)."""
        d = self.ndim
        return np.asarray(index, float) @ self.matrix[:d, :d].T + self.matrix[:d, d]

    def index(self, points_mm: ArrayLike) -> FloatArray:
        """Fractional voxel indices (x, y, z order) of LPS points [..., d]."""
        d = self.ndim
        return np.asarray(points_mm, float) @ self.inverse_matrix[:d, :d].T + self.inverse_matrix[:d, d]

    def all_points(self) -> FloatArray:
        """[*shape, d] LPS mm of every voxel centre; 24 bytes a voxel in 3D."""
        axes = np.meshgrid(*(np.arange(n, dtype=float) for n in self.shape), indexing="ij")
        return self.points(np.stack(axes[::-1], axis=-1))

    @property
    def centre(self) -> FloatArray:
        """LPS mm of the middle of the volume."""
        return self.points((np.asarray(self.size) - 1) / 2)

    @property
    def extent_mm(self) -> FloatArray:
        """Edge lengths in mm along the voxel axes, outer voxel faces included."""
        return np.multiply(self.size, self.spacing, dtype=np.float64)

    def corners(self) -> FloatArray:
        """[2^d, d] LPS mm of the outer corners (half a voxel beyond the voxel centres)."""
        ends = [(-0.5, n - 0.5) for n in self.size]
        return self.points(np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, self.ndim))

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest LPS coordinates of the outer corners."""
        corners = self.corners()
        return corners.min(axis=0), corners.max(axis=0)

    def contains(self, points_mm: ArrayLike) -> NDArray[np.bool_]:
        """Whether LPS points [..., d] lie within the outer voxel faces."""
        index = self.index(points_mm)
        return np.asarray(((index >= -0.5) & (index <= np.asarray(self.size) - 0.5)).all(axis=-1))

    def coarser(self, factors: Sequence[int]) -> Grid:
        """The grid of blocks of `factors` (x, y, z) voxels, block centres as voxel centres.

        Sizes are rounded up, so that the coarse grid covers the fine one.
        """
        factor = np.asarray(factors)
        size = tuple(int(n) for n in -(-np.asarray(self.size) // factor))
        origin = self.points((factor - 1) / 2)
        spacing = np.asarray(self.spacing) * factor
        return replace(self, size=size, spacing=tuple(spacing), origin=tuple(origin))

    def same_space(self, other: Grid, tolerance_mm: float = 1e-3) -> bool:
        """Whether both grids have equal sizes and their corners agree within `tolerance_mm`."""
        if self.size != other.size:
            return False
        return bool(np.abs(self.corners() - other.corners()).max() <= tolerance_mm)

    def __str__(self) -> str:
        size = "x".join(map(str, self.size))
        spacing = "x".join(f"{s:.4g}" for s in self.spacing)
        low, high = self.bounds()
        covers = ", ".join(f"{n} {a:.1f}..{b:.1f}" for n, a, b in zip("xyz", low, high, strict=False))
        return f"{size} voxels of {spacing} mm, covers {covers} mm (LPS)"


def _check(grid: Grid) -> None:
    """Raise GeometryError when the four parts do not make a lattice."""
    ndim = len(grid.size)
    if ndim not in (2, 3):
        raise GeometryError(
            f"a grid has 2 or 3 dimensions, not {ndim}",
            mend="give one volume or slice; of a time series extract one frame",
        )
    if not (len(grid.spacing) == len(grid.origin) == len(grid.direction) == ndim):
        raise GeometryError(
            f"size {grid.size}, spacing {grid.spacing}, origin {grid.origin} differ in length"
        )
    if min(grid.size) < 1:
        raise GeometryError(f"size {grid.size} has an axis without voxels", mend="write the image anew")
    if not all(np.isfinite(s) and s > 0 for s in grid.spacing):
        raise GeometryError(
            f"spacing {grid.spacing} mm is not positive and finite", mend="correct the spacing in the header"
        )
    if not np.isfinite(grid.origin).all():
        raise GeometryError(f"origin {grid.origin} mm is not finite", mend="correct the origin in the header")
    matrix = np.asarray(grid.direction, float)
    if matrix.shape != (ndim, ndim) or not np.isfinite(matrix).all():
        raise GeometryError(f"direction {grid.direction} is not a finite {ndim}x{ndim} matrix")
    deviation = float(np.abs(matrix.T @ matrix - np.eye(ndim)).max())
    if deviation > DIRECTION_TOLERANCE:
        raise GeometryError(
            f"direction is not orthonormal: D^T D differs from the identity by {deviation:.2g}",
            mend="remove the shear from the header (resample the image to an orthogonal grid)",
        )
