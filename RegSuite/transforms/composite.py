"""CompositeTransform: one transform after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.base import Transform
from RegSuite.transforms.partial import Known, PartialTransform

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


@dataclass(frozen=True, eq=False)
class CompositeTransform(Transform):
    """T(x) = last(... second(first(x))): `members` in the order in which a fixed point meets them.

    ITK's CompositeTransform counts the other way: its last added member meets the point first.
    Make it with `of`, which flattens nested composites and multiplies neighbouring affine maps.
    """

    members: tuple[Transform, ...]

    def __post_init__(self) -> None:
        ndims = sorted({m.ndim for m in self.members})
        if len(ndims) != 1:
            raise GeometryError(f"a composite needs members of one dimension, not of {ndims or 'none'}")
        object.__setattr__(self, "ndim", ndims[0])

    @classmethod
    def of(cls, *transforms: Transform) -> Transform:
        """x -> transforms[-1](... transforms[0](x)); what is left of one member is that member itself.

        Where members are partial the whole is one PartialTransform: none of them gives NaN to the next.
        Raises GeometryError for no transform or differing dimensions.
        """
        composite = cls(tuple(transforms))
        if any(isinstance(t, PartialTransform) for t in transforms):
            return _partial(composite.members)
        members = _merged(_flat(composite.members))
        return members[0] if len(members) == 1 else cls(tuple(members))

    @property
    def inverse_residual_mm(self) -> Mapping[str, float] | None:
        """The largest of its members' residuals, measure by measure; None where none was numeric."""
        found = [getattr(m, "inverse_residual_mm", None) for m in self.members]
        known: list[Mapping[str, float]] = [r for r in found if r is not None]
        return {k: max(r[k] for r in known) for k in known[0]} if known else None

    def points(self, points_mm: Tensor) -> Tensor:
        out = points_mm.to(torch.float64)
        for member in self.members:
            out = member.points(out)
        return out

    def inverse(self) -> Transform:
        """The members' inverses in reverse; a numeric one lies on its member's own grid."""
        return CompositeTransform.of(*(m.inverse() for m in reversed(self.members)))

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        out = self.members[0].displacement(grid, device)
        for member in self.members[1:]:
            out = member.displacement_after(out, grid)
        return out

    def displacement_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        out = before_mm
        for member in self.members:
            out = member.displacement_after(out, grid)
        return out

    def jacobian_determinant(self, grid: Grid) -> Tensor:
        """By the chain rule: the product of the members' determinants, each where the point then is."""
        out = self.members[0].jacobian_determinant(grid)
        before = self.members[0].displacement(grid)
        return out * self._jacobian_of_rest(self.members[1:], before, grid)

    def jacobian_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        return self._jacobian_of_rest(self.members, before_mm, grid)

    @staticmethod
    def _jacobian_of_rest(members: Sequence[Transform], before_mm: Tensor, grid: Grid) -> Tensor:
        """Product of the determinants of `members` along the path that starts at x + before(x)."""
        out = torch.ones(grid.shape, device=before_mm.device)
        for number, member in enumerate(members, start=1):
            out = out * member.jacobian_after(before_mm, grid)
            if number < len(members):
                before_mm = member.displacement_after(before_mm, grid)
        return out


def _partial(transforms: Sequence[Transform]) -> PartialTransform:
    """The composite of what the members are inside, known where each of them is on a point's path."""
    known: list[Known] = []
    before: list[Transform] = []
    for transform in transforms:
        if isinstance(transform, PartialTransform):
            known += transform.behind(CompositeTransform.of(*before)) if before else transform.known
            before.append(transform.inner)
        else:
            before.append(transform)
    return PartialTransform(CompositeTransform.of(*before), tuple(known))


def _flat(transforms: Sequence[Transform]) -> list[Transform]:
    """The members with nested composites opened."""
    out: list[Transform] = []
    for transform in transforms:
        out.extend(_flat(transform.members) if isinstance(transform, CompositeTransform) else [transform])
    return out


def _merged(transforms: Sequence[Transform]) -> list[Transform]:
    """Neighbouring affine maps multiplied."""
    out: list[Transform] = []
    for transform in transforms:
        last = out[-1] if out else None
        if isinstance(transform, AffineTransform) and isinstance(last, AffineTransform):
            out[-1] = transform.after(last)
        else:
            out.append(transform)
    return out
