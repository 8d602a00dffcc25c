"""How far a transform and another one back miss the identity, in mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import InputError, MethodFailed

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform

_CHUNK = 1 << 20


def inverse_residual_mm(
    transform: Transform,
    inverse: Transform,
    grid: Grid,
    mask: Tensor | None = None,
    *,
    moving_grid: Grid | None = None,
    at_most: int | None = None,
) -> dict[str, float]:
    """|T^-1(T(x)) - x| over voxel centres x of `grid` in `mask`: {mean, p95, max}, mm.

    inverse: the transform's OWN inverse. This measures the numerics of the inversion alone and
    says nothing about whether the anatomy is matched: it is reported and never judged.
    mask: boolean [*grid.shape]. moving_grid: where given, only x whose T(x) lies within it count
    (beyond its image a numeric inverse knows nothing). at_most: use about that many voxels, evenly
    spaced (then max is the largest of these). Works in chunks of a million points.
    Raises InputError when no voxel is left, MethodFailed where a value is not finite.
    """
    errors = _round_trip_mm(transform, inverse, grid, mask, moving_grid, at_most)
    return {
        "mean": float(errors.mean()),
        "p95": float(np.percentile(errors, 95)),
        "max": float(errors.max()),
    }


def inverse_consistency_mm(
    forward: Transform,
    backward: Transform,
    grid: Grid,
    mask: Tensor | None = None,
    *,
    moving_grid: Grid | None = None,
    at_most: int | None = None,
) -> dict[str, float]:
    """|B(F(x)) - x| over voxel centres x of `grid` in `mask`: {mean, p95, max}, mm.

    forward: found with (fixed, moving). backward: found by an INDEPENDENT run with the two
    swapped, never the inverse of `forward`. Arguments as in `inverse_residual_mm`.
    Source: Christensen 2001 (TMI 20:568); AAPM TG-132, consistency.
    """
    return inverse_residual_mm(forward, backward, grid, mask, moving_grid=moving_grid, at_most=at_most)


def _round_trip_mm(
    there: Transform,
    back: Transform,
    grid: Grid,
    mask: Tensor | None,
    moving_grid: Grid | None,
    at_most: int | None,
) -> np.ndarray:
    """Distances [n] in mm between x and back(there(x))."""
    import torch

    chosen = np.arange(grid.voxels) if mask is None else np.flatnonzero(mask.cpu().numpy())
    if at_most is not None and len(chosen) > at_most:
        chosen = chosen[:: -(-len(chosen) // at_most)]
    parts = []
    for start in range(0, len(chosen), _CHUNK):
        index = np.stack(np.unravel_index(chosen[start : start + _CHUNK], grid.shape)[::-1], axis=-1)
        points = torch.from_numpy(grid.points(index))
        moved = there.points(points)
        if moving_grid is not None:
            inside = torch.from_numpy(moving_grid.contains(moved.cpu().numpy()))
            points, moved = points[inside], moved[inside]
        parts.append((back.points(moved) - points).norm(dim=1).cpu().numpy())
    errors = np.concatenate(parts) if parts else np.empty(0)
    if not len(errors):
        raise InputError("no voxel of the mask is left to measure the inverse at", mend="check the mask")
    if not np.isfinite(errors).all():
        raise MethodFailed(f"forward then back is not finite at {int((~np.isfinite(errors)).sum())} voxels")
    return errors
