"""DisplacementTransform: a dense displacement field, and how any transform becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.transforms.dense import DenseTransform, check_field

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform


@dataclass(frozen=True, eq=False)
class DisplacementTransform(DenseTransform):
    """T(x) = x + u(x) from u at the voxels of a grid; the identity outside (see DenseTransform).

    displacement_mm: [d, *grid.shape] in LPS mm; not copied where it is float32 already, so the
    caller must leave it alone. inverse_residual_mm: {mean, p95, max} of |T(T^-1(y)) - y| in mm
    where this transform was made by numeric inversion, else None.
    Raises GeometryError for another shape or values that are not finite.
    """

    displacement_mm: Tensor
    grid: Grid
    inverse_residual_mm: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        checked = check_field(self.displacement_mm, self.grid, "displacement field")
        object.__setattr__(self, "displacement_mm", checked)
        object.__setattr__(self, "ndim", self.grid.ndim)

    @property
    def field(self) -> Tensor:
        return self.displacement_mm

    @cached_property
    def _inverse(self) -> DisplacementTransform:
        return self.inverse_on(self.grid)

    def inverse(self) -> DisplacementTransform:
        """The inverse on this transform's own grid; `inverse_on` takes another (the moving one)."""
        return self._inverse

    def inverse_on(self, grid: Grid) -> DisplacementTransform:
        """The inverse at the voxels of `grid` (in moving space), with its residual."""
        from RegSuite.transforms.inversion import invert_displacement

        result = invert_displacement(self.displacement_mm, self.grid, grid)
        return DisplacementTransform(result.displacement_mm, grid, result.residual_mm)


def to_displacement(transform: Transform, grid: Grid, device: str = "cpu") -> DisplacementTransform:
    """Any transform sampled at the voxels of `grid`: linear between them, the identity outside."""
    return DisplacementTransform(transform.displacement(grid, device), grid)
