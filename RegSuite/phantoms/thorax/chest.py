"""What a course around a real scan needs to know of the chest in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.thorax.lungs import lungs_of

FloatArray = NDArray[np.float64]

FROM_BORDER_MM = 30.0
"""A target stands so far from the scan's border where it can, so that it does not move out of sight."""


@dataclass(frozen=True, eq=False)
class Chest:
    """lungs [Z, Y, X]; target: a ball in them; middle, window: of the breathing (see Motion); outline: of
    the skin, as Beams takes it. LPS mm.
    """

    lungs: NDArray[np.bool_]
    target_mm: FloatArray
    radius_mm: float
    middle_mm: FloatArray
    window_mm: FloatArray
    outline: FloatArray


def chest_of(image: Image, labels: Image | None, names: Mapping[int, str], rng: np.random.Generator) -> Chest:
    """Lungs by the labels called so, else by HU; the target's place and size are drawn."""
    grid = image.grid
    numbers = [v for v, name in names.items() if "lung" in name.lower()]
    drawn = labels is not None and bool(numbers)
    lungs = np.isin(labels.data[0].numpy(), numbers) if labels is not None and drawn else lungs_of(image)
    spacing = grid.spacing[::-1]
    depth = ndimage.distance_transform_edt(np.pad(lungs, 1), spacing)[1:-1, 1:-1, 1:-1]
    radius = min(float(rng.uniform(9, 15)), 0.8 * float(depth.max()))
    target = _target(grid, depth, radius, rng)
    inside = grid.all_points()[lungs]
    low, high = np.percentile(inside, [1, 99], axis=0)
    reach = high - low
    middle, outer = (low + high) / 2, grid.all_points()[image.data[0].numpy() > -300]
    body_low, body_high = outer.min(axis=0), outer.max(axis=0)
    return Chest(
        lungs=lungs,
        target_mm=target,
        radius_mm=radius,
        middle_mm=np.array([middle[0], middle[1] - 0.08 * reach[1], low[2] + 0.35 * reach[2]]),
        window_mm=np.array([0.55 * reach[0], 0.55 * reach[1], max(18.0, 0.15 * reach[2])]),
        outline=np.array(
            [
                *((body_low + body_high) / 2)[:2],
                *(0.56 * (body_high - body_low))[:2],
            ]
        ),
    )


def _target(grid: Grid, depth: FloatArray, radius_mm: float, rng: np.random.Generator) -> FloatArray:
    """[3] a place whose depth in the lungs is `radius_mm` or more; the deepest where there is none."""
    inner = np.zeros(grid.shape, dtype=bool)
    margin = [
        min(int(np.ceil(FROM_BORDER_MM / s)), n // 4)
        for s, n in zip(grid.spacing[::-1], grid.shape, strict=True)
    ]
    inner[tuple(slice(m, n - m) for m, n in zip(margin, grid.shape, strict=True))] = True
    fits = np.argwhere((depth >= radius_mm) & inner)
    if not len(fits):
        fits = np.argwhere(depth == depth.max())
    z, y, x = fits[int(rng.integers(len(fits)))]
    return grid.points([x, y, z])
