"""An external beam dose as a formula: beams fixed in the room, erf penumbrae, falloff with depth."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from RegSuite.phantoms.thorax.dose_kernels import dose_of
from RegSuite.phantoms.thorax.motion import compiled_points
from RegSuite.phantoms.thorax.shape import Shape

FloatArray = NDArray[np.float64]

ATTENUATION_PER_MM = 0.0035
"""Of a 6 MV beam's depth dose in lung and chest, about."""


class Beams(NamedTuple):
    """Dose of one fraction in Gy, a function of the place in the room alone (LPS mm).

    isocentre [3]. outline [4]: x, y of the middle and half axes of the ellipse that stands for the
    patient's skin. beams [n, 14]: direction of flight, the two axes across, half widths along them,
    sigma of the penumbra, attenuation a mm, weight.
    """

    isocentre: FloatArray
    outline: FloatArray
    beams: FloatArray

    def dose_gy(self, points_mm: FloatArray) -> FloatArray:
        """[...] Gy at points [..., 3]."""
        points = compiled_points(points_mm)
        out = np.empty(len(points))
        dose_of(points, self, out)
        return out.reshape(np.shape(points_mm)[:-1])


def draw_beams(
    isocentre_mm: FloatArray,
    reach_mm: float,
    outline: FloatArray,
    rng: np.random.Generator,
    *,
    prescribed_gy: float = 2.0,
) -> Beams:
    """Four to nine beams around `isocentre_mm`, mostly from its side, open to `reach_mm` about it.

    reach_mm: of the planning target volume from the isocentre, which gets `prescribed_gy` or about.
    """
    count = int(rng.integers(4, 10))
    side = math.copysign(1.0, isocentre_mm[0] - outline[0])
    wide = rng.uniform(0.9, 1.0) * 2 * math.pi * (1 if rng.uniform() < 0.5 else 0.6)
    # angles from straight back (+y), turning over the tumour's side
    middle = side * rng.uniform(0.3, 0.7) * math.pi
    angles = middle + np.linspace(-0.5, 0.5, count, endpoint=False) * wide + rng.uniform(0, 0.2)
    rows = []
    for angle in angles:
        tilt = float(rng.uniform(-0.15, 0.15))
        source = np.array([math.sin(angle), math.cos(angle), 0.0]) * math.cos(tilt)
        source[2] = math.sin(tilt)
        flight = -source
        u = np.cross(flight, [0.0, 0.0, 1.0])
        u /= np.linalg.norm(u)
        v = np.cross(u, flight)
        sigma = float(rng.uniform(3.2, 5.0))
        opened = reach_mm + 0.9 * sigma
        weight = float(rng.uniform(0.7, 1.3))
        rows.append([*flight, *u, *v, opened, opened, sigma, ATTENUATION_PER_MM, weight])
    beams = Beams(np.asarray(isocentre_mm, dtype=np.float64), outline, np.array(rows))
    at_isocentre = float(beams.dose_gy(beams.isocentre[None])[0])
    scaled = beams.beams.copy()
    scaled[:, 13] *= 1.03 * prescribed_gy / at_isocentre
    return beams._replace(beams=scaled)


def outline_of(shape: Shape) -> FloatArray:
    """The ellipse [4] that stands for the skin of a patient of this shape."""
    return np.array([0.0, 6.0, shape.body_x * 1.04, shape.body_y * 1.04])
