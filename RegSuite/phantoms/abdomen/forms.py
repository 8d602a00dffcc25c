"""The five organs' forms as implicit functions: negative inside, about the distance to the surface in mm.

Each organ has a frame of its own in mm, LPS axes, about the point from which its whole surface is seen:
every ray from there leaves the organ once (tested), which is how its surface is found.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Form = Callable[[FloatArray], FloatArray]

LIGAMENT = (34.0, -66.0, -2.0)
"""The direction in which the liver's surface is deepest in the notch of the round ligament."""


def liver(q: FloatArray) -> FloatArray:
    """A dome-shaped right lobe, flat below, a thin left lobe, the kidney's impression and the notch [n]."""
    right = ellipsoid(q, (-22, 10, 2), (68, 74, 73))
    below = q @ np.array([0.447, 0.248, -0.859]) - 38.0
    left = ellipsoid(q, (56, -34, 26), (64, 35, 30))
    both = smooth_min(smooth_max(right, below, 25.0), left, 30.0)
    kidney = ellipsoid(q, (-16, 70, -72), (35, 32, 60))
    notch = ellipsoid(q, (26, -66, -14), (8, 26, 26))
    return smooth_max(smooth_max(both, -kidney, 12.0), -notch, 8.0)


def spleen(q: FloatArray) -> FloatArray:
    """A wedge along the ribs, hollow towards the stomach and the kidney, blunter above [n]."""
    wide = 1.0 + 0.12 * np.tanh(q[:, 2:] / 30.0)
    whole = ellipsoid(q / wide, (4, 0, 0), (28, 42, 54))
    stomach = ellipsoid(q, (-56, -22, 8), (45, 58, 72))
    return smooth_max(whole, -stomach, 12.0)


def right_kidney(q: FloatArray) -> FloatArray:
    """A bean with its hilum towards the spine, the upper pole wider [n]."""
    wide = 1.0 + 0.08 * np.tanh(q[:, 2:] / 30.0)
    bent = q.copy()
    bent[:, 0] += 5.0 * (np.square(q[:, 2] / 55.0).clip(max=2.0) - 0.4) * -1.0
    whole = ellipsoid(bent / wide, (0, 0, 0), (27, 24, 55))
    hilum = ellipsoid(q, (36, -8, -2), (19, 16, 17))
    return smooth_max(whole, -hilum, 10.0)


def left_kidney(q: FloatArray) -> FloatArray:
    """The right kidney's mirror image, a little longer, with a hump towards the spleen [n]."""
    mirrored = q * np.array([-1.0, 1.0, 0.96])
    hump = ellipsoid(q, (14, -2, 14), (19, 18, 24))
    return smooth_min(right_kidney(mirrored), hump, 14.0)


def bladder(q: FloatArray) -> FloatArray:
    """Flat above, a neck below and behind [n]."""
    whole = ellipsoid(q, (0, 0, 2), (43, 37, 36))
    above = q @ np.array([0.05, 0.25, 0.967]) - 27.0
    neck = ellipsoid(q, (1, 9, -30), (15, 15, 17))
    return smooth_min(smooth_max(whole, above, 14.0), neck, 16.0)


def ellipsoid(q: FloatArray, centre: ArrayLike, axes: ArrayLike) -> FloatArray:
    """About the distance of q [n, 3] to an ellipsoid; exact in sign, to first order near the surface."""
    scaled = (q - np.asarray(centre, float)) / np.asarray(axes, float)
    gauge = np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) + 1e-12
    scaled /= np.asarray(axes, float)
    slope = np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) + 1e-12
    out: FloatArray = gauge * (gauge - 1.0) / slope
    # in the very middle the quotient loses its meaning
    return np.maximum(out, -float(np.min(axes)))


def smooth_min(a: FloatArray, b: FloatArray, k: float) -> FloatArray:
    """The smaller of two distances, rounded over k mm where they meet."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    out: FloatArray = np.minimum(a, b) - h * h * (k * 0.25)
    return out


def smooth_max(a: FloatArray, b: FloatArray, k: float) -> FloatArray:
    """The larger of two distances, rounded over k mm where they meet."""
    return -smooth_min(-a, -b, k)
