"""Plane: the contours of one plane and the slab that they stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """Contours of one plane in its own frame: outlines [n, 2] mm; the slab reaches from low to high mm."""

    outlines: tuple[Floats, ...]
    at_mm: float
    low_mm: float
    high_mm: float
