"""Control functions f and g, and the map whose Jacobian determinant and curl they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.numerics.jacobian import determinant_of_identity_plus
from RegSuite.numerics.poisson import solve_poisson


@dataclass(frozen=True)
class Domain:
    """A lattice [Z, Y, X] whose outer nodes stay where they are. spacing: x, y, z in mm.

    A 2D domain has one axis of one node; the map leaves that axis alone, and the curl is the
    scalar about it. Fields lie along the lattice's own axes.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    smoothing_mm: float = 0.0

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes (0 = x) along which points move."""
        return tuple(a for a, n in enumerate(self.shape[::-1]) if n > 1)

    @property
    def curls(self) -> int:
        """Components of g: 1 in a plane, 3 in a volume."""
        return 1 if len(self.axes) == 2 else 3

    def displacement(self, f: Tensor, g: Tensor) -> Tensor:
        """u [3, Z, Y, X] in mm with Laplace u = S (grad f - curl g) and u = 0 on the outer nodes.

        f: [Z, Y, X]. g: [1 or 3, Z, Y, X]. S: the Gaussian of `smoothing_mm` (see solve_poisson).
        Where f were det D(id + u) and g its curl this would hold for small u without S: f and g
        mimic them. Source: paper 25 of the variational principle, WBIR 2022, LNCS 13386, Eq. 1.
        """
        force = self.gradient(f) - self.curl_of_controls(g)
        return solve_poisson(force, self.spacing, self.smoothing_mm)

    def gradient(self, f: Tensor) -> Tensor:
        """grad f [3, Z, Y, X], central differences."""
        return torch.stack([self._slope(f, axis) for axis in range(3)])

    def curl_of_controls(self, g: Tensor) -> Tensor:
        """curl g [3, Z, Y, X]; of a scalar g about axis c: the curl of the vector g e_c."""
        if self.curls == 3:
            return self.curl(g)
        a, b, c = self._plane()
        parts = {a: self._slope(g[0], b), b: -self._slope(g[0], a), c: torch.zeros_like(g[0])}
        return torch.stack([parts[axis] for axis in range(3)])

    def curl(self, u: Tensor) -> Tensor:
        """Curl of a field [3, Z, Y, X]: [3, Z, Y, X], in a plane the component about its normal [1, ...]."""
        if self.curls == 1:
            a, b, _ = self._plane()
            return (self._slope(u[b], a) - self._slope(u[a], b))[None]
        return torch.stack(
            [
                self._slope(u[(c + 2) % 3], (c + 1) % 3) - self._slope(u[(c + 1) % 3], (c + 2) % 3)
                for c in range(3)
            ]
        )

    def determinant(self, u: Tensor) -> Tensor:
        """det(I + Du) at the nodes [Z, Y, X], central differences (one-sided on the border)."""
        slopes = torch.stack([torch.stack([self._slope(u[i], j) for j in range(3)]) for i in range(3)])
        return determinant_of_identity_plus(slopes)

    def corner_determinants(self, u: Tensor) -> Iterator[Tensor]:
        """det(I + Du) of the linear interpolant at each of a cell's corners in turn, [cells] each.

        In a plane an interpolated map folds nowhere if and only if all of them are positive; central
        differences at the nodes do not see a fold between neighbours.
        """
        return (self.corner_determinant(u, corner) for corner in range(2 ** len(self.axes)))

    def corner_determinant(self, u: Tensor, corner: int) -> Tensor:
        """That of one corner: bit k of `corner` is the end of the cell along the k-th axis that moves."""
        side = {axis: corner >> k & 1 for k, axis in enumerate(self.axes)}
        columns = {a: self._at_corner(u.diff(dim=3 - a) / self.spacing[a], a, side) for a in self.axes}
        still = torch.zeros_like(next(iter(columns.values())))
        return determinant_of_identity_plus(torch.stack([columns.get(j, still) for j in range(3)], dim=1))

    def _at_corner(self, edges: Tensor, along: int, side: dict[int, int]) -> Tensor:
        """Differences along one axis at the corner `side` of every cell."""
        for axis, end in side.items():
            if axis != along:
                edges = edges.narrow(3 - axis, end, edges.shape[3 - axis] - 1)
        return edges

    def _plane(self) -> tuple[int, int, int]:
        """The two axes that move and their normal, right-handed."""
        normal = next(a for a in range(3) if a not in self.axes)
        return (normal + 1) % 3, (normal + 2) % 3, normal

    def _slope(self, values: Tensor, axis: int) -> Tensor:
        dim = 2 - axis
        if values.shape[dim] == 1:
            return torch.zeros_like(values)
        slope: Tensor = torch.gradient(values, spacing=self.spacing[axis], dim=dim)[0]
        return slope
