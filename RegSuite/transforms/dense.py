"""DenseTransform: what all maps given by a displacement on a grid have in common."""

from __future__ import annotations

from abc import abstractmethod
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.resample import warp
from RegSuite.transforms.base import Transform, in_pieces

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


class DenseTransform(Transform):
    """T(x) = x + u(x), u linear between the voxel centres of `grid`.

    Outside of the grid (beyond the outer voxel faces) T is the identity, within the outer half
    voxel the border's displacement is repeated: so do ITK's programs with the saved file.
    """

    grid: Grid

    @property
    @abstractmethod
    def field(self) -> Tensor:
        """u at the voxels of `grid`: float32 [d, *shape], LPS mm. Not to be changed."""

    def points(self, points_mm: Tensor) -> Tensor:
        p = points_mm.to(torch.float64)
        return in_pieces(lambda q: q + field_at_points(self.field, self.grid, q), p)

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        if grid == self.grid:
            return self.field.to(device, copy=True)
        affine = (self.grid.inverse_matrix @ grid.matrix)[: self.ndim]
        return warp(self.field, grid.shape, affine, outside=0.0).to(device)

    def displacement_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        return self._sample(self.field, before_mm, grid, 0.0).add_(before_mm)

    def jacobian_determinant(self, grid: Grid) -> Tensor:
        """Central differences on the transform's own grid, taken linearly onto `grid`; 1 outside."""
        own = jacobian_determinant(self.field, self.grid)
        if grid == self.grid:
            return own
        affine = (self.grid.inverse_matrix @ grid.matrix)[: self.ndim]
        return warp(own[None], grid.shape, affine, outside=1.0)[0]

    def jacobian_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        own = jacobian_determinant(self.field, self.grid)
        return self._sample(own[None], before_mm, grid, 1.0)[0]

    def _sample(self, values: Tensor, before_mm: Tensor, grid: Grid, outside: float) -> Tensor:
        """values [C, *self.grid.shape] at x + before(x) for the voxels x of `grid`."""
        d = self.ndim
        affine = (self.grid.inverse_matrix @ grid.matrix)[:d]
        to_voxels = self.grid.inverse_matrix[:d, :d]
        return warp(values.to(before_mm.device), grid.shape, affine, before_mm, to_voxels, outside=outside)


def field_at_points(field: Tensor, grid: Grid, points_mm: Tensor) -> Tensor:
    """A field [C, *shape] linearly interpolated at points [N, d] in LPS mm: [N, C] float64.

    0 beyond the outer voxel faces; between the outer voxel centres and those faces the border's
    value (ITK's linear interpolator and DisplacementFieldTransform).
    """
    d, device = grid.ndim, field.device
    inverse = torch.tensor(grid.inverse_matrix, device=device)
    index = points_mm.to(device) @ inverse[:d, :d].T + inverse[:d, d]
    size = torch.tensor(grid.size, device=device)
    inside = ((index >= -0.5) & (index < size - 0.5)).all(dim=1)
    index = torch.minimum(index.nan_to_num(0.0).clamp(min=0.0), (size - 1).to(index.dtype))
    low = torch.minimum(index.long(), (size - 2).clamp(min=0))
    fraction = index - low
    strides = torch.tensor([1, grid.size[0], grid.size[0] * grid.size[-2]][:d], device=device)
    flat = field.reshape(field.shape[0], -1)
    out = torch.zeros((len(index), field.shape[0]), dtype=torch.float64, device=device)
    for corner in product((0, 1), repeat=d):
        up = torch.tensor(corner, device=device)
        weight = torch.where(up == 1, fraction, 1 - fraction).prod(dim=1)
        place = (torch.minimum(low + up, size - 1) * strides).sum(dim=1)
        out += weight[:, None] * flat[:, place].T
    return torch.where(inside[:, None], out, torch.zeros_like(out)).to(points_mm.device)


def check_field(field: Tensor, grid: Grid, what: str) -> Tensor:
    """`field` as float32 [d, *grid.shape], not copied where it is that already.

    Raises GeometryError for another shape or values that are not finite.
    """
    if tuple(field.shape) != (grid.ndim, *grid.shape):
        raise GeometryError(
            f"a {what} of shape {tuple(field.shape)} does not fit a grid of shape {(grid.ndim, *grid.shape)}"
        )
    bad = int((~torch.isfinite(field.sum(dim=0))).sum())
    if bad:
        raise GeometryError(
            f"a {what} has {bad} of {grid.voxels} voxels that are not finite",
            mend="write the field anew; a voxel without a known displacement must hold a number",
        )
    return field.detach().to(torch.float32).contiguous()
