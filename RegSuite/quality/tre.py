"""Target registration error at landmarks, in mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import MethodFailed
from RegSuite.geometry.landmarks import check_landmarks

if TYPE_CHECKING:
    from RegSuite.geometry import PointSet
    from RegSuite.transforms.base import Transform


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

    check_landmarks(fixed, moving, transform.ndim)
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
