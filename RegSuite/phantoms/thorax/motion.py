"""The motion of the patient from the planning scan to one fraction, as a closed formula."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed
from RegSuite.phantoms.thorax.motion_kernels import backward, forward

FloatArray = NDArray[np.float64]

LEAST_JACOBIAN = 0.35
"""Motions are drawn again, weaker, until det(I + du/dx) is above this where it was looked at."""

CLOSE_MM = 1e-4
"""The inverse is given only where x + u(x) meets the point asked for this closely."""


class Motion(NamedTuple):
    """A planning point x is at x + u(x) in the fraction; LPS mm, vectors [3].

    u = shift (rigid residual) + breathing (window about the front of the chest, growing towards the
    diaphragm) + wall (of the chest, along y) + baseline (Gaussian about the tumour) + waves [n, 7]
    (amplitude, wave vector, phase) + shrinkage (share `shrink` of the distance to the tumour's
    centre, fading with exp(-(r / shrink_reach)^4)). The formulas: motion_kernels.py.
    """

    shift: FloatArray
    breath: FloatArray
    middle: FloatArray
    window: FloatArray
    wall: float
    tumour: FloatArray
    baseline: FloatArray
    baseline_reach: float
    waves: FloatArray
    shrink: float
    shrink_reach: float

    def displacement(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """u [..., 3] at planning points [..., 3], and det(I + du/dx) [...]."""
        points = compiled_points(points_mm)
        u, jacobian = np.empty_like(points), np.empty(len(points))
        forward(points, self, u, jacobian)
        return u.reshape(np.shape(points_mm)), jacobian.reshape(np.shape(points_mm)[:-1])

    def inverse(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """x - y [..., 3] with x + u(x) = y at fraction points y [..., 3], and det(I + du/dx) at x.

        Raises MethodFailed where a point is not met within 1e-4 mm: no motion that is drawn does that.
        """
        points = compiled_points(points_mm)
        u, jacobian, left = np.empty_like(points), np.empty(len(points)), np.empty(len(points))
        backward(points, self, u, jacobian, left)
        if len(left) and not float(left.max()) <= CLOSE_MM:
            raise MethodFailed(
                f"the motion's inverse misses a point by {left.max():.2g} mm",
                mend="draw a weaker motion: it folds space",
            )
        return u.reshape(np.shape(points_mm)), jacobian.reshape(np.shape(points_mm)[:-1])


def compiled_points(points_mm: FloatArray) -> FloatArray:
    """[n, 3] as the kernels are compiled for: a read-only array would have them compiled again."""
    return np.require(points_mm, np.float64, ["C", "W"]).reshape(-1, 3)


class MotionSize(NamedTuple):
    """How far the parts of a motion go, in mm: `breathing` at the diaphragm, along z."""

    breathing: float
    baseline: float
    waves: float
    shift: float
    shrink: float
    """Share of the tumour's radius that is lost."""


def draw_size(rng: np.random.Generator) -> MotionSize:
    """Breathing of 3 to 15 mm, baseline shift to 5 mm, waves to 3 mm, residual to 2 mm."""
    return MotionSize(
        breathing=float(rng.uniform(3, 15)),
        baseline=float(rng.uniform(0, 5)),
        waves=float(rng.uniform(0.8, 3.0)),
        shift=float(rng.uniform(0, 2)),
        shrink=float(rng.uniform(0, 0.22)),
    )


def draw_motion(
    size: MotionSize,
    tumour_mm: FloatArray,
    tumour_radius_mm: float,
    middle_mm: FloatArray,
    window_mm: FloatArray,
    looked_at: FloatArray,
    rng: np.random.Generator,
) -> Motion:
    """A motion of the given size without folds.

    middle_mm, window_mm [3]: the breathing's window: x and y of its middle and half width, and the
    height where it has half its size, and over how many mm it grows. looked_at [n, 3]: where the
    Jacobian determinant is checked; all parts are made smaller by a tenth until none is below 0.35.
    """
    inhale = -1.0 if rng.uniform() < 0.7 else 1.0
    direction = np.array([0.08 * rng.normal(), 0.12 * rng.normal(), inhale])
    motion = Motion(
        shift=_vector(rng, size.shift),
        breath=size.breathing * direction,
        middle=np.asarray(middle_mm, dtype=np.float64),
        window=np.asarray(window_mm, dtype=np.float64),
        wall=inhale * size.breathing * float(rng.uniform(0.15, 0.4)),
        tumour=np.asarray(tumour_mm, dtype=np.float64),
        baseline=_vector(rng, size.baseline),
        baseline_reach=float(rng.uniform(30, 50)),
        waves=_waves(rng, size.waves),
        shrink=size.shrink,
        shrink_reach=1.6 * tumour_radius_mm,
    )
    while float(motion.displacement(looked_at)[1].min()) < LEAST_JACOBIAN:
        motion = motion._replace(
            breath=0.9 * motion.breath,
            wall=0.9 * motion.wall,
            baseline=0.9 * motion.baseline,
            waves=motion.waves * np.array([0.9] * 3 + [1.0] * 4),
            shrink=0.9 * motion.shrink,
        )
    return motion


def _vector(rng: np.random.Generator, length: float) -> FloatArray:
    """A vector of this length in a random direction."""
    v = rng.normal(size=3)
    out: FloatArray = v / np.linalg.norm(v) * length
    return out


def _waves(rng: np.random.Generator, largest_mm: float, count: int = 6) -> FloatArray:
    """[count, 7] waves 70 to 180 mm long whose sum is about `largest_mm` long at its longest."""
    rows = []
    for _ in range(count):
        k = _vector(rng, 2 * math.pi / float(rng.uniform(70, 180)))
        rows.append([*_vector(rng, 1.0), *k, float(rng.uniform(0, 2 * math.pi))])
    waves = np.array(rows)
    waves[:, :3] *= largest_mm / 2.2 / math.sqrt(count / 2)
    return waves
