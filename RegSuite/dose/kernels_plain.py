"""The plain numpy twins of kernels.py and gamma_kernels.py: slow, and the reference in the tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def crossings_of_outlines(outlines: list[Floats], rows_v: Floats) -> list[Floats]:
    """For each line v = rows_v[r]: sorted u of where it meets outlines [n, 2]; an edge owns its lower end."""
    found: list[list[float]] = [[] for _ in rows_v]
    for outline in outlines:
        for one, other in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            low, high = (one, other) if one[1] <= other[1] else (other, one)
            for row in np.flatnonzero((rows_v >= low[1]) & (rows_v < high[1])):
                t = (rows_v[row] - low[1]) / (high[1] - low[1])
                found[row].append(float(low[0] + t * (high[0] - low[0])))
    return [np.sort(np.array(places)) for places in found]


def dose_at(dose_gy: NDArray[np.float32], index: Floats) -> Floats:
    """Trilinear dose [z, y, x] at fractional voxels [n, 3] (x, y, z), held to the outer faces; NaN beyond."""
    size = np.array(dose_gy.shape[::-1])
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(axis=1)
    at = np.clip(index, 0, size - 1)
    low = np.minimum(at.astype(int), np.maximum(size - 2, 0))
    high = np.minimum(low + 1, size - 1)
    part = at - low
    total = np.zeros(len(index))
    for corner in np.ndindex(2, 2, 2):
        chosen = np.array(corner, bool)
        place = np.where(chosen, high, low)
        weight = np.where(chosen, part, 1 - part).prod(axis=1)
        total += weight * dose_gy[place[:, 2], place[:, 1], place[:, 0]]
    return np.where(inside, total, np.nan)


def gamma_at(
    reference: Floats, index: Floats, evaluated: NDArray[np.float32], spacing: Floats, criterion: Floats,
    distance_mm: float, most: float, step_mm: float,
) -> Floats:  # fmt: skip
    """Gamma by looking at every point of a lattice of `step_mm` around each point; NaN outside the grid."""
    reach = int(np.floor(most * distance_mm / step_mm))
    axis = np.arange(-reach, reach + 1) * step_mm
    offsets = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    squared = (offsets**2).sum(axis=1) / distance_mm**2
    near = squared <= most**2
    offsets, squared = offsets[near] / spacing, squared[near]
    out = np.full(len(reference), np.nan)
    size = np.array(evaluated.shape[::-1])
    for n, (dose, place, allowed) in enumerate(zip(reference, index, criterion, strict=True)):
        if (place < -1e-3).any() or (place > size - 1 + 1e-3).any():
            continue
        places = place + offsets
        within = ((places >= 0) & (places <= size - 1)).all(axis=1)
        apart = (dose_at(evaluated, places[within]) - dose) / allowed
        out[n] = min(float(np.sqrt((squared[within] + apart**2).min())), most)
    return out
