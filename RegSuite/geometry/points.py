"""PointSet: points in LPS mm, with optional labels and names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points [N, d] in LPS mm (d = 2 or 3), float64.

    labels: optional integers [N]; names: optional strings, one a point; name: for messages.
    Raises GeometryError for other shapes or values that are not finite.
    """

    points: NDArray[np.float64]
    labels: NDArray[np.int64] | None = None
    names: tuple[str, ...] | None = None
    name: str = "points"

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] not in (2, 3):
            raise GeometryError(f"points have shape {points.shape}, not (N, 2) or (N, 3)", where=self.name)
        bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
        if bad.size:
            raise GeometryError(
                f"{bad.size} of {len(points)} points are not finite, the first in row {bad[0]}",
                where=self.name,
                mend="remove or correct these rows",
            )
        for what, values in (("labels", self.labels), ("names", self.names)):
            if values is not None and len(values) != len(points):
                raise GeometryError(f"{len(points)} points but {len(values)} {what}", where=self.name)
        points.setflags(write=False)
        object.__setattr__(self, "points", points)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return int(self.points.shape[1])
