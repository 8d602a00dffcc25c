"""The surface of a structure as many small elements: where each lies, and how much area it stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid
from RegSuite.geometry.structure import ContourStructure, Structure, SurfaceStructure
from RegSuite.pointcloud.between_slices import with_slices_between
from RegSuite.pointcloud.contour_stack import stacked

FloatArray = NDArray[np.float64]

SMOOTHING_VOXELS = 0.7
"""Standard deviation by which the steps of a label map are smoothed, along each axis."""
_KEPT_VOLUME = 0.05
"""Where the smoothed map's surface at 0.5 changes the volume by more, it runs where the volume is kept."""
_BORDER_VOXELS = 0.25
"""So near to the first or last voxels of a scan a surface's points are of its cut face."""


@dataclass(frozen=True, eq=False)
class SurfaceElements:
    """points [n, d] in LPS mm and the area [n] in mm^2 (2D: length in mm) that each stands for.

    cut_mm2: area by the side of the scan ("superior", ...) on which the field of view cuts the structure;
    no element lies there, for the cut is no surface of the organ.
    """

    points: FloatArray
    areas: FloatArray
    cut_mm2: dict[str, float]

    @property
    def area(self) -> float:
        """All of it, mm^2 (2D: mm)."""
        return float(self.areas.sum())


def elements_of(
    structure: Structure, rng: np.random.Generator, step_mm: float, within: Grid | None = None
) -> SurfaceElements:
    """The surface of a structure in elements of at most about step_mm^2 (of voxels: as fine as they are).

    within: the scan's grid; what lies on its border is a cut and left out. Voxels have a border of 0 where
    they end within the scan, as `read_label_structures` gives them.
    """
    if isinstance(structure, SurfaceStructure):
        return _inside(_of_triangles(structure, rng, step_mm), within)
    if isinstance(structure, ContourStructure):
        inside, grid = stacked(structure, step_mm)
        return _inside(of_voxels(inside, grid), within)
    return of_voxels(structure.inside.data[0].cpu().numpy(), structure.inside.grid)


def of_voxels(inside: NDArray[np.generic], grid: Grid) -> SurfaceElements:
    """inside [*grid.shape] 0..1. One element for each edge between voxel centres that the surface cuts.

    A surface cuts sum_a |n_a| / A_a edges an area, with normal n and A_a the area of a voxel across axis a:
    the area of an element is the inverse of that. The last voxels of the grid are taken to go on beyond.
    """
    from scipy import ndimage

    given, on = np.asarray(inside, dtype=np.float32), grid
    solid, grid = with_slices_between(given, on)
    pad = 3
    padded = np.pad(solid, pad, mode="edge")
    smooth = ndimage.gaussian_filter(padded, SMOOTHING_VOXELS, mode="nearest", truncate=4)
    part = (slice(pad, -pad),) * solid.ndim
    level = _level(smooth[part], float(solid.sum()))
    slopes = np.stack(np.gradient(smooth))[(slice(None), *part)]
    smooth = smooth[part]
    spacing = np.asarray(grid.spacing[::-1])
    density = np.prod(spacing) / spacing  # A_a, by array axis
    places, areas = [], []
    for axis in range(solid.ndim):
        low, share = _crossings(smooth, axis, level)
        if not len(low):
            continue
        high = low.copy()
        high[:, axis] += 1
        normal = (1 - share) * slopes[:, *low.T] + share * slopes[:, *high.T]
        normal /= spacing[:, None]
        length = np.linalg.norm(normal, axis=0)
        flat = length < 1e-12
        normal[axis, flat], length[flat] = 1.0, 1.0
        areas.append(1 / ((np.abs(normal) / length) / density[:, None]).sum(axis=0))
        place = low.astype(np.float64)
        place[:, axis] += share
        places.append(place[:, ::-1])
    index = np.concatenate(places) if places else np.zeros((0, solid.ndim))
    area = np.concatenate(areas) if areas else np.zeros(0)
    return SurfaceElements(grid.points(index), area.astype(np.float64), _cuts(given, on))


