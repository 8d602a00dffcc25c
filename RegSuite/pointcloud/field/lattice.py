"""Lattice: a smooth function known at few nodes, as a cubic spline along the axes of a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.transforms.bspline_basis import Derivative, axis_matrix, tensor_product

MOST_NODES = 250_000
"""Nodes at most: beyond it they lie farther apart than wanted; the measured error says what that costs."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """A function of position with C values, a cubic B-spline on a lattice along a grid's axes.

    coefficients: [C, *control.shape] float64. control: the control points, one node spacing beyond the
    nodes on every side. On any grid with the same axes it is one matrix product an axis; at other points
    64 terms. Beyond the outer nodes the border's value is repeated.
    """

    coefficients: Tensor
    control: Grid

    @classmethod
    def of(
        cls,
        function: Callable[[Tensor], Tensor],
        grid: Grid,
        low: Sequence[float],
        high: Sequence[float],
        spacing_mm: float,
    ) -> Lattice:
        """The spline through function(points [n, d] LPS mm) -> [n, C] at nodes over part of `grid`.

        low, high: fractional voxel indices of `grid` that the nodes reach at least, in x, y, z order.
        spacing_mm: how far apart at most, unless that were more than MOST_NODES. The end conditions are
        those of cubic polynomials ("not a knot"), so that no derivative is made up at the border.
        """
        nodes = node_grid(grid, low, high, spacing_mm)
        places = torch.from_numpy(nodes.all_points().reshape(-1, grid.ndim))
        values = function(places).double().T.reshape(-1, *nodes.shape)
        return cls.through(values, nodes)

    @classmethod
    def through(cls, values: Tensor, nodes: Grid) -> Lattice:
        """The spline through values [C, *nodes.shape] at the nodes."""
        matrices = [torch.from_numpy(_coefficient_matrix(n)) for n in nodes.size]
        origin = nodes.points(np.full(nodes.ndim, -1.0))
        size = [n + 2 for n in nodes.size]
        control = Grid.make(size, nodes.spacing, origin.tolist(), nodes.direction)
        return cls(tensor_product(values.double(), matrices), control)

    @property
    def nodes(self) -> Grid:
        """The nodes that the spline goes through."""
        size = [n - 2 for n in self.control.size]
        origin = self.control.points(np.ones(self.control.ndim))
        return Grid.make(size, self.control.spacing, origin.tolist(), self.control.direction)

    def on(self, grid: Grid, derivative: int | None = None) -> Tensor:
        """Values on a grid of the same axes: float32 [C, *grid.shape].

        derivative: 0, 1, 2 for the derivative along voxel axis x, y, z in 1/mm.
        """
        start = self.control.index(grid.origin)
        step = np.asarray(grid.spacing) / np.asarray(self.control.spacing)
        matrices = []
        for axis, count in enumerate(self.control.size):
            order: Derivative = 1 if axis == derivative else 0
            place = torch.from_numpy(start[axis] + step[axis] * np.arange(grid.size[axis]))
            matrix = axis_matrix(place.clamp(1, count - 2), count, order)
            matrices.append(matrix.float() / (self.control.spacing[axis] if order else 1.0))
        return tensor_product(self.coefficients.float(), matrices)

    def at(self, points_mm: Tensor) -> tuple[Tensor, Tensor]:
        """Values [n, C] at points [n, d] LPS mm, and their derivatives by position [n, C, d] in 1/mm."""
        from RegSuite.pointcloud.field.lattice_kernel import spline_at

        d, count = self.control.ndim, len(points_mm)
        index = np.full((count, 3), 1.5)
        index[:, :d] = self.control.index(points_mm.numpy())
        table = self.coefficients.movedim(0, -1)
        if d == 2:  # a spline that is the same along z
            table = table.expand(4, *table.shape)
        value = np.empty((count, len(self.coefficients)))
        slope = np.empty((*value.shape, 3))
        spline_at(table.contiguous().numpy(), index, value, slope)
        by_position = slope[:, :, :d] @ self.control.inverse_matrix[:d, :d]
        return torch.from_numpy(value), torch.from_numpy(by_position)


def ends(grid: Grid) -> tuple[int, ...]:
    """The last voxel index of a grid, x, y, z."""
    return tuple(n - 1 for n in grid.size)


def node_grid(grid: Grid, low: Sequence[float], high: Sequence[float], spacing_mm: float) -> Grid:
    """Nodes along the axes of `grid` from voxel index `low` to `high`, half a voxel beyond; 4 an axis."""
    first, last = np.asarray(low, dtype=float) - 0.5, np.asarray(high, dtype=float) + 0.5
    length = (last - first) * np.asarray(grid.spacing)
    wanted = spacing_mm
    while True:
        cells = np.maximum(3, np.ceil(length / wanted)).astype(int)
        if np.prod(cells + 1.0) <= MOST_NODES:
            break
        wanted *= 1.1
    origin = grid.points(first)
    return Grid.make((cells + 1).tolist(), (length / cells).tolist(), origin.tolist(), grid.direction)


def _coefficient_matrix(nodes: int) -> np.ndarray:
    """[nodes + 2, nodes]: B-spline coefficients of a cubic spline through values at `nodes` places."""
    count = nodes + 2
    system = np.zeros((count, count))
    for k in range(nodes):
        system[k, k : k + 3] = (1 / 6, 4 / 6, 1 / 6)
    system[nodes, :5] = system[nodes + 1, -5:] = (1, -4, 6, -4, 1)
    inverse: np.ndarray = np.linalg.inv(system)[:, :nodes]
    return inverse
