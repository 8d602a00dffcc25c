"""The control lattice of a free-form deformation, and fields on it.

Coefficients are [3, Z, Y, X] in mm along the fixed grid's axes. Along an axis of one voxel the
lattice has one control point: the deformation is constant there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.flow import along_lps
from RegSuite.transforms.bspline import BSplineTransform, control_grid
from RegSuite.transforms.bspline_basis import Derivative, axis_matrix, tensor_product


@dataclass(frozen=True)
class ControlLattice:
    """Cells along x, y, z that start at the volume's outer faces, and their width in mm.

    A coarser lattice may reach beyond the far faces, so that halving its cells gives the finer one.
    """

    volume: Grid
    mesh: tuple[int, ...]
    cell_mm: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Control points along z, y, x."""
        return tuple(self._count(a) for a in (2, 1, 0))

    @property
    def domain_mm3(self) -> float:
        """Volume of the domain."""
        return float(np.prod(np.asarray(self.mesh) * np.asarray(self.cell_mm)))

    def coarser(self) -> ControlLattice:
        """Cells twice as wide."""
        mesh = tuple(-(-m // 2) for m in self.mesh)
        thin = [n == 1 for n in self.volume.size]
        cell = tuple(c if t else 2 * c for c, t in zip(self.cell_mm, thin, strict=True))
        return ControlLattice(self.volume, mesh, cell)

    def thin(self, axis: int) -> bool:
        """Whether the volume has one voxel along `axis`."""
        return self.volume.size[axis] == 1

    def matrices(self, grid: Grid, orders: tuple[Derivative, ...] = (0, 0, 0)) -> list[Tensor]:
        """For places of a grid along the same axes: [n, controls] an axis, x first, derivatives by mm.

        Places beyond the domain take its end.
        """
        corner = self.volume.points(np.full(3, -0.5))
        start = np.asarray(self.volume.direction).T @ (np.asarray(grid.origin) - corner)
        out = []
        for a in range(3):
            if self.thin(a):
                out.append(torch.full((grid.size[a], 1), float(orders[a] == 0), dtype=torch.float64))
                continue
            place = 1 + (start[a] + grid.spacing[a] * np.arange(grid.size[a])) / self.cell_mm[a]
            inside = torch.from_numpy(np.clip(place, 1.0, 1.0 + self.mesh[a]))
            out.append(axis_matrix(inside, self._count(a), orders[a]) / self.cell_mm[a] ** orders[a])
        return out

    def refined(self, coefficients: Tensor, finer: ControlLattice) -> Tensor:
        """The same deformation on the lattice of half the cells (exact: B-splines subdivide)."""
        matrices = [
            torch.ones(1, 1, dtype=torch.float64)
            if self.thin(a)
            else _halving(self._count(a), finer._count(a))
            for a in range(3)
        ]
        return tensor_product(coefficients, matrices)

    def transform(self, coefficients: Tensor, grid: Grid, ndim: int) -> BSplineTransform:
        """The transform of `coefficients` for the fixed `grid` (as given, 2D or 3D)."""
        turned = along_lps(coefficients, self.volume).cpu()
        if ndim == 2:
            turned = turned[:2, 0]
        control = control_grid(grid, [c * (1 + 1e-9) for c in self.cell_mm[:ndim]])
        for a in range(ndim):
            if self.thin(a):
                turned = turned.repeat_interleave(control.size[a], dim=turned.ndim - 1 - a)
        return BSplineTransform(turned.contiguous(), control, grid)

    def _count(self, axis: int) -> int:
        return 1 if self.thin(axis) else self.mesh[axis] + 3


def finest_lattice(volume: Grid, spacing_mm: float) -> ControlLattice:
    """The lattice of a BSplineTransform whose control spacing is at most `spacing_mm`."""
    mesh = tuple(n - 3 for n in control_grid(volume, spacing_mm).size)
    mesh = tuple(1 if n == 1 else m for m, n in zip(mesh, volume.size, strict=True))
    cell = np.asarray(volume.extent_mm) / np.asarray(mesh)
    return ControlLattice(volume, mesh, tuple(float(c) for c in cell))


def _halving(coarse: int, fine: int) -> Tensor:
    """[fine, coarse]: control values on cells of half the width (Lane and Riesenfeld 1980).

    Fine control k lies at coarse place (k + 1) / 2: on a control point for odd k, midway for even.
    """
    out = torch.zeros((fine, coarse), dtype=torch.float64)
    for k in range(fine):
        if k % 2:
            j = (k + 1) // 2
            out[k, j - 1], out[k, j], out[k, j + 1] = 0.125, 0.75, 0.125
        else:
            out[k, k // 2], out[k, k // 2 + 1] = 0.5, 0.5
    return out