def _level(smooth: FloatArray, volume_voxels: float) -> float:
    """0.5; of what is so thin that smoothing eats it, the level that keeps the volume."""
    count = min(max(round(volume_voxels), 1), smooth.size - 1)
    if abs(float((smooth >= 0.5).sum()) / count - 1) <= _KEPT_VOLUME:
        return 0.5
    ordered = np.partition(smooth.ravel(), [smooth.size - count - 1, smooth.size - count])
    return float(ordered[smooth.size - count - 1] + ordered[smooth.size - count]) / 2


def _crossings(smooth: FloatArray, axis: int, level: float) -> tuple[NDArray[np.int64], FloatArray]:
    """Edges along an axis [n, d] (array indices of their first voxel) that the level cuts, and where [n]."""
    here = np.moveaxis(smooth, axis, 0)
    above = here >= level
    found = np.argwhere(above[1:] != above[:-1])
    low = here[tuple(found.T)].astype(np.float64)
    high = here[tuple((found + np.eye(1, found.shape[1], dtype=np.int64)).T)].astype(np.float64)
    order = [*range(1, axis + 1), 0, *range(axis + 1, smooth.ndim)]
    return found[:, order], (level - low) / (high - low)


def _cuts(solid: NDArray[np.float32], grid: Grid) -> dict[str, float]:
    """Area of the structure in the first and last planes of the grid, by side; none of an axis of one."""
    out: dict[str, float] = {}
    for array_axis, size in enumerate(solid.shape):
        axis = solid.ndim - 1 - array_axis
        for end in (0, -1) if size > 1 else ():
            held = float((np.take(solid, end, axis=array_axis) >= 0.5).sum())
            if held:
                side = _side(np.asarray(grid.direction)[:, axis] * (1 if end else -1))
                area = held * grid.voxel_volume / grid.spacing[axis]
                out[side] = out.get(side, 0.0) + area
    return out


def _side(outward: FloatArray) -> str:
    """The side of the body to which a direction points most; of slices the axis."""
    axis = int(np.abs(outward).argmax())
    if len(outward) == 2:
        return f"{'-+'[int(outward[axis] > 0)]}{'xy'[axis]}"
    names = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
    return names[axis][int(outward[axis] > 0)]


def _of_triangles(structure: SurfaceStructure, rng: np.random.Generator, step_mm: float) -> SurfaceElements:
    """Places drawn evenly by area on the triangles."""
    corners = structure.points[structure.triangles]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = np.linalg.norm(np.cross(one, other), axis=1) / 2
    total = float(areas.sum())
    count = max(int(np.ceil(total / step_mm**2)), 1)
    chosen = np.searchsorted(np.cumsum(areas), rng.random(count) * total).clip(0, len(areas) - 1)
    a, b = rng.random((2, count, 1))
    over = a + b > 1
    a, b = np.where(over, 1 - a, a), np.where(over, 1 - b, b)
    points = corners[chosen, 0] + a * one[chosen] + b * other[chosen]
    return SurfaceElements(points, np.full(count, total / count), {})


def _inside(found: SurfaceElements, grid: Grid | None) -> SurfaceElements:
    """Without what lies on or beyond the border of the scan, which is counted as cut."""
    if grid is None:
        return found
    index = grid.index(found.points)
    last = np.asarray(grid.size) - 1
    keep = np.ones(len(index), dtype=bool)
    cuts: dict[str, float] = {}
    for axis in range(grid.ndim):
        if last[axis] == 0:
            continue
        for sign, beyond in (
            (-1, index[:, axis] < _BORDER_VOXELS),
            (1, index[:, axis] > last[axis] - _BORDER_VOXELS),
        ):
            if beyond.any():
                side = _side(np.asarray(grid.direction)[:, axis] * sign)
                cuts[side] = cuts.get(side, 0.0) + float(found.areas[beyond].sum())
                keep &= ~beyond
    return SurfaceElements(found.points[keep], found.areas[keep], {**found.cut_mm2, **cuts})
