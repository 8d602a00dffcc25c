"""Target registration error at landmarks, in mm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import GeometryError, MethodFailed

if TYPE_CHECKING:
    from RegSuite.geometry import PointSet
    from RegSuite.transforms.base import Transform

_COUNTED = re.compile(r"(.+)-(\d+)")
"""What Slicer calls a point that nobody has named: its list's name and a number."""


def tre_mm(transform: Transform, fixed: PointSet, moving: PointSet) -> dict[str, float]:
    """|T(fixed point) - moving point| over landmark pairs: {mean, sd, p95, max, n}, mm.

    Pairs are rows of equal number; where both sets have names (or labels), they must agree row
    by row; of names that merely count on ("Fixed-1", "Fixed-2", ...) the numbers must. sd is the
    sample standard deviation (n - 1) and absent for one pair; p95 is the 95th percentile with
    linear interpolation.
    Raises GeometryError for sets that are no pairs, MethodFailed where T(x) is not finite.
    Source: AAPM TG-132 (Brock et al. 2017, Med Phys 44:e43), target registration error.
    """
    import torch

    _check_pairs(fixed, moving, transform.ndim)
    mapped = transform.points(torch.from_numpy(np.array(fixed.points))).cpu().numpy()
    bad = np.flatnonzero(~np.isfinite(mapped).all(axis=1))
    if bad.size:
        raise MethodFailed(
            f"the transform is not finite at {bad.size} of {len(fixed)} landmarks, the first in row {bad[0]}",
            where=fixed.name,
        )
    errors = np.linalg.norm(mapped - moving.points, axis=1)
    out = {"mean": float(errors.mean()), "p95": float(np.percentile(errors, 95)), "max": float(errors.max())}
    if len(errors) > 1:
        out["sd"] = float(errors.std(ddof=1))
    out["n"] = len(errors)
    return out


def _check_pairs(fixed: PointSet, moving: PointSet, ndim: int) -> None:
    """Raise GeometryError when row i of one set cannot be the partner of row i of the other."""
    where = f"{fixed.name}, {moving.name}"
    if len(fixed) != len(moving) or len(fixed) == 0:
        raise GeometryError(
            f"{len(fixed)} fixed and {len(moving)} moving landmarks do not make pairs",
            where=where,
            mend="give one row a landmark in both files, in the same order",
        )
    if not fixed.ndim == moving.ndim == ndim:
        raise GeometryError(
            f"landmarks of {fixed.ndim} and {moving.ndim} coordinates under a transform of {ndim}",
            where=where,
        )
    for what in ("names", "labels"):
        ours, theirs = getattr(fixed, what), getattr(moving, what)
        if ours is None or theirs is None:
            continue
        keys = (ours, theirs)
        if what == "names":
            mine, yours = _numbers(ours), _numbers(theirs)
            keys = keys if mine is None or yours is None else (mine, yours)
        for row, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if keys[0][row] != keys[1][row]:
                raise GeometryError(
                    f"row {row} is {a!r} among the fixed landmarks and {b!r} among the moving ones",
                    where=where,
                    mend="bring both into the same order, and give the two of a pair the same name",
                )


def _numbers(names: Sequence[str]) -> list[str] | None:
    """The numbers of names that only count on from one beginning; None where one says more."""
    found = [_COUNTED.fullmatch(name) for name in names]
    parts = [match.groups() for match in found if match is not None]
    alike = len(parts) == len(names) and len({beginning for beginning, _ in parts}) == 1
    return [number for _, number in parts] if alike else None
