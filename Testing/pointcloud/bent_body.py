"""A bent, tapering body with a lobe at its side: no rotation brings it onto itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from RegSuite.geometry import PointSet


@dataclass(frozen=True)
class Turned:
    """source, and target: turned, scaled and shifted, with noise, outliers and missing points."""

    source: PointSet
    target: PointSet
    truth: NDArray[np.float64]
    degrees: float

    def error(self, found: NDArray[np.float64]) -> float:
        """Mean distance of found source points to their true places, in diagonals of these."""
        apart = np.linalg.norm(found - self.truth, axis=1).mean()
        return float(apart / np.linalg.norm(np.ptp(self.truth, axis=0)))


def bent_body(count: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Points [count, 3] of its surface, about 170 mm long."""
    along, around = chance.uniform(-1, 1, count), chance.uniform(0, 2 * np.pi, count)
    radius = 22 - 12 * along
    points = np.stack(
        [80 * along, radius * np.cos(around) + 25 * along**2, 0.6 * radius * np.sin(around)], axis=1
    )
    lobe = chance.normal(size=(count, 3))
    lobe *= 14 / np.linalg.norm(lobe, axis=1, keepdims=True)
    return np.where(chance.uniform(size=(count, 1)) < 0.2, lobe + [45, 45, 20], points)


def turned_body(
    seed: int,
    count: int = 600,
    *,
    degrees: float = 90.0,
    missing: float = 0.4,
    outliers: float = 0.3,
    whole: bool = True,
) -> Turned:
    """Turned by up to `degrees` about any axis, scaled by 0.5 to 2, shifted by up to 200 mm along each axis.

    missing: share of the points that the target has not: here and there (whole), or all on one side.
    outliers: share of the target that are strewn over its box. Noise: 0.5 mm of the source's scale.
    """
    chance = np.random.default_rng(seed)
    source = bent_body(count, chance)
    axis = chance.normal(size=3)
    angle = chance.uniform(0, degrees)
    turn = Rotation.from_rotvec(np.radians(angle) * axis / np.linalg.norm(axis)).as_matrix()
    scale, shift = chance.uniform(0.5, 2), chance.uniform(-200, 200, 3)
    truth = scale * source @ turn.T + shift
    kept = round((1 - missing) * count)
    order = chance.permutation(count) if whole else np.argsort(source @ chance.normal(size=3))
    seen = truth[order[:kept]] + chance.normal(size=(kept, 3)) * 0.5 * scale
    strewn = chance.uniform(
        truth.min(axis=0), truth.max(axis=0), (round(kept * outliers / (1 - outliers)), 3)
    )
    target = np.concatenate([seen, strewn])
    return Turned(PointSet(source, name="source"), PointSet(target, name="target"), truth, angle)
