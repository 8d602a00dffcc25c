"""What a drift says of itself: notes, and warnings of what should not be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.pointcloud.belief import Scene
from RegSuite.pointcloud.start import Start

if TYPE_CHECKING:
    from RegSuite.pointcloud.result import Drift

LEFT_OUT = 0.05
"""Share of the prior's variance left out by the basis from which on it is told."""

FEW_INLIERS = 0.5
"""Share of inliers below which the match is doubted."""


def found_of(
    result: Drift, scene: Scene, converged: bool, start: Start
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(notes, warnings), a sentence each."""
    notes, warnings = list(start.notes), list(start.warnings)
    if result.basis is not None:
        notes += result.basis.prior.notes
        if result.basis.left_out > LEFT_OUT:
            warnings.append(
                f"{result.basis.rank} columns of the motion's basis leave out "
                f"{100 * result.basis.left_out:.0f} % of the prior's variance: the motion cannot be as fine "
                "as the organs' bandwidths say; raise basis_largest"
            )
    if not converged:
        warnings.append(
            f"not converged after {len(result.convergence)} iterations (sigma {result.sigma_mm:.3g} mm): "
            "raise iterations or tolerance"
        )
    if result.sigma_mm <= 1.01 * scene.smallest:
        notes.append(f"the clouds match to within {result.sigma_mm:.2g} mm, the least that is told apart")
    size = float(np.linalg.norm(np.ptp(result.target.points, axis=0)))
    if result.sigma_mm > 0.1 * size:
        warnings.append(
            f"sigma did not shrink: {result.sigma_mm:.3g} mm of {size:.3g} mm from corner to corner; the "
            "clouds were not brought into a match (start 'global' tries all rotations)"
        )
    inliers = 1 - result.outlier_probability
    if inliers.mean() < FEW_INLIERS:
        warnings.append(
            f"{100 * inliers.mean():.0f} % of {len(inliers)} target points have a partner, the rest are "
            "taken for outliers: check the match, or start with 'global'"
        )
    return tuple(notes), (*warnings, *_of_organs(result, inliers))


def _of_organs(result: Drift, inliers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[str]:
    if result.model is None or result.target.labels is None or len(result.model.organs) < 2:
        return []
    places = result.model.indices(result.target.labels)
    found = []
    for k, organ in enumerate(result.model.organs):
        own = inliers[places == k]
        if len(own) and own.mean() < FEW_INLIERS:
            found.append(
                f"{organ.name} (label {organ.label}): {100 * own.mean():.0f} % of its {len(own)} target "
                "points have a partner"
            )
    return found
