"""Gauss-Newton for the coefficients of a free-form deformation, coarse to fine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.methods.free_form.bending import Bending
from RegSuite.methods.free_form.lattice import ControlLattice
from RegSuite.methods.local_forces.forces import Forces
from RegSuite.methods.local_forces.level import Level
from RegSuite.methods.local_forces.record import Record
from RegSuite.numerics.pyramid import block_mean
from RegSuite.transforms.bspline_basis import tensor_product

if TYPE_CHECKING:
    from RegSuite.methods.free_form.parameters import BSplineParameters

FIRST_DAMPING, LEAST_DAMPING = 0.03, 1e-3
"""Share of the mean curvature of a control point added to the diagonal: at first, and at least."""
MOST_PRODUCTS = 20
SOLVED = 3e-2
"""Relative residual at which conjugate gradients end."""


@dataclass
class Descent:
    """Coefficients on a lattice and the objective there."""

    coefficients: Tensor
    lattice: ControlLattice
    before: float = 0.0
    after: float = 0.0


def descend(
    level: Level, start: Descent, parameters: BSplineParameters, record: Record, count: int, stage: str
) -> Descent:
    """At most `count` Gauss-Newton steps on one level.

    The objective is the measure's loss plus `bending` times the bending energy. A step solves
    (B^T H B + K) d = B^T b - K c: H, b the measure's normal equations at the nodes, B the
    B-splines at the nodes (applied axis by axis), K the bending matrix. A step that makes the
    objective larger is taken back, and tried again with eight times the damping
    (Levenberg-Marquardt); the step after the last evaluation is not taken.
    """
    problem = _Problem(level, start.lattice, parameters)
    best, c, damping, values = None, start.coefficients, FIRST_DAMPING, []
    for iteration in range(count):
        system, value = problem.system(c)
        record.iteration(stage, iteration, value, level.grid.voxels)
        if best is not None and value > best.value:
            damping *= 8.0
        else:
            gain = math.inf if best is None else best.value - value
            best = _State(c, system, value)
            values.append(value)
            damping = max(damping / 3.0, LEAST_DAMPING)
            if gain < parameters.tolerance * abs(value):
                record.skip(float(level.grid.voxels * (count - iteration - 1)))
                break
        c = best.c + problem.step(best.system, best.c, damping)
    assert best is not None
    return Descent(best.c, start.lattice, values[0], best.value)


@dataclass(frozen=True, eq=False)
class _State:
    """Coefficients, the normal equations there, and the objective."""

    c: Tensor
    system: Tensor
    value: float


class _Problem:
    """The linear systems of one level and lattice."""

    def __init__(self, level: Level, lattice: ControlLattice, parameters: BSplineParameters) -> None:
        self._forces = Forces(level, parameters.measure, parameters.radius_voxels)
        device = level.fixed.device
        self._bending = Bending(lattice, device)
        self._weight = parameters.bending_mm2
        self._pool = [2 if n > 1 else 1 for n in level.nodes.size]
        pooled = lattice.matrices(level.nodes.coarser(self._pool))
        self._coarse = [m.float().to(device) for m in pooled]
        self._coarse_adjoint = [m.T.contiguous() for m in self._coarse]
        self._basis = [m.float().to(device) for m in lattice.matrices(level.nodes)]
        self._adjoint = [m.T.contiguous() for m in self._basis]
        self._squared = [m.T.square().contiguous() for m in self._basis]

    def system(self, c: Tensor) -> tuple[Tensor, float]:
        """(normal equations at the nodes as means over voxels, objective) at coefficients c."""
        system, loss = self._forces.system(tensor_product(c, self._basis))
        return system / self._forces.voxels, loss + self._weight * self._bending.energy(c)

    def step(self, system: Tensor, c: Tensor, damping: float) -> Tensor:
        """The Gauss-Newton step from c, by conjugate gradients with 3 x 3 block preconditioning.

        The right side is exact; within the matrix H is gathered to nodes twice as wide.
        """
        right = tensor_product(system[6:], self._adjoint)
        right = right - self._weight * self._bending.gradient(c)
        blocks = tensor_product(system[:6], self._squared)
        h = block_mean(system[:6], self._pool) * float(np.prod(self._pool))
        damping = damping * float(blocks[:3].mean())
        diagonal = self._weight * self._bending.diagonal(c) + damping
        inverse = _inverse_blocks(blocks, diagonal)
        x, r = torch.zeros_like(right), right
        z = _times(inverse, r)
        p, rz = z, float((r * z).sum())
        first = rz
        for _ in range(MOST_PRODUCTS):
            if rz <= SOLVED**2 * first or rz <= 0:
                break
            product = self._product(h, p, damping)
            alpha = rz / max(float((p * product).sum()), 1e-30)
            x, r = x + alpha * p, r - alpha * product
            z = _times(inverse, r)
            rz, old = float((r * z).sum()), rz
            p = z + (rz / old) * p
        return x

    def _product(self, h: Tensor, p: Tensor, damping: float) -> Tensor:
        """(B^T H B + K + damping) p."""
        at_nodes = _times(h, tensor_product(p, self._coarse))
        out = tensor_product(at_nodes, self._coarse_adjoint)
        return out + self._weight * self._bending.gradient(p) + damping * p


def _times(h: Tensor, v: Tensor) -> Tensor:
    """Symmetric 3 x 3 matrices [6, *shape] (xx, yy, zz, xy, xz, yz) times vectors [3, *shape]."""
    return torch.stack(
        [
            h[0] * v[0] + h[3] * v[1] + h[4] * v[2],
            h[3] * v[0] + h[1] * v[1] + h[5] * v[2],
            h[4] * v[0] + h[5] * v[1] + h[2] * v[2],
        ]
    )


def _inverse_blocks(h: Tensor, diagonal: Tensor) -> Tensor:
    """Inverses of h + diagonal I, [6, *shape]."""
    tiny = 1e-12 * float(h[:3].max()) + 1e-30
    a, b, c = (h[i] + diagonal + tiny for i in range(3))
    d, e, f = h[3], h[4], h[5]
    p, q, r = b * c - f * f, e * f - d * c, d * f - e * b
    scale = 1.0 / (a * p + d * q + e * r)
    return torch.stack(
        [
            p * scale,
            (a * c - e * e) * scale,
            (a * b - d * d) * scale,
            q * scale,
            r * scale,
            (d * e - a * f) * scale,
        ]
    )
