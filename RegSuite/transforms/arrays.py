"""Transforms as arrays, before torch: what nodes hold, and what processes hand each other of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry.grid import Grid
from RegSuite.transforms.affine import AffineTransform

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform
    from RegSuite.transforms.bspline import BSplineTransform
    from RegSuite.transforms.displacement import DisplacementTransform

FAR_OFF_MM = 0.01
"""A numeric inverse that misses by more than this is told to the reader."""


@dataclass(frozen=True, eq=False)
class ArrayField:
    """x + u(x) from u [d, *shape] at the voxels of a grid, LPS mm; inverted: the map backwards."""

    displacement_mm: NDArray[Any]
    grid: Grid
    inverted: bool = False
    inverse_residual_mm: Mapping[str, float] | None = None

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.grid.ndim

    def forward(self) -> DisplacementTransform:
        """The engine's transform of the field itself, in the same memory where it is float32."""
        import torch

        from RegSuite.transforms.displacement import DisplacementTransform

        field = torch.from_numpy(np.ascontiguousarray(self.displacement_mm, dtype=np.float32))
        return DisplacementTransform(field, self.grid, self.inverse_residual_mm)


@dataclass(frozen=True, eq=False)
class ArraySpline:
    """A cubic B-spline with coefficients [d, *shape] on a control lattice; inverted: backwards."""

    coefficients_mm: NDArray[Any]
    control: Grid
    inverted: bool = False

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.control.ndim

    def forward(self) -> BSplineTransform:
        """The engine's transform of the spline itself, in the same memory where it is float32."""
        import torch

        from RegSuite.transforms.bspline import BSplineTransform

        coefficients = np.ascontiguousarray(self.coefficients_mm, dtype=np.float32)
        return BSplineTransform(torch.from_numpy(coefficients), self.control)


Member = AffineTransform | ArrayField | ArraySpline


@dataclass(frozen=True, eq=False)
class ArrayTransform:
    """Maps one after the other, in the order in which a fixed point meets them (at least one).

    sampled_on: the grid on which the map is wanted as a single field: a field run backwards is
    solved there, and fields are carried on beyond their border as Slicer does. where: for messages.
    """

    members: tuple[Member, ...]
    sampled_on: Grid | None = None
    where: str = "transform"

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.members[0].ndim

    def transform(self, tell: Callable[[str], None] | None = None) -> Transform:
        """The engine's transform. tell: takes a sentence on a numeric inverse that is not good everywhere."""
        found = self._built()
        residual = getattr(found, "inverse_residual_mm", None)
        if residual is not None and residual["max"] > FAR_OFF_MM and tell is not None:
            tell(
                f"{self.where} was inverted numerically and misses by up to {residual['max']:.2g} mm "
                f"(95 % of the voxels: {residual['p95']:.2g} mm)"
            )
        return found

    def _built(self) -> Transform:
        from RegSuite.transforms.carried import carried_on
        from RegSuite.transforms.composite import CompositeTransform

        first = self.members[0]
        if self.sampled_on is not None and isinstance(first, ArrayField) and first.inverted:
            return first.forward().inverse_on(self.sampled_on)
        joined = CompositeTransform.of(*map(_engine, self.members))
        return joined if self.sampled_on is None else carried_on(joined, self.sampled_on)


def members_of(transform: Any, grid: Grid | None = None) -> tuple[Member, ...]:
    """The arrays of any transform, where they lie; of kinds that have none, sampled on `grid`.

    Raises InputError where a `grid` is missing.
    """
    if isinstance(transform, AffineTransform | ArrayField | ArraySpline):
        return (transform,)
    if isinstance(transform, ArrayTransform) and transform.sampled_on is None:
        return transform.members
    from RegSuite.errors import InputError
    from RegSuite.transforms import BSplineTransform, CompositeTransform, to_displacement
    from RegSuite.transforms.dense import DenseTransform

    if isinstance(transform, ArrayTransform):
        return members_of(transform.transform())
    if isinstance(transform, CompositeTransform):
        return tuple(part for member in transform.members for part in members_of(member, grid))
    if isinstance(transform, BSplineTransform):
        return (ArraySpline(transform.coefficients_mm.detach().cpu().numpy(), transform.control),)
    if isinstance(transform, DenseTransform):
        return (ArrayField(transform.field.detach().cpu().numpy(), transform.grid),)
    if grid is None:
        raise InputError(
            f"a {type(transform).__name__} has no counterpart in Slicer and no grid to be sampled on",
            mend="give the fixed image's grid",
        )
    return (ArrayField(to_displacement(transform, grid).field.numpy(), grid),)


def _engine(member: Member) -> Transform:
    """The engine's transform of one member; a nonlinear inverse is numeric, on the member's own grid."""
    if isinstance(member, AffineTransform):
        return member
    forward = member.forward()
    return forward.inverse() if member.inverted else forward
