"""BSplineTransform: the cubic B-spline free-form deformation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.numerics.jacobian import determinant_of_identity_plus
from RegSuite.transforms.base import POINTS_A_CHUNK, Transform, chunks, in_pieces
from RegSuite.transforms.bspline_basis import Derivative, axis_matrix, cubic_weights, support, tensor_product
from RegSuite.transforms.dense import check_field

if TYPE_CHECKING:
    from RegSuite.transforms.displacement import DisplacementTransform


@dataclass(frozen=True, eq=False)
class BSplineTransform(Transform):
    """T(x) = x + sum_j B3(x - x_j) c_j over a control lattice, in ITK's layout.

    coefficients_mm: [d, *control.shape] LPS mm, float32. control: the lattice of control points,
    which reaches one spacing beyond the domain on every side, at least 4 an axis.
    grid: the fixed grid it was made for: where its numeric inverse and a displacement file are
    sampled (the domain with 8 points a control spacing if None).
    Valid between the second and the last but one control point; the identity outside, as in ITK.
    Raises GeometryError for another shape or values that are not finite.
    """

    coefficients_mm: Tensor
    control: Grid
    grid: Grid | None = None

    def __post_init__(self) -> None:
        if min(self.control.size) < 4:
            raise GeometryError(f"a cubic B-spline needs 4 control points an axis, not {self.control.size}")
        checked = check_field(self.coefficients_mm, self.control, "B-spline coefficient lattice")
        object.__setattr__(self, "coefficients_mm", checked)
        object.__setattr__(self, "ndim", self.control.ndim)

    @classmethod
    def for_grid(cls, grid: Grid, spacing_mm: float | Sequence[float]) -> BSplineTransform:
        """The identity over the outer faces of `grid`, control spacing at most `spacing_mm`."""
        control = control_grid(grid, spacing_mm)
        return cls(torch.zeros((grid.ndim, *control.shape)), control, grid)

    def with_coefficients(self, coefficients_mm: Tensor) -> BSplineTransform:
        """Other coefficients on the same lattice."""
        return BSplineTransform(coefficients_mm, self.control, self.grid)

    @property
    def sampling_grid(self) -> Grid:
        """`grid`, or the domain sampled with 8 points a control spacing."""
        if self.grid is not None:
            return self.grid
        inner = np.asarray(self.control.size) - 3  # control spacings within the domain
        size, spacing = 8 * inner, np.asarray(self.control.spacing) / 8
        origin = self.control.points(np.full(self.ndim, 1 + 1 / 16))
        return Grid.make(size.tolist(), spacing.tolist(), origin.tolist(), self.control.direction)

    def points(self, points_mm: Tensor) -> Tensor:
        p = points_mm.to(torch.float64)
        return in_pieces(lambda q: q + self._at(q, self._value_orders), p)

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        if not self._aligned(grid):
            return super().displacement(grid, device)
        return tensor_product(self.coefficients_mm, self._matrices(grid, self._value_orders)).to(device)

    def jacobian_determinant(self, grid: Grid) -> Tensor:
        """From the spline's own derivative."""
        if not self._aligned(grid):
            return self.jacobian_after(torch.zeros((self.ndim, *grid.shape)), grid)
        return self._aligned_determinant(grid).to(self.coefficients_mm.device)

    def jacobian_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        out = torch.empty(grid.voxels, dtype=torch.float32)
        for part, _, place in chunks(before_mm, grid):
            columns = torch.stack([self._at(place, orders) for orders in self._first_orders()], dim=-1)
            out[part] = torch.linalg.det(self._physical(columns)).float()
        return out.reshape(grid.shape).to(before_mm.device)

    def inverse(self) -> DisplacementTransform:
        """Numeric, on `sampling_grid`; its residual is that of the sampled map."""
        from RegSuite.transforms.displacement import to_displacement

        return to_displacement(self, self.sampling_grid).inverse()

    @property
    def _value_orders(self) -> tuple[Derivative, ...]:
        """No derivative along any axis."""
        return tuple(0 for _ in range(self.ndim))

    def _first_orders(self) -> list[tuple[Derivative, ...]]:
        """Derivative orders along x, y[, z] of the first partial derivatives."""
        return [tuple(1 if b == a else 0 for b in range(self.ndim)) for a in range(self.ndim)]

    def _physical(self, by_index: Tensor) -> Tensor:
        """dT/dx [n, d, d] from the derivative of u by control index [n, d (component), d (axis)]."""
        inverse = torch.tensor(self.control.inverse_matrix[: self.ndim, : self.ndim])
        return by_index @ inverse + torch.eye(self.ndim, dtype=torch.float64)

    def _at(self, points_mm: Tensor, orders: tuple[Derivative, ...]) -> Tensor:
        """u, or a derivative by control index, at points [n, d]: [n, d] float64, 0 outside."""
        inverse = torch.tensor(self.control.inverse_matrix)
        index = points_mm.cpu() @ inverse[:-1, :-1].T + inverse[:-1, -1]
        parts = [support(index[:, a], n) for a, n in enumerate(self.control.size)]
        weights = [cubic_weights(f, o) for (_, f, _), o in zip(parts, orders, strict=True)]
        inside = torch.stack([i for _, _, i in parts]).all(dim=0).double()
        strides = np.cumprod([1, *self.control.size[:-1]])
        base = sum((first * int(s) for (first, _, _), s in zip(parts, strides, strict=True)), torch.tensor(0))
        flat = self.coefficients_mm.cpu().reshape(self.ndim, -1).double()
        out = torch.zeros((self.ndim, len(index)), dtype=torch.float64)
        for corner in product(range(4), repeat=self.ndim):
            weight = math.prod((w[:, k] for w, k in zip(weights, corner, strict=True)), start=inside)
            out.addcmul_(weight, flat.index_select(1, base + int(np.dot(corner, strides))))
        return out.T.to(points_mm.device)

    def _aligned_determinant(self, grid: Grid) -> Tensor:
        """det dT/dx on an aligned grid, some slices at a time.

        In the lattice's own axes: det(I + D^T du/dx D), the same determinant without a turn a voxel.
        """
        direction = torch.tensor(self.control.direction).to(self.coefficients_mm)
        turned = torch.einsum("pa,p...->a...", direction, self.coefficients_mm)
        by_axis = [self._matrices(grid, orders) for orders in self._first_orders()]
        slices = range(0, grid.shape[0], max(1, POINTS_A_CHUNK * grid.shape[0] // grid.voxels))
        parts = []
        for start in slices:
            stop = start + slices.step
            columns = [tensor_product(turned, [*m[:-1], m[-1][start:stop]]) for m in by_axis]
            scaled = [c / s for c, s in zip(columns, self.control.spacing, strict=True)]
            parts.append(determinant_of_identity_plus(torch.stack(scaled, dim=1)))
        return torch.cat(parts)

    def _aligned(self, grid: Grid) -> bool:
        """Whether the axes of `grid` run along the control lattice's axes."""
        return bool(np.abs(np.asarray(grid.direction) - np.asarray(self.control.direction)).max() < 1e-7)

    def _matrices(self, grid: Grid, orders: tuple[Derivative, ...]) -> list[Tensor]:
        """For an aligned grid: the axis matrices [n_a, m_a], x first; all 0 outside on any axis."""
        start = self.control.index(grid.origin)
        step = np.asarray(grid.spacing) / np.asarray(self.control.spacing)
        places = [torch.from_numpy(start[a] + step[a] * np.arange(grid.size[a])) for a in range(self.ndim)]
        matrices = [axis_matrix(p, n, o) for p, n, o in zip(places, self.control.size, orders, strict=True)]
        return [m.to(self.coefficients_mm) for m in matrices]


def control_grid(grid: Grid, spacing_mm: float | Sequence[float]) -> Grid:
    """The control lattice over the outer faces of `grid`, its equal spacings at most `spacing_mm`.

    Raises GeometryError for a spacing that is not positive.
    """
    wanted = np.broadcast_to(np.asarray(spacing_mm, dtype=np.float64), (grid.ndim,))
    if not (np.isfinite(wanted).all() and (wanted > 0).all()):
        raise GeometryError(f"a control point spacing of {spacing_mm} mm is not positive and finite")
    mesh = np.maximum(1, np.ceil(grid.extent_mm / wanted - 1e-9)).astype(int)
    spacing = grid.extent_mm / mesh
    corner = grid.points(np.full(grid.ndim, -0.5))
    origin = corner - np.asarray(grid.direction) @ spacing
    return Grid.make((mesh + 3).tolist(), spacing.tolist(), origin.tolist(), grid.direction)
