"""PartialTransform: a map that is unknown in places, and says so by NaN."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.transforms.base import Transform

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


@dataclass(frozen=True, eq=False)
class Known:
    """Where a deformation is known: on a grid, but for the voxels where `defined` is False.

    defined: boolean [*grid.shape]; None where all of the grid is known. reached_by: the map from the
    points that are asked about to the grid's space; None where they lie in it.
    Raises GeometryError for a mask of another shape.
    """

    grid: Grid
    defined: NDArray[np.bool_] | None = None
    reached_by: Transform | None = None

    def __post_init__(self) -> None:
        if self.defined is not None and self.defined.shape != self.grid.shape:
            raise GeometryError(
                f"the mask of what is defined has shape {self.defined.shape}, its grid {self.grid.shape}"
            )

    def at(self, points_mm: ArrayLike) -> NDArray[np.bool_]:
        """[n] whether the deformation is known at points [n, d] in LPS mm.

        Unknown are points outside of the grid, and those whose offset would be interpolated from an
        undefined one.
        """
        points = np.asarray(points_mm, dtype=np.float64)
        if self.reached_by is not None:
            points = self.reached_by.points(torch.from_numpy(points)).numpy()
        inside: NDArray[np.bool_] = self.grid.contains(points)
        if self.defined is None:
            return inside
        last = np.asarray(self.grid.size) - 1
        index = np.clip(np.nan_to_num(self.grid.index(points)), 0, last)
        whole = np.round(index)
        index = np.where(np.abs(index - whole) < 1e-6, whole, index)
        low, high = np.floor(index).astype(np.int64), np.ceil(index).astype(np.int64)
        for corner in product((low, high), repeat=self.grid.ndim):
            place = tuple(corner[axis][:, axis] for axis in reversed(range(self.grid.ndim)))
            inside &= self.defined[place]
        return inside

    def on(self, grid: Grid) -> NDArray[np.bool_]:
        """Boolean [*grid.shape]: `at` for the voxels of a grid, slice by slice."""
        if self.reached_by is None and grid == self.grid:
            return np.ones(grid.shape, dtype=bool) if self.defined is None else self.defined.copy()
        out = np.empty(grid.shape, dtype=bool)
        plane = np.indices(grid.shape[1:])[::-1].reshape(grid.ndim - 1, -1).T
        for number in range(grid.shape[0]):
            index = np.concatenate([plane, np.full((len(plane), 1), number)], axis=1)
            out[number] = self.at(grid.points(index)).reshape(out.shape[1:])
        return out


@dataclass(frozen=True, eq=False)
class PartialTransform(Transform):
    """T(x) = inner(x) where every one of `known` holds, NaN elsewhere: nothing is put in its place.

    Points and displacements are NaN where T is unknown; Jacobians also beside it. In a composite the
    whole is unknown where the path of a point meets what is not known.
    """

    inner: Transform
    known: tuple[Known, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ndim", self.inner.ndim)

    def is_known(self, points_mm: ArrayLike) -> NDArray[np.bool_]:
        """[n] whether T is known at points [n, d]."""
        out = self.known[0].at(points_mm)
        for other in self.known[1:]:
            out &= other.at(points_mm)
        return out

    def known_on(self, grid: Grid) -> NDArray[np.bool_]:
        """Boolean [*grid.shape]: whether T is known at the voxels of `grid`."""
        out = self.known[0].on(grid)
        for other in self.known[1:]:
            out &= other.on(grid)
        return out

    def points(self, points_mm: Tensor) -> Tensor:
        out = self.inner.points(points_mm)
        known = torch.from_numpy(self.is_known(points_mm.detach().cpu().numpy())).to(out.device)
        return torch.where(known[:, None], out, torch.full_like(out, torch.nan))

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        out = self.inner.displacement(grid, device)
        out[:, ~torch.from_numpy(self.known_on(grid)).to(out.device)] = torch.nan
        return out

    def inverse(self) -> PartialTransform:
        """The inverse of `inner`, unknown where it leads to what is unknown."""
        back = self.inner.inverse()
        return PartialTransform(back, tuple(_reached(k, back) for k in self.known))

    def behind(self, before: Transform) -> tuple[Known, ...]:
        """What has to be known where a point first goes through `before`."""
        return tuple(_reached(k, before) for k in self.known)


def _reached(known: Known, before: Transform) -> Known:
    """The same condition for points that go through `before` first."""
    way = before if known.reached_by is None else known.reached_by.compose(before)
    return Known(known.grid, known.defined, way)
