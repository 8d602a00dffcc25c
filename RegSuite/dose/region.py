"""Any structure as lines: what part of space it is, under the stated rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose import kernels
from RegSuite.dose.lines import Lines, runs
from RegSuite.dose.plane_lines import plane_lines
from RegSuite.dose.planes import EndSlices, PlaneStack, plane_stack
from RegSuite.dose.voxel_lines import share_values, voxel_lines
from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import ContourStructure, Structure, SurfaceStructure, VoxelStructure

Floats = NDArray[np.float64]

_END_WORDS: dict[EndSlices, str] = {
    "half": "half a slice beyond the end slices",
    "tapered": "tapering over half a slice beyond the end slices",
    "none": "ending in the end slices",
}
_OFF_EDGES = 2.3e-5
"""Share of a step by which rays are moved, so that none runs along an edge of an axis-aligned surface."""


@dataclass(frozen=True, eq=False)
class Region:
    """A structure made ready to be cut into lines as fine as asked for.

    rule: what the region is, in words. stack: of contours, else None.
    smallest_mm: its thinnest extent. across_mm2: the area across the lines that holds it.
    """

    structure: Structure
    axes: Floats
    rule: str
    smallest_mm: float
    across_mm2: float
    stack: PlaneStack | None = None

    @property
    def slices(self) -> int | None:
        """How many planes it is drawn on; None of what is not drawn on planes."""
        return None if self.stack is None else self.stack.slices

    def lines(self, step_mm: float) -> Lines:
        """Parallel segments whose bars are at most `step_mm` wide. Exact along them."""
        if self.stack is not None:
            parts = [plane_lines(plane, self.axes, step_mm) for plane in self.stack.planes]
            return Lines.joined(parts, self.axes)
        if isinstance(self.structure, SurfaceStructure):
            return _surface_lines(self.structure, self.axes, step_mm)
        assert isinstance(self.structure, VoxelStructure)
        return voxel_lines(self.structure, self.axes, step_mm)

    def corners(self) -> Floats:
        """[n, 3] LPS mm: points of its outer face, where the least dose may lie; of voxels none."""
        if isinstance(self.structure, SurfaceStructure):
            return self.structure.points
        if self.stack is None:
            return np.zeros((0, 3))
        faces = [
            np.column_stack([outline, np.full(len(outline), height)])
            for plane in self.stack.planes
            for outline in plane.outlines
            for height in (plane.low_mm, plane.high_mm)
        ]
        return np.concatenate(faces) @ self.axes


def region_of(
    structure: Structure, grid: Grid, end_slices: EndSlices = "half", single_mm: float | None = None
) -> Region:
    """The region of a structure; its lines follow the x axis of `grid` (the dose's) where they may.

    Raises GeometryError for what has no volume: no contours, one plane without thickness
    (single_mm), a surface that is not closed.
    """
    directions = np.asarray(grid.direction, float).T
    if isinstance(structure, ContourStructure):
        stack = plane_stack(structure, directions[0], end_slices, single_mm)
        points = np.concatenate([o for plane in stack.planes for o in plane.outlines])
        thickness = sum(p.high_mm - p.low_mm for p in stack.planes)
        extent = np.append(np.ptp(points, axis=0), thickness)
        rule = f"contours (exclusive or), slabs, {_END_WORDS[end_slices]}"
        return _region(structure, stack.axes, rule, extent, stack)
    if isinstance(structure, SurfaceStructure):
        _check_surface(structure)
        extent = np.ptp((structure.points @ directions.T)[np.unique(structure.triangles)], axis=0)
        return _region(structure, directions, "closed surface", extent)
    return _voxel_region(structure)


def _region(
    structure: Structure, axes: Floats, rule: str, extent_mm: Floats, stack: PlaneStack | None = None
) -> Region:
    """The region of that extent along its lines and across them. Raises GeometryError for a flat one."""
    if not extent_mm.min() > 0:
        raise GeometryError("it has no volume", where=f"structure {structure.name!r}", mend="leave it out")
    return Region(structure, axes, rule, float(extent_mm.min()), float(extent_mm[1] * extent_mm[2]), stack)


def open_edges(triangles: NDArray[np.int64]) -> int:
    """How many edges do not belong to an even number of triangles; 0 of a closed surface."""
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    edges = edges[edges[:, 0] != edges[:, 1]]
    if not len(edges):
        return 0
    whole = edges[:, 0] * (int(edges.max()) + 1) + edges[:, 1]  # one number an edge sorts faster than two
    _, counts = np.unique(whole, return_counts=True)
    return int((counts % 2 != 0).sum())


def _check_surface(structure: SurfaceStructure) -> None:
    where = f"structure {structure.name!r}"
    if len(structure.triangles) == 0:
        raise GeometryError("its surface has no triangles", where=where, mend="leave it out")
    if not np.isfinite(structure.points).all():
        raise GeometryError("its surface has points that are not finite", where=where)
    missing = open_edges(structure.triangles)
    if missing:  # perhaps points that lie on each other are written apart, as STL has them
        _, same = np.unique(structure.points, axis=0, return_inverse=True)
        missing = open_edges(same.reshape(-1)[structure.triangles])
    if missing:
        raise GeometryError(
            f"its surface is not closed: {missing} edges belong to one triangle only",
            where=where,
            mend="fill the holes (in Slicer: Surface Toolbox), or give contours or a label map",
        )


def _surface_lines(structure: SurfaceStructure, axes: Floats, step_mm: float) -> Lines:
    """Rays along the first axis, fitted between the surface's faces across it."""
    points = np.ascontiguousarray(structure.points @ axes.T)
    low, high = points[:, 1:].min(axis=0), points[:, 1:].max(axis=0)
    rows = np.maximum(np.ceil((high - low) / step_mm).astype(int), 1)
    step = (high - low) / rows
    first = low + step * (0.5 + _OFF_EDGES * np.array([1.0, np.sqrt(2.0)]))
    ny, nz = int(rows[0]), int(rows[1])
    triangles = np.ascontiguousarray(structure.triangles, np.int64)
    counts = np.zeros(ny * nz, np.int64)
    kernels.surface_crossings(points, triangles, first, step, (ny, nz), counts, np.zeros(0), False)
    row, begin, end = runs(
        counts,
        lambda at, places: kernels.surface_crossings(
            points, triangles, first, step, (ny, nz), at, places, True
        ),
    )
    local = np.stack([begin, first[0] + (row % ny) * step[0], first[1] + (row // ny) * step[1]], axis=1)
    across = np.broadcast_to(step, (len(row), 2))
    return Lines(local @ axes, end - begin, across, np.ones(len(row)), axes)


def _voxel_region(structure: VoxelStructure) -> Region:
    grid = structure.inside.grid
    if grid.ndim != 3:
        raise GeometryError("its voxels are 2D", where=f"structure {structure.name!r}", mend="give a volume")
    inside = share_values(structure)
    found = [np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis))) for axis in (2, 1, 0)]
    if not len(found[0]):
        raise GeometryError("it has no voxels", where=f"structure {structure.name!r}", mend="leave it out")
    extent = np.array(
        [(int(f[-1]) - int(f[0]) + 1) * float(s) for f, s in zip(found, grid.spacing, strict=True)]
    )
    return _region(structure, np.asarray(grid.direction, float).T, "voxels by their share", extent)
