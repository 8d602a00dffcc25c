"""A stack of planar contours as voxels of its own planes, fine within them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import ContourStructure

FloatArray = NDArray[np.float64]

_ONE_PLANE_MM = 0.01
_BRIDGED = 3.0
"""Planes missing over fewer slice distances than this are taken to go on; over more there is nothing."""
_MARGIN = 2
_MOST_PIXELS = 256


def stacked(structure: ContourStructure, pixel_mm: float) -> tuple[NDArray[np.float32], Grid]:
    """inside [z, y, x] (0 or 1) and its grid, whose z is across the planes; a border of 0 about it.

    Contours of a plane are joined by exclusive or. Each plane stands for half a slice on both sides.
    Raises GeometryError for fewer than two planes: one has no thickness.
    """
    frame = _frame(structure)
    drawn = [contour @ frame for contour in structure.contours]
    heights = np.array([float(ring[:, 2].mean()) for ring in drawn])
    planes = _planes(heights)
    if len(planes) < 2:
        raise GeometryError(
            "drawn on one slice only: it has no thickness",
            where=f"structure {structure.name!r}",
            mend="draw it on the neighbouring slices too, or leave it out",
        )
    distance = float(np.median(np.diff(planes)))
    levels = max(round((planes[-1] - planes[0]) / distance) + 1, 2)
    corners = np.concatenate([ring[:, :2] for ring in drawn])
    low, extent = corners.min(axis=0), np.ptp(corners, axis=0)
    pixel = max(pixel_mm, float(extent.max()) / _MOST_PIXELS)
    size = np.ceil(extent / pixel).astype(int) + 1 + 2 * _MARGIN
    origin = np.array([*(low - _MARGIN * pixel), planes[0] - _MARGIN * distance])
    inside = np.zeros((levels + 2 * _MARGIN, size[1], size[0]), dtype=np.float32)
    flat = [((ring[:, :2] - origin[:2]) / pixel) for ring in drawn]
    masks = [
        _filled([f for f, h in zip(flat, heights, strict=True) if abs(h - at) < _ONE_PLANE_MM], size)
        for at in planes
    ]
    for level in range(levels):
        at = planes[0] + level * distance
        nearest = int(np.abs(planes - at).argmin())
        if abs(planes[nearest] - at) <= distance * _BRIDGED / 2:
            inside[level + _MARGIN] = masks[nearest]
    grid = Grid.make(inside.shape[::-1], (pixel, pixel, distance), (frame @ origin).tolist(), frame)
    return inside, grid


def _planes(heights: FloatArray) -> FloatArray:
    """Heights of the planes, each once."""
    ordered = np.sort(heights)
    return ordered[np.diff(ordered, prepend=-np.inf) > _ONE_PLANE_MM]


def _frame(structure: ContourStructure) -> FloatArray:
    """[3, 3] columns: two axes of the planes, and their normal; right-handed."""
    largest = max(structure.contours, key=lambda c: float(np.linalg.norm(np.ptp(c, axis=0))))
    centred = largest - largest.mean(axis=0)
    area = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    normal = area / np.linalg.norm(area)
    normal *= np.sign(normal[np.abs(normal).argmax()])
    first = np.eye(3)[np.abs(normal).argmin()]
    first = first - normal * (first @ normal)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first), normal], axis=1)


def _filled(rings: list[FloatArray], size: NDArray[np.int64]) -> NDArray[np.float32]:
    """Pixels [y, x] whose centres lie within an odd number of rings [n, 2] (pixel indices x, y)."""
    toggles = np.zeros((size[1], size[0] + 1), dtype=np.int32)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            rows = np.arange(int(np.ceil(min(y0, y1))), int(np.ceil(max(y0, y1))))
            if len(rows):
                cut = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
                np.add.at(toggles, (rows, np.ceil(cut).astype(int)), 1)
    return (np.cumsum(toggles, axis=1)[:, :-1] % 2).astype(np.float32)
