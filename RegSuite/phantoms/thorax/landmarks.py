"""Points whose place is known on every day of a course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid, PointSet
from RegSuite.phantoms.thorax.change import NOTHING
from RegSuite.phantoms.thorax.form_kernels import tumour
from RegSuite.phantoms.thorax.motion import Motion
from RegSuite.phantoms.thorax.patient import Patient
from RegSuite.phantoms.thorax.structures import target_surface
from RegSuite.phantoms.thorax.tissue_kernels import BONE, paint

FloatArray = NDArray[np.float64]

MOST = {"vessel": 90, "tumour edge": 14, "bone": 20, "tissue": 40}
"""How many of each kind there are at most."""

BORDER_VOXELS = 2


def draw_landmarks(
    patient: Patient, grid: Grid, motions: Sequence[Motion], rng: np.random.Generator
) -> PointSet:
    """Points of the planning scan that stay in its field of view in every fraction, LPS mm.

    Forks of vessels, the tumour's edge, points in bone, points in other tissue (where an observer
    sees nothing, but the truth is known all the same), and the tumour's centre last.
    """
    shape = patient.shape
    forks = [p for p in patient.forks if tumour(p[0], p[1], p[2], shape) < -3.0]
    edge = target_surface(shape, 0.0)[0]
    anywhere = grid.points(rng.uniform(0, 1, (4000, 3)) * (np.asarray(grid.size) - 1))
    hu, labels = np.empty(len(anywhere), np.float32), np.empty(len(anywhere), np.uint8)
    paint(anywhere, np.ones(len(anywhere)), 0.6, NOTHING, shape, patient.segments, hu, labels)
    found = {
        "vessel": np.array(forks).reshape(-1, 3),
        "tumour edge": edge[rng.permutation(len(edge))[:40]],
        "bone": anywhere[labels == BONE],
        "tissue": anywhere[(labels > 0) & (labels != BONE)],
    }
    names: list[str] = []
    rows: list[FloatArray] = []
    for kind, points in found.items():
        kept = that_stay(points, grid, motions)
        chosen = kept[
            np.unique(np.linspace(0, len(kept) - 1, min(MOST[kind], len(kept))).round().astype(int))
        ]
        rows.append(chosen)
        names += [f"{kind} {n + 1}" for n in range(len(chosen))]
    points = np.concatenate([*rows, patient.tumour_mm[None]])
    return PointSet(points, names=(*names, "tumour centre"), name="planning landmarks")


def that_stay(points: FloatArray, grid: Grid, motions: Sequence[Motion]) -> FloatArray:
    """The points that are two voxels or more within the grid, there and where they go."""
    border = BORDER_VOXELS
    inner = Grid.make(
        [max(1, n - 2 * border) for n in grid.size],
        grid.spacing,
        grid.points([border] * 3).tolist(),
        grid.direction,
    )
    seen = inner.contains(points)
    for motion in motions:
        seen &= inner.contains(points + motion.displacement(points)[0])
    return points[seen]
