"""The determinant that a map really has: its smallest value, its range as a penalty, stepping back."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from RegSuite.errors import MethodFailed
from RegSuite.geometry import Grid
from RegSuite.methods.prescribed.controls import Domain
from RegSuite.numerics.jacobian import jacobian_determinant

STEPS_BACK = 40
LESS = 0.9
NODES_AT_ONCE = 1 << 18


def smallest_determinant(u: Tensor, domain: Domain) -> float:
    """The least of det(I + Du) at the nodes and at the corners of the cells; NaN counts as minus infinity."""
    lattice = Grid.make(domain.shape[::-1], domain.spacing)
    values = [float(jacobian_determinant(u, lattice).min())]
    for slab in _slabs(domain):
        values += [float(d.min()) for d in domain.corner_determinants(u[:, slab])]
    least = min(values)
    return least if all(v == v for v in values) else float("-inf")


def range_penalty(u: Tensor, domain: Domain, least: float) -> tuple[float, Tensor, float]:
    """(penalty, its gradient in u, smallest determinant) over all cells' corners.

    The mean over cells and corners of max(0, least - d)^2 + max(0, least - 1/d)^2, d the
    determinant: it grows where the map, or its inverse, shrinks below `least`. One corner after the
    other and some planes at a time, so that little working memory is needed. Infinite, with a
    gradient that means nothing, where a determinant is not positive.
    """
    total, slope, smallest = 0.0, torch.zeros_like(u), float("inf")
    corners = 2 ** len(domain.axes)
    share = 1 / (corners * math.prod(n - 1 for n in domain.shape if n > 1))
    for slab in _slabs(domain):
        at = u[:, slab].detach().requires_grad_()
        for corner in range(corners):
            determinant = domain.corner_determinant(at, corner)
            smallest = min(smallest, float(determinant.detach().min()))
            if not smallest > 0:
                return float("inf"), slope, smallest
            short = (least - determinant).clamp(min=0).square()
            value = share * (short + (least - 1 / determinant).clamp(min=0).square()).sum()
            total += float(value.detach())
            slope[:, slab] += torch.autograd.grad(value, at)[0]
    return total, slope, smallest


def _slabs(domain: Domain) -> Iterator[slice]:
    """Planes of cells, a few at a time: slices of nodes along z that share their outer planes."""
    planes = domain.shape[0]
    step = max(1, NODES_AT_ONCE * planes // math.prod(domain.shape))
    if planes == 1:
        yield slice(0, 1)
    for start in range(0, planes - 1, step):
        yield slice(start, min(start + step, planes - 1) + 1)


def stepped_back(u: Tensor, domain: Domain) -> tuple[Tensor, float]:
    """(u times the largest power of 0.9 at which it does not fold, that power); 1 where it does not fold."""
    share = 1.0
    for _ in range(STEPS_BACK):
        if smallest_determinant(share * u, domain) > 0:
            return share * u, share
        share *= LESS
    raise MethodFailed(
        f"the map folds even at {100 * share:.2g} % of its length",
        where=f"a lattice of {' x '.join(str(n) for n in domain.shape[::-1])} nodes",
        mend="check the images for values that are not finite; raise smoothing_mm",
    )


def require_unfolded(determinant: Tensor, smoothing_mm: float) -> float:
    """The smallest determinant on the final grid. Raises MethodFailed where it is not positive."""
    smallest = float(determinant.min())
    if smallest > 0:
        return smallest
    percent = 100 * float((~(determinant > 0)).double().mean())
    raise MethodFailed(
        f"the map folds at {percent:.3g} % of the voxels (smallest Jacobian determinant {smallest:.2g})",
        where="variational, the final grid, after regridding and stepping back",
        mend=f"raise determinant_weight, or smoothing_mm above {smoothing_mm:.3g} mm, or start from a closer "
        "registration",
    )
