"""Which landmark of one image is the partner of which of the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from RegSuite.errors import GeometryError
from RegSuite.geometry.points import PointSet

_COUNTED = re.compile(r"(.+)-(\d+)")
"""What Slicer calls a point that nobody has named: its list's name and a number."""


def check_landmarks(fixed: PointSet, moving: PointSet, ndim: int) -> None:
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
