"""Two half balls of 60 mm radius that slide 10 mm each way along their common plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.organs import OrganModel


@dataclass(frozen=True)
class HalfBalls:
    """source, target clouds with labels 1 and 2; held-out points [n, 3], their labels and true places."""

    source: PointSet
    target: PointSet
    points: NDArray[np.float64]
    labels: NDArray[np.int64]
    truth: NDArray[np.float64]

    @property
    def model(self) -> OrganModel:
        return OrganModel.of(self.source.labels, self.target.labels)

    def errors(self, found: NDArray[np.float64]) -> tuple[float, float]:
        """Mean distance of `found` to the truth in mm: of all, and of those within 5 mm of the plane."""
        apart = np.linalg.norm(found - self.truth, axis=1)
        return float(apart.mean()), float(apart[np.abs(self.points[:, 2]) < 5].mean())


def half_balls(count: int = 2000, seed: int = 0, held_out: int = 2000) -> HalfBalls:
    """`count` source points; the target: 80 % of them moved, and 20 % fresh ones, with 0.5 mm of noise."""
    chance = np.random.default_rng(seed)
    source, fresh, points = (_ball(n, chance) for n in (count, count // 5, held_out))
    kept = source[chance.choice(count, count - count // 5, replace=False)]
    mixed = np.concatenate([kept, fresh])
    target = _slid(mixed) + chance.normal(size=mixed.shape) * 0.5
    return HalfBalls(
        PointSet(source, _side(source), name="source"),
        PointSet(target, _side(mixed), name="target"),
        points,
        _side(points),
        _slid(points),
    )


def _ball(count: int, chance: np.random.Generator) -> NDArray[np.float64]:
    way = chance.normal(size=(count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    return way * 60 * chance.uniform(size=(count, 1)) ** (1 / 3)


def _side(points: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.where(points[:, 2] > 0, 1, 2)


def _slid(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points + np.where(points[:, 2:] > 0, 10.0, -10.0) * np.array([1.0, 0.0, 0.0])
