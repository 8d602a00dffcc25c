"""The map from an organ's form to one person's organ: a smooth change of shape, stretch, turn and place."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed

FloatArray = NDArray[np.float64]

STEEPEST = 0.5
"""Waves are made lower until their slope is below this everywhere: the map is one to one."""

CLOSE_MM = 1e-10
MOST_STEPS = 80


class OrganMap(NamedTuple):
    """A form's point q (mm, its own frame) is at turn diag(exp(log_stretch)) (q + w(q)) + place, in mm.

    w(q) = sum of waves[i, :3] sin(waves[i, 3:6] . q + waves[i, 6]), waves [k, 7]. turn: rotation vector.
    """

    log_stretch: FloatArray
    turn: FloatArray
    place: FloatArray
    waves: FloatArray

    def forward(self, q: FloatArray) -> FloatArray:
        """Where the form's points [n, 3] are in the person [n, 3]."""
        bent = (q + _waves(self.waves, q)) * np.exp(self.log_stretch)
        out: FloatArray = bent @ rotation(self.turn).T + self.place
        return out

    def inverse(self, points_mm: FloatArray, close_mm: float = CLOSE_MM) -> FloatArray:
        """The form's points [n, 3] of the person's, by q <- y - w(q) until a step is below close_mm.

        Raises MethodFailed where that doesn't end: no waves that are drawn do that.
        """
        y = ((points_mm - self.place) @ rotation(self.turn)) / np.exp(self.log_stretch)
        q = y.copy()
        left = np.arange(len(q))
        for _ in range(MOST_STEPS):
            new = y[left] - _waves(self.waves, q[left])
            change = np.abs(new - q[left]).max(axis=1)
            q[left] = new
            left = left[change >= close_mm]
            if not len(left):
                return q
        raise MethodFailed(
            f"an organ's inverse map changes by {change.max():.2g} mm still", mend="draw lower waves"
        )

    def blended(self, other: OrganMap, share: float) -> OrganMap:
        """A map between this one (share 0) and the other (share 1)."""
        waves = np.concatenate([self.waves, other.waves])
        waves[: len(self.waves), :3] *= 1.0 - share
        waves[len(self.waves) :, :3] *= share
        return OrganMap(
            log_stretch=(1 - share) * self.log_stretch + share * other.log_stretch,
            turn=(1 - share) * self.turn + share * other.turn,
            place=(1 - share) * self.place + share * other.place,
            waves=gentle(waves),
        )


class WholeMap(NamedTuple):
    """The similarity of a whole person: p is at scale rotation(turn) p + shift, mm."""

    scale: float
    turn: FloatArray
    shift: FloatArray

    def forward(self, points_mm: FloatArray) -> FloatArray:
        """[n, 3] to [n, 3]."""
        out: FloatArray = self.scale * points_mm @ rotation(self.turn).T + self.shift
        return out

    def inverse(self, points_mm: FloatArray) -> FloatArray:
        """[n, 3] to [n, 3]."""
        out: FloatArray = (points_mm - self.shift) @ rotation(self.turn) / self.scale
        return out


def gentle(waves: FloatArray) -> FloatArray:
    """The waves [k, 7], lowered where the sum of their steepest slopes is above STEEPEST."""
    slope = float((np.linalg.norm(waves[:, :3], axis=1) * np.linalg.norm(waves[:, 3:6], axis=1)).sum())
    out = waves.copy()
    out[:, :3] *= min(1.0, STEEPEST / max(slope, 1e-12))
    return out


def rotation(vector: FloatArray) -> FloatArray:
    """[3, 3] of a rotation vector in radians (Rodrigues)."""
    angle = math.sqrt(float(vector @ vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    out: FloatArray = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return out


def _waves(waves: FloatArray, q: FloatArray) -> FloatArray:
    out: FloatArray = np.sin(q @ waves[:, 3:6].T + waves[:, 6]) @ waves[:, :3]
    return out
