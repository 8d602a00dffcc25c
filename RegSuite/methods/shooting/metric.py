"""The metric of momenta, and its approximate inverse."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from RegSuite.methods.shooting.geodesic import Dynamics
from RegSuite.numerics.slopes import slopes

_POWERS = 8
"""Rounds of the power method for the largest eigenvalue."""


class Metric:
    """A = P (grad S . K grad S + gain M) P, for variables x with z = P x: symmetric, not negative.

    A is the norm ||v||_V^2 + rho <z, M z> as a matrix and, to first order, what a change of x does to the
    final image. (As a preconditioner of the descent it was tried: it halves the iterations on smooth
    brains, but makes momenta rough and the end worse where edges are sharp or noise is strong.)
    """

    def __init__(self, dynamics: Dynamics, scale: Tensor) -> None:
        self._dynamics, self._scale = dynamics, scale
        spacing = dynamics.spacing
        self.gradient = slopes(dynamics.source, spacing)
        weight = dynamics.weight
        self._stay = None if weight is None else dynamics.gain * weight.mean(dim=0)

    def __call__(self, x: Tensor) -> Tensor:
        """A x."""
        z = x * self._scale
        velocity = self._dynamics.kernel((z[:, None] * self.gradient).sum(dim=0))
        applied = (self.gradient * velocity).sum(dim=1)
        if self._stay is not None:
            applied = applied + self._stay * z
        return applied * self._scale

    @cached_property
    def largest(self) -> float:
        """About the largest eigenvalue."""
        channels, shape = len(self.gradient), self.gradient.shape[2:]
        start = torch.randn((channels, *shape), generator=torch.Generator().manual_seed(0))
        x = start.to(self.gradient.device)
        size = 1.0
        for _ in range(_POWERS):
            x = self(x / max(float(x.norm()), 1e-30))
            size = float(x.norm())
        return max(size, 1e-30)

    def solve(self, right: Tensor, damping: float, iterations: int) -> Tensor:
        """About (A + damping * largest)^-1 right, by so many conjugate gradient iterations."""
        shift = damping * self.largest
        x = torch.zeros_like(right)
        residual = right.clone()
        direction = right.clone()
        first = product = float(residual.square().sum())
        for _ in range(iterations):
            if product <= 1e-8 * first:
                break
            applied = self(direction) + shift * direction
            step = product / float((direction * applied).sum())
            x.add_(direction, alpha=step)
            residual.add_(applied, alpha=-step)
            before, product = product, float(residual.square().sum())
            direction = residual + (product / before) * direction
        return x
