"""One piece: control functions f_hat and g descended from the identity, after the map found before."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.methods.prescribed.controls import Domain
from RegSuite.methods.prescribed.folding import range_penalty, smallest_determinant
from RegSuite.methods.prescribed.match import Match, composed


@dataclass(frozen=True, eq=False)
class Piece:
    """The energy of controls x = (f_hat, g) and its gradient; phi = before o (id + u(f, g)).

    before: displacement [3, Z, Y, X] in mm along the axes of the map that follows this piece.
    """

    match: Match
    domain: Domain
    before: Tensor
    jacobian_min: float
    determinant_weight: float

    def start(self) -> Tensor:
        """The controls of the identity: f = 1, g = 0."""
        nodes = math.prod(self.domain.shape)
        x = torch.zeros((1 + self.domain.curls) * nodes, device=self.before.device)
        x[:nodes] = math.sqrt(1 - self.jacobian_min)
        return x

    def f(self, x: Tensor) -> Tensor:
        """J_min + f_hat^2 [Z, Y, X]."""
        return self.jacobian_min + x.reshape(-1, *self.domain.shape)[0].square()

    def g(self, x: Tensor) -> Tensor:
        """g [1 or 3, Z, Y, X]."""
        return x.reshape(-1, *self.domain.shape)[1:]

    def total(self, x: Tensor) -> Tensor:
        """The displacement of the whole map: this piece, then `before`."""
        return composed(self.before, self.domain.displacement(self.f(x), self.g(x)), self.domain.spacing)

    def energy(self, x: Tensor) -> tuple[float, Tensor]:
        """Energy and gradient; infinite where the whole map folds.

        The gradient is the exact adjoint of what is computed: paper 25's Eq. 4 on the lattice, with
        one more Poisson solve.
        """
        at = x.detach().requires_grad_()
        total = self.total(at)
        penalty, slope, smallest = range_penalty(total, self.domain, self.jacobian_min)
        if not (smallest > 0 and smallest_determinant(total.detach(), self.domain) > 0):
            return float("inf"), torch.zeros_like(x)
        u = total.detach().requires_grad_()
        value = self.match.value(u)
        slope = self.determinant_weight * slope + torch.autograd.grad(value, u)[0]
        gradient = torch.autograd.grad(total, at, slope)[0]
        return float(value.detach()) + self.determinant_weight * penalty, gradient
