"""The displacement of least energy at each keypoint, and how certain it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TEMPERATURE = 0.05
"""Of the probabilities of displacements, in mean costs: their entropy ranks matches by their errors."""


def least(energy: NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
    """Steps x, y, z [n, 3] from the window's middle to the least energy, and the certainty [n]."""
    n, shape = len(energy), energy.shape[1:]
    flat = energy.reshape(n, -1)
    best = flat.argmin(axis=1)
    where = np.stack(np.unravel_index(best, shape), axis=1)
    rows = np.arange(n)
    steps = np.zeros((n, 3))
    for dim, size in enumerate(shape):
        middle = where[:, dim]
        steps[:, 2 - dim] = middle - size // 2
        inner = (middle > 0) & (middle < size - 1)
        if not inner.any():
            continue
        index = [where[:, k].copy() for k in range(3)]
        values = []
        for offset in (-1, 0, 1):
            index[dim] = np.clip(middle + offset, 0, size - 1)
            values.append(energy[rows, index[0], index[1], index[2]].astype(np.float64))
        bend = values[0] - 2 * values[1] + values[2]
        tilt = np.divide(values[0] - values[2], 2 * bend, out=np.zeros(n), where=bend > 1e-9)
        steps[:, 2 - dim] += np.where(inner, np.clip(tilt, -0.5, 0.5), 0.0)
    certainty = np.empty(n)
    for start in range(0, n, 512):
        part = flat[start : start + 512].astype(np.float64)
        p = np.exp(-(part - part.min(axis=1, keepdims=True)) / TEMPERATURE)
        p /= p.sum(axis=1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)
        certainty[start : start + 512] = 1 - entropy / np.log(max(part.shape[1], 2))
    return steps, certainty
