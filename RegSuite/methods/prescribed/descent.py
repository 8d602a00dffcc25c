"""Limited-memory BFGS with a line search that steps back, on flat vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

MEMORY = 6
"""Steps whose curvature is remembered: two vectors each."""
ARMIJO = 1e-4
SHRINK = 0.5
MOST_HALVINGS = 12
FIRST_STEP = 0.05
"""Largest change of a component in the first step along the gradient."""

Energy = Callable[[Tensor], tuple[float, Tensor]]
"""Energy and gradient at a vector; infinite where the vector is not allowed."""


@dataclass
class Lbfgs:
    """Descends an energy from `x`; `value` never grows. Nocedal and Wright 2006, algorithms 7.4 and 3.1."""

    energy: Energy
    x: Tensor
    value: float = field(init=False)
    slope: Tensor = field(init=False)
    pairs: list[tuple[Tensor, Tensor, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.value, self.slope = self.energy(self.x)

    def step(self) -> bool:
        """One iteration; False where no step leads down (the vector stays)."""
        direction, length = self._direction(), 1.0
        if not self.pairs:
            largest = float(direction.abs().max())
            if largest == 0:
                return False
            length = FIRST_STEP / largest
        along = float(direction @ self.slope)
        for _ in range(MOST_HALVINGS):
            there = self.x + length * direction
            value, slope = self.energy(there)
            if value <= self.value + ARMIJO * length * along:
                self._remember(there - self.x, slope - self.slope)
                self.x, self.value, self.slope = there, value, slope
                return True
            length *= SHRINK
        if not self.pairs:
            return False
        self.pairs.clear()  # the curvature learned misleads: once more along the gradient
        return self.step()

    def _direction(self) -> Tensor:
        """Minus the inverse curvature applied to the gradient."""
        q, shares = self.slope.clone(), []
        for s, y, rho in reversed(self.pairs):
            share = rho * float(s @ q)
            shares.append(share)
            q -= share * y
        if self.pairs:
            s, y, rho = self.pairs[-1]
            q *= 1 / (rho * float(y @ y))
        for (s, y, rho), share in zip(self.pairs, reversed(shares), strict=True):
            q += (share - rho * float(y @ q)) * s
        return -q

    def _remember(self, s: Tensor, y: Tensor) -> None:
        curvature = float(s @ y)
        if curvature > 1e-10 * float(y @ y):
            self.pairs.append((s, y, 1 / curvature))
            del self.pairs[:-MEMORY]
