"""Vessels of the liver in its form's frame: tapered tubes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

VEINS = (
    ((-2, 40, 52), (-26, 26, 34), 6.0, 4.5),
    ((-26, 26, 34), (-62, 14, 12), 4.5, 2.0),
    ((-26, 26, 34), (-52, 46, 24), 3.5, 1.8),
    ((-2, 40, 52), (-14, -8, 34), 5.5, 3.8),
    ((-14, -8, 34), (-22, -44, 14), 3.8, 1.8),
    ((-2, 40, 52), (32, -12, 40), 4.5, 3.2),
    ((32, -12, 40), (78, -40, 36), 3.2, 1.6),
)
"""Hepatic veins: (from, to, radius there, radius here), mm."""

PORTAL = (
    ((12, 22, -8), (-16, 12, -4), 6.5, 5.5),
    ((-16, 12, -4), (-46, -10, 8), 5.0, 2.8),
    ((-46, -10, 8), (-68, -16, 24), 2.8, 1.4),
    ((-16, 12, -4), (-50, 34, 14), 4.5, 2.2),
    ((12, 22, -8), (22, -18, 12), 5.0, 4.0),
    ((22, -18, 12), (62, -34, 18), 4.0, 2.0),
    ((22, -18, 12), (18, -42, 22), 3.0, 1.6),
)


def in_vessels(q: FloatArray) -> FloatArray:
    """About the distance of points [n, 3] of the liver's form to its vessels [n], negative inside."""
    nearest = np.full(len(q), np.inf)
    for start, end, wide, narrow in (*VEINS, *PORTAL):
        a, way = np.array(start, float), np.subtract(end, start).astype(float)
        along = np.clip((q - a) @ way / (way @ way), 0.0, 1.0)
        off = q - a - along[:, None] * way
        away = np.sqrt(np.einsum("ij,ij->i", off, off)) - (wide + (narrow - wide) * along)
        np.minimum(nearest, away, out=nearest)
    return nearest
