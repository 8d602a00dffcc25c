"""Structures from .vtp and .stl: closed surfaces or stacks of planar contours, told apart by their cells."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry.structure import ContourStructure, SurfaceStructure
from RegSuite.io.contours import fault_in_planes, without_repeats
from RegSuite.io.surface_file import Cells, read_cells

Space = Literal["LPS", "RAS"]
_TO_LPS = {"LPS": np.ones(3), "RAS": np.array([-1.0, -1.0, 1.0])}


def read_surface_structure(
    path: Path, name: str, space: Space = "LPS", warnings: list[str] | None = None
) -> ContourStructure | SurfaceStructure:
    """The structure in one file. space: of the file's coordinates; the structure is in LPS mm.

    Lines are contours, and so are polygons of which no two share an edge; polygons that share
    every edge with one other are a closed surface, whose triangles face outward here.
    Raises InputError for open contours, contours that are not flat and parallel, and surfaces
    that are not closed, with the number of open edges.
    """
    cells = read_cells(path)
    points = cells.points * _TO_LPS[space]
    if cells.lines and cells.polygons:
        raise InputError(
            f"{len(cells.lines)} lines and {len(cells.polygons)} polygons: contours or a surface?",
            where=str(path),
            mend="keep one of the two",
        )
    if cells.lines:
        return _contours(_closed_lines(cells, path), points, name, path, warnings)
    if not cells.polygons:
        raise InputError(
            "the file holds points only", where=str(path), mend="write the surface or the contours"
        )
    shared = _shared(cells)
    if (shared == 1).all() and path.suffix.lower() != ".stl":
        return _contours(cells.polygons, points, name, path, warnings)
    return _surface(cells, points, shared, name, path)


def _closed_lines(cells: Cells, path: Path) -> list[NDArray[np.int64]]:
    open_ = [line for line in cells.lines if len(line) < 3 or line[0] != line[-1]]
    if open_:
        gap = max(float(np.linalg.norm(cells.points[line[0]] - cells.points[line[-1]])) for line in open_)
        raise InputError(
            f"{len(open_)} of {len(cells.lines)} contours are open, with ends up to {gap:.3g} mm apart",
            where=str(path),
            mend="close the contours",
        )
    return list(cells.lines)


def _contours(
    rings: tuple[NDArray[np.int64], ...] | list[NDArray[np.int64]],
    points: NDArray[np.float64],
    name: str,
    path: Path,
    warnings: list[str] | None,
) -> ContourStructure:
    """A stack of planar contours."""
    drawn = [without_repeats(points[ring]) for ring in rings]
    kept = [c for c in drawn if len(c) >= 3]
    if len(kept) < len(drawn) and warnings is not None:
        few = len(drawn) - len(kept)
        warnings.append(f"structure '{name}': {few} contours of fewer than 3 points left out")
    why = fault_in_planes(kept) if kept else "it has no contours"
    if why is not None:
        raise InputError(f"no stack of contours: {why}", where=str(path), mend="draw flat, parallel contours")
    return ContourStructure(name, tuple(kept))


def _shared(cells: Cells) -> NDArray[np.int64]:
    """How many polygons each edge belongs to."""
    edges = np.concatenate([np.stack([p, np.roll(p, -1)], axis=1) for p in cells.polygons])
    counts: NDArray[np.int64] = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)[1]
    return counts


def _surface(
    cells: Cells, points: NDArray[np.float64], shared: NDArray[np.int64], name: str, path: Path
) -> SurfaceStructure:
    """A closed surface of triangles that face outward."""
    if (shared % 2 == 1).any():
        raise InputError(
            f"the surface is not closed: {int((shared % 2 == 1).sum())} of {len(shared)} edges are open",
            where=str(path),
            mend="close its holes (Slicer: Surface Toolbox, fill holes)",
        )
    triangles = _triangles(cells)
    corners = points[triangles] - points.mean(axis=0)
    if not _is_wound_alike(triangles):
        raise InputError(
            "neighbouring triangles of the surface face different ways",
            where=str(path),
            mend="make its normals consistent (Slicer: Surface Toolbox, normals)",
        )
    volume = float(np.einsum("ni,ni->n", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()) / 6
    if volume == 0:
        raise InputError("the surface encloses nothing", where=str(path), mend="write the surface anew")
    return SurfaceStructure(name, points, triangles[:, ::-1].copy() if volume < 0 else triangles)


def _is_wound_alike(triangles: NDArray[np.int64]) -> bool:
    """Whether each edge is run through as often one way as the other."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    which = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    ways = np.bincount(which, weights=np.where(edges[:, 0] < edges[:, 1], 1.0, -1.0))
    return not ways.any()


def _triangles(cells: Cells) -> NDArray[np.int64]:
    """[m, 3] the polygons as fans of triangles (they are flat and convex in surfaces), none without area."""
    fans = [np.stack([np.full(len(p) - 2, p[0]), p[1:-1], p[2:]], axis=1) for p in cells.polygons]
    return np.concatenate(fans)
