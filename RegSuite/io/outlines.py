"""Closed outlines of structures on the planes of a scan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid, SurfaceStructure, VoxelStructure
from RegSuite.io.contours import without_repeats

FloatArray = NDArray[np.float64]

SMALLEST_MM2 = 1e-6
"""Outlines of less area are none."""


def outlines(structure: SurfaceStructure | VoxelStructure, planes: Grid) -> dict[int, list[FloatArray]]:
    """Plane number (z of `planes`) -> closed outlines [n, 3] in LPS mm; holes are outlines within others.

    A surface is cut where the plane lies. Of voxels the share that is inside is taken linearly onto the
    plane's pixels, and the outline runs where it is one half: between the centres of voxels in and out.
    It cuts corners: half a pixel of area is lost for each outline of whole voxels. Planes are not cut
    at the scan's sides, but there are none beyond its ends.
    """
    if isinstance(structure, SurfaceStructure):
        found = _of_surface(structure, planes)
    else:
        found = _of_voxels(structure, planes)
    out: dict[int, list[FloatArray]] = {}
    for plane, ring in found:
        points = without_repeats(planes.points(np.column_stack([ring, np.full(len(ring), plane)])))
        if len(points) >= 3 and _area(points) > SMALLEST_MM2:
            out.setdefault(plane, []).append(points)
    return out


def beyond_mm(structure: SurfaceStructure | VoxelStructure, planes: Grid) -> float:
    """How far a structure reaches beyond the first or the last plane; 0 where the planes hold it.

    Of voxels their centres count, of those that are at least half inside.
    """
    if isinstance(structure, SurfaceStructure):
        points = structure.points
    else:
        held = np.argwhere(structure.inside.data[0].cpu().numpy() >= 0.5)
        points = structure.inside.grid.points(held[:, ::-1])
    if len(points) == 0:
        return 0.0
    heights = planes.index(points)[:, 2]
    most = max(-float(heights.min()), float(heights.max()) - (planes.size[2] - 1), 0.0)
    return most * planes.spacing[2]


def _area(points: FloatArray) -> float:
    around = points - points[0]
    return float(np.linalg.norm(np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)) / 2)


def _of_voxels(structure: VoxelStructure, planes: Grid) -> Iterator[tuple[int, FloatArray]]:
    """(plane, ring [n, 2] of pixel indices x, y)."""
    from contourpy import LineType, contour_generator

    from RegSuite.numerics.resample import warp

    inside = structure.inside
    ends = planes.index(inside.grid.corners())
    low = np.floor(ends.min(axis=0)).astype(int) - 1
    high = np.ceil(ends.max(axis=0)).astype(int) + 1
    low[2], high[2] = max(low[2], 0), min(high[2], planes.size[2] - 1)
    if low[2] > high[2]:
        return
    size = (high - low + 1).tolist()
    box = Grid.make(size, planes.spacing, planes.points(low).tolist(), planes.direction)
    affine = (inside.grid.inverse_matrix @ box.matrix)[:3]
    shares = warp(inside.data.float(), box.shape, affine, outside=0.0)[0].cpu().numpy()
    for number, share in enumerate(shares):
        if share.max() < 0.5:
            continue
        # one pixel more of nothing, so that every line is closed
        framed = np.pad(share.astype(np.float64), 1)
        lines = contour_generator(z=framed, line_type=LineType.Separate).lines(0.5)
        for line in lines:
            assert isinstance(line, np.ndarray)
            yield int(low[2]) + number, line + (low[:2] - 1)


def _of_surface(structure: SurfaceStructure, planes: Grid) -> Iterator[tuple[int, FloatArray]]:
    """(plane, ring [n, 2] of pixel indices x, y)."""
    # an STL file has every triangle's points apart: those at one place are one point
    points, same = np.unique(structure.points, axis=0, return_inverse=True)
    index, triangles = planes.index(points), same.reshape(-1)[structure.triangles]
    heights = index[:, 2][triangles]
    first = max(int(np.ceil(index[:, 2].min())), 0)
    last = min(int(np.floor(index[:, 2].max())), planes.size[2] - 1)
    for plane in range(first, last + 1):
        above = heights >= plane
        cut = above.any(axis=1) & ~above.all(axis=1)
        for keys in _rings(triangles[cut], above[cut], len(index)):
            one, other = np.divmod(keys, len(index))
            share = (plane - index[one, 2]) / (index[other, 2] - index[one, 2])
            yield plane, index[one, :2] + share[:, None] * (index[other, :2] - index[one, :2])


def _rings(triangles: NDArray[np.int64], above: NDArray[np.bool_], count: int) -> Iterator[NDArray[np.int64]]:
    """Closed chains of cut edges, each named lower vertex * count + higher vertex."""
    # one vertex of a cut triangle lies alone on its side
    lonely = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(triangles))
    alone = triangles[rows, lonely]
    ends = [triangles[rows, (lonely + step) % 3] for step in (1, 2)]
    edges = [np.minimum(alone, e) * count + np.maximum(alone, e) for e in ends]
    # all segments run with what is above on the same side
    up = above[rows, lonely]
    start, stop = np.where(up, edges[0], edges[1]), np.where(up, edges[1], edges[0])
    follow: dict[int, list[int]] = {}
    for a, b in zip(start.tolist(), stop.tolist(), strict=True):
        follow.setdefault(a, []).append(b)
    while follow:
        begin = next(iter(follow))
        ring, at = [], begin
        while at in follow:
            ring.append(at)
            nexts = follow[at]
            after = nexts.pop()
            if not nexts:
                del follow[at]
            at = after
        if at == begin:
            yield np.array(ring, dtype=np.int64)
