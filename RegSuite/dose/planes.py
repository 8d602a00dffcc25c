"""The planes of a contoured structure: their frame, distances, and the slab that each stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.plane import Plane
from RegSuite.dose.tapered_ends import tapered
from RegSuite.errors import GeometryError
from RegSuite.geometry.structure import ContourStructure

Floats = NDArray[np.float64]
EndSlices = Literal["half", "tapered", "none"]

PLANE_TOLERANCE_MM = 0.05
"""How far a point may lie from its contour's plane, and two contours of one plane from each other."""
GAP_FACTOR = 1.5
"""Planes further apart than this many slice distances are not joined."""


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """Parallel planes in order. axes [3, 3]: rows u, v (in the plane) and w (its normal), in LPS.

    distance_mm: the usual one between slices (0 for a single plane). gaps: how many distances are so
    much larger that the planes on both sides are not joined. slices: how many planes are drawn on;
    tapered ends add planes of their own.
    """

    planes: tuple[Plane, ...]
    axes: Floats
    distance_mm: float
    gaps: int
    slices: int


def plane_stack(
    structure: ContourStructure, along: Floats, end_slices: EndSlices = "half", single_mm: float | None = None
) -> PlaneStack:
    """The planes of a structure, each with the slab from half-way to the plane below to half-way above.

    The end slices reach half a slice distance beyond their plane, as large as in it (half) or shrinking
    to a point (tapered), or end in it (none); so do planes beside a gap. along [3]: direction (LPS)
    that u follows as far as the plane lets it.
    single_mm: thickness of a structure of one plane. Raises GeometryError for contours that are
    not planar or not parallel, or a single plane without a thickness.
    """
    axes = _frame(structure, along)
    by_height: list[tuple[float, Floats]] = []
    for number, contour in enumerate(structure.contours, 1):
        local = contour @ axes.T
        spread = float(np.ptp(local[:, 2]))
        if spread > 2 * PLANE_TOLERANCE_MM:
            raise GeometryError(
                f"contour {number} leaves the common plane direction by {spread:.2f} mm",
                where=f"structure {structure.name!r}",
                mend="give contours that are planar and parallel, or a closed surface",
            )
        by_height.append((float(local[:, 2].mean()), local[:, :2].copy()))
    by_height.sort(key=lambda item: item[0])
    groups: list[tuple[float, list[Floats]]] = []
    for height, outline in by_height:
        if groups and height - groups[-1][0] <= 2 * PLANE_TOLERANCE_MM:
            groups[-1][1].append(outline)
        else:
            groups.append((height, [outline]))
    return _with_slabs(structure.name, groups, axes, end_slices, single_mm)


def _frame(structure: ContourStructure, along: Floats) -> Floats:
    """u, v, w of the contours' planes, w from the contour that spans most."""
    normals = [_normal(contour) for contour in structure.contours]
    if not normals:
        raise GeometryError("it has no contours", where=f"structure {structure.name!r}", mend="leave it out")
    largest = normals[int(np.argmax([np.linalg.norm(n) for n in normals]))]
    size = float(np.linalg.norm(largest))
    if size == 0.0:
        raise GeometryError("its contours have no area", where=f"structure {structure.name!r}")
    w = largest / size
    w = w if w[np.argmax(np.abs(w))] > 0 else -w
    if np.max(np.abs(w)) > 1 - 1e-9:  # an axis of LPS but for rounding
        w = np.round(w)
    u = along - (along @ w) * w
    if np.linalg.norm(u) < 0.1:
        other = np.eye(3)[int(np.argmin(np.abs(w)))]
        u = other - (other @ w) * w
    u = u / np.linalg.norm(u)
    return np.stack([u, np.cross(w, u), w])


def _normal(contour: Floats) -> Floats:
    """Twice the vector area of a contour (Newell)."""
    centred = contour - contour.mean(axis=0)
    total: Floats = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    return total


def _with_slabs(
    name: str,
    groups: list[tuple[float, list[Floats]]],
    axes: Floats,
    end_slices: EndSlices,
    single_mm: float | None,
) -> PlaneStack:
    heights = np.array([height for height, _ in groups])
    steps = np.diff(heights)
    if len(heights) == 1 and single_mm is None:
        raise GeometryError(
            "it has contours on one plane only, so its thickness is not known",
            where=f"structure {name!r}",
            mend="give the slice distance, or a structure of two slices or more",
        )
    distance = float(np.median(steps)) if len(steps) else 0.0
    joined = steps <= GAP_FACTOR * distance * (1 + 1e-6)
    end = (0.5 * distance if len(steps) else 0.5 * float(single_mm or 0.0)) * (end_slices != "none")
    if len(heights) == 1:
        end = 0.5 * float(single_mm or 0.0)
    up = np.append(np.where(joined, steps / 2, end), end)
    down = np.insert(np.where(joined, steps / 2, end), 0, end)
    planes = tuple(
        Plane(tuple(outlines), height, height - below, height + above)
        for (height, outlines), below, above in zip(groups, down, up, strict=True)
    )
    if end_slices == "tapered":
        planes = _tapered(planes, joined)
    return PlaneStack(planes, axes, distance, int((~joined).sum()), len(heights))


def _tapered(planes: tuple[Plane, ...], joined: NDArray[np.bool_]) -> tuple[Plane, ...]:
    """The planes with every end replaced by shrinking slabs; joined [n - 1]: whether neighbours are."""
    below, above = ~np.insert(joined, 0, False), ~np.append(joined, False)
    parts = [tapered(p, below=bool(b), above=bool(a)) for p, b, a in zip(planes, below, above, strict=True)]
    return tuple(plane for part in parts for plane in part)
