"""Bending energy of a B-spline deformation: exact, and separable along the axes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from RegSuite.methods.free_form.lattice import ControlLattice
from RegSuite.transforms.bspline_basis import Derivative, axis_matrix

_OF_X: tuple[dict[tuple[int, int], float], ...] = (
    {(2, 0): 1.0, (0, 2): 1.0, (1, 1): 2.0},
    {(1, 0): 2.0, (0, 1): 2.0},
    {(0, 0): 1.0},
)
"""For derivative order 0, 1, 2 along x: the orders along y and z that occur with it, and how often."""


class Bending:
    """E(c) = mean over the domain of sum_ab |d^2 u / dx_a dx_b|^2, in 1/mm^2, u in mm.

    E is c^T K c with K a sum of six tensor products of one Gram matrix an axis; `gradient` is K c
    (half the derivative of E). The sum is nested, so that K c takes three matrix products: along
    z by the Gram matrices of all orders, along y by their combinations, along x by all orders.
    Source: Rueckert et al. 1999, doi:10.1109/42.796284, equation 7.
    """

    def __init__(self, lattice: ControlLattice, device: torch.device | str = "cpu") -> None:
        self._grams = [[_gram(lattice, a, o).to(device) for o in (0, 1, 2)] for a in range(3)]
        x, y, z = self._grams
        self._scale = 1.0 / lattice.domain_mm3
        self._along_z = torch.cat(z).float()
        rows = [[_combined(of_y, o, y) for o in (0, 1, 2)] for of_y in _OF_X]
        self._along_y = torch.cat([torch.cat(row, dim=1) for row in rows]).float()
        self._along_x = (self._scale * torch.cat(x, dim=1)).float()

    def gradient(self, coefficients: Tensor) -> Tensor:
        """K c: [3, *lattice.shape]."""
        channels, nz, ny, nx = coefficients.shape
        by_z = self._along_z @ coefficients.reshape(channels, nz, ny * nx)
        stacked = by_z.reshape(channels, 3, nz, ny, nx).transpose(1, 2).reshape(-1, 3 * ny, nx)
        by_y = (self._along_y @ stacked).reshape(channels, nz, 3, ny, nx)
        by_x = by_y.permute(0, 1, 3, 2, 4).reshape(channels, nz, ny, 3 * nx)
        return by_x @ self._along_x.T

    def energy(self, coefficients: Tensor) -> float:
        """c^T K c."""
        return float((coefficients * self.gradient(coefficients)).sum(dtype=torch.float64))

    def diagonal(self, like: Tensor) -> Tensor:
        """The diagonal of K, [Z, Y, X]."""
        x, y, z = ([g.diagonal().to(like) for g in grams] for grams in self._grams)
        out = torch.zeros_like(like[0])
        for of_x, pairs in enumerate(_OF_X):
            for (of_y, of_z), weight in pairs.items():
                out += weight * z[of_z][:, None, None] * y[of_y][:, None] * x[of_x]
        return self._scale * out


def _combined(pairs: dict[tuple[int, int], float], of_z: int, along_y: list[Tensor]) -> Tensor:
    """The sum of the Gram matrices along y that go with order `of_z` along z."""
    out = torch.zeros_like(along_y[0])
    for (of_y, with_z), weight in pairs.items():
        if with_z == of_z:
            out = out + weight * along_y[of_y]
    return out


def _gram(lattice: ControlLattice, axis: int, order: Derivative) -> Tensor:
    """Integrals over the domain, in mm, of products of two basis functions' derivatives: [n, n].

    Four Gauss points a cell are exact to degree 7; the products have degree 6 at most.
    """
    cell, mesh = lattice.cell_mm[axis], lattice.mesh[axis]
    if lattice.thin(axis):
        return torch.full((1, 1), cell * mesh if order == 0 else 0.0, dtype=torch.float64)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    place = (1 + np.arange(mesh)[:, None] + (nodes + 1) / 2).ravel()
    w = torch.from_numpy(np.tile(weights / 2 * cell, mesh))
    basis = axis_matrix(torch.from_numpy(place), mesh + 3, order) / cell**order
    return basis.T @ (w[:, None] * basis)
