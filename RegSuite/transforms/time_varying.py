"""TimeVaryingVelocityTransform: the flow of a velocity field that changes with time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.transforms.dense import DenseTransform, check_field
from RegSuite.transforms.exponential import at_displaced, largest_step_voxels

LARGEST_STEP_VOXELS = 0.5
"""Length of one Runge-Kutta step."""


@dataclass(frozen=True, eq=False)
class TimeVaryingVelocityTransform(DenseTransform):
    """T = phi(1) of d phi/dt = v(phi(t), t), phi(0) = identity.

    velocities_mm: [K, d, *grid.shape] LPS mm per unit time at the K equally spaced times
    0..1 (K = 1: stationary), linear in time and space, the border's velocity beyond the grid
    while integrating. The map is held as its displacement on `grid` (computed once, when first
    used) and is the identity outside, as the saved file is.
    Raises GeometryError for another shape or values that are not finite.
    """

    velocities_mm: Tensor
    grid: Grid
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.velocities_mm.ndim != self.grid.ndim + 2 or len(self.velocities_mm) == 0:
            raise GeometryError(
                f"velocities of shape {tuple(self.velocities_mm.shape)} do not fit a grid of shape "
                f"(K, {self.grid.ndim}, *{self.grid.shape})"
            )
        checked = [check_field(v, self.grid, "velocity field") for v in self.velocities_mm]
        object.__setattr__(self, "velocities_mm", torch.stack(checked))
        object.__setattr__(self, "ndim", self.grid.ndim)

    @cached_property
    def _field(self) -> Tensor:
        return integrate(self.velocities_mm, self.grid, self.steps)

    @property
    def field(self) -> Tensor:
        return self._field

    def inverse(self) -> TimeVaryingVelocityTransform:
        """The same flow backwards in time."""
        return TimeVaryingVelocityTransform(-self.velocities_mm.flip(0), self.grid, self.steps)


def integrate(velocities_mm: Tensor, grid: Grid, steps: int | None = None) -> Tensor:
    """u with x + u(x) = phi(1)(x): float32 [d, *shape], by classical fourth-order Runge-Kutta.

    velocities_mm: [K, d, *shape], see TimeVaryingVelocityTransform. steps: how many (raised to a
    multiple of K - 1, so that no step crosses a time where v has a kink); chosen so that a step
    is at most half a voxel if None.
    """
    intervals = max(len(velocities_mm) - 1, 1)
    if steps is None:
        steps = math.ceil(max(largest_step_voxels(v, grid) for v in velocities_mm) / LARGEST_STEP_VOXELS)
    steps = intervals * max(1, math.ceil(steps / intervals))
    h = 1.0 / steps
    u = torch.zeros_like(velocities_mm[0])
    for step in range(steps):
        start, middle, end = (_velocity(velocities_mm, (step + part) / steps) for part in (0.0, 0.5, 1.0))
        k1 = at_displaced(start, u, grid)
        k2 = at_displaced(middle, u + (h / 2) * k1, grid)
        k3 = at_displaced(middle, u + (h / 2) * k2, grid)
        k4 = at_displaced(end, u + h * k3, grid)
        u = u + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
    return u


def _velocity(velocities_mm: Tensor, time: float) -> Tensor:
    """v at `time` in 0..1, linear between the given times: [d, *shape]."""
    place = time * (len(velocities_mm) - 1)
    low = min(int(place), max(len(velocities_mm) - 2, 0))
    high = min(low + 1, len(velocities_mm) - 1)
    return torch.lerp(velocities_mm[low], velocities_mm[high], place - low)
