"""The similarity of fixed and moving image before and after, at a bounded cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from RegSuite.quality import similarity_before_after
from RegSuite.similarity import make_similarity

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image

AT_MOST_VOXELS = 3_000_000
"""Larger images are compared on evenly spaced slabs of `_SLAB` planes that hold about so many voxels."""

_SLAB = 16
_GAP = 2


def similarity_metric(
    name: str, fixed: Image, before: Image, after: Image, covered: Tensor
) -> dict[str, Any]:
    """{name, before, after} of the measure `name` over the fixed voxels that count.

    Those are the voxels of `covered` [*shape] (where both warped images have data) within the
    fixed mask, in their bounding box; above AT_MOST_VOXELS on slabs, so that the cost is bounded.
    """
    counted = covered if fixed.mask is None else covered & fixed.mask.cpu()
    if not bool(counted.any()):
        return {}
    box = _bounding_box(counted)
    planes = _planes(tuple(s.stop - s.start for s in box))
    parts = [_part(image.data.cpu(), box, planes) for image in (fixed, before, after)]
    measure = make_similarity(name, fixed.grid.spacing)
    mask = _without_slab_edges(_part(counted[None], box, planes)[0], planes)
    if not bool(mask.any()):
        return {}
    return similarity_before_after(measure, parts[0], parts[1], parts[2], mask)


def covered_by(moving: Grid, fixed: Grid, displacement_mm: Tensor | None = None) -> Tensor:
    """Boolean [*fixed.shape]: fixed voxels x whose x + u(x) lies within the moving image."""
    from RegSuite.numerics.resample import warp

    d = fixed.ndim
    inside = torch.ones((1, *moving.shape))
    affine = (moving.inverse_matrix @ fixed.matrix)[:d]
    return (
        warp(inside, fixed.shape, affine, displacement_mm, moving.inverse_matrix[:d, :d], outside=0.0)[0]
        > 0.5
    )


def _bounding_box(mask: Tensor) -> tuple[slice, ...]:
    """The smallest box that holds all True voxels."""
    box = []
    for dim in range(mask.ndim):
        others = [other for other in range(mask.ndim) if other != dim]
        along = torch.nonzero(mask.any(dim=others) if others else mask).flatten()
        box.append(slice(int(along[0]), int(along[-1]) + 1))
    return tuple(box)


def _planes(shape: tuple[int, ...]) -> Tensor | None:
    """First-axis planes that are compared: None for all, else evenly spaced slabs of `_SLAB`."""
    plane = math.prod(shape[1:])
    if len(shape) < 3 or plane * shape[0] <= AT_MOST_VOXELS or shape[0] <= 2 * _SLAB:
        return None
    slabs = min(max(AT_MOST_VOXELS // (plane * _SLAB), 1), shape[0] // _SLAB)
    starts = torch.linspace(0, shape[0] - _SLAB, slabs + 2)[1:-1].round().long()
    return (starts[:, None] + torch.arange(_SLAB)).flatten()


def _without_slab_edges(mask: Tensor, planes: Tensor | None) -> Tensor:
    """The mask [*shape] without the outer two planes of each slab, so that no window joins two slabs."""
    if planes is None:
        return mask
    place = torch.arange(len(planes)) % _SLAB
    inner = (place >= _GAP) & (place < _SLAB - _GAP)
    return mask & inner.reshape(-1, *(1,) * (mask.ndim - 1))


def _part(values: Tensor, box: tuple[slice, ...], planes: Tensor | None) -> Tensor:
    """values [C, *shape] in the box, and of that the chosen planes."""
    cut = values[(slice(None), *box)]
    return (cut if planes is None else cut[:, planes]).contiguous()
