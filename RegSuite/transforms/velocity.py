"""VelocityTransform: the flow of a stationary velocity field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.transforms.dense import DenseTransform, check_field
from RegSuite.transforms.exponential import exponential


@dataclass(frozen=True, eq=False)
class VelocityTransform(DenseTransform):
    """T = exp(v), v a stationary velocity field; T^-1 = exp(-v).

    velocity_mm: [d, *grid.shape] LPS mm per unit time, linear between voxels, the border's
    velocity beyond the grid while integrating. The map is held as its displacement on `grid`
    (computed once, when first used) and is the identity outside, as the saved file is.
    squarings: see `exponential`; None chooses it from the largest velocity.
    Raises GeometryError for another shape or values that are not finite.
    """

    velocity_mm: Tensor
    grid: Grid
    squarings: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "velocity_mm", check_field(self.velocity_mm, self.grid, "velocity field"))
        object.__setattr__(self, "ndim", self.grid.ndim)

    @cached_property
    def _field(self) -> Tensor:
        return exponential(self.velocity_mm, self.grid, self.squarings)

    @property
    def field(self) -> Tensor:
        return self._field

    def inverse(self) -> VelocityTransform:
        return VelocityTransform(-self.velocity_mm, self.grid, self.squarings)
