"""The vessels of the lungs and the great ones: tapered segments, and which of them pass near a place."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from RegSuite.phantoms.thorax.form_kernels import lung, spine_y
from RegSuite.phantoms.thorax.shape import Shape
from RegSuite.phantoms.thorax.vessel_kernels import CELL_MM

FloatArray = NDArray[np.float64]

TWIGS = 150
"""Ends of the vessel tree of each lung; the tree has about four segments an end."""

TWIG_RADIUS_MM = 0.95
REACH_MM = 4.0
"""Beyond its radius a segment is looked for this far: edges are softer than that nowhere."""

PULMONARY, AORTA, OTHER = 0, 1, 2


class Segments(NamedTuple):
    """ends [n, 8]: both ends (x, y, z) in LPS mm and both radii; kind [n]: PULMONARY, AORTA or OTHER.

    A lattice of cells over all of them says which come near: those of cell c are
    members[starts[c]:starts[c + 1]]. corner [3], size [3]: the lattice, x fastest.
    """

    ends: FloatArray
    kind: NDArray[np.int64]
    corner: FloatArray
    size: NDArray[np.int64]
    starts: NDArray[np.int64]
    members: NDArray[np.int64]


def draw_vessels(shape: Shape, rng: np.random.Generator) -> tuple[Segments, FloatArray]:
    """The segments, and the points [m, 3] where vessels of the lungs fork."""
    rows, kinds, forks = [], [], []
    for side in (-1.0, 1.0):
        tree, at = _tree(shape, side, rng)
        rows.append(tree)
        kinds.append(np.full(len(tree), PULMONARY))
        forks.append(at)
    great, great_kinds = _great_vessels(shape)
    ends = np.concatenate([*rows, great])
    return _lattice(ends, np.concatenate([*kinds, great_kinds])), np.concatenate(forks)


def _tree(shape: Shape, side: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """One lung's tree: each twig grows from the nearest branch, and radii add up as cubes (Murray)."""
    hilum = np.array([3.0 + side * 24.0, 2.0, 8.0 if side < 0 else 12.0])
    places, parents = [hilum], [-1]
    for target in _ends(shape, side, rng):
        known = np.array(places)
        away = np.linalg.norm(known - target, axis=1)
        # a branch is left before the point nearest to the target: forks open forward
        toward = np.linalg.norm(known - hilum, axis=1)
        nearest = int(np.argmin(away + 0.35 * toward))
        start = known[nearest]
        steps = max(1, round(float(away[nearest]) / 14.0))
        bend = rng.normal(0, 0.05, (steps, 3)) * away[nearest]
        last = nearest
        for k in range(1, steps + 1):
            share = k / steps
            wander = bend[k - 1] * (k < steps)
            places.append(start + share * (target - start) + wander)
            parents.append(last)
            last = len(places) - 1
    return _with_radii(np.array(places), np.array(parents))


def _ends(shape: Shape, side: float, rng: np.random.Generator) -> FloatArray:
    """[TWIGS, 3] points spread over a lung, the nearest to the hilum first."""
    low = np.array([0.0 if side > 0 else -shape.cage_x, -shape.cage_y, shape.right_dome - 60.0])
    high = np.array([shape.cage_x if side > 0 else 0.0, shape.cage_y, shape.cage_top + shape.cage_rise])
    found: list[FloatArray] = []
    while len(found) < 4 * TWIGS:
        p = rng.uniform(low, high)
        if lung(p[0], p[1], p[2], shape) > 5.0:
            found.append(p)
    # the best spread of the candidates: each next one is the farthest from those chosen
    points = np.array(found)
    chosen = [0]
    nearest = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < TWIGS:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    out = points[chosen]
    order = np.argsort(np.linalg.norm(out - np.array([side * 27.0, 2.0, 10.0]), axis=1))
    ordered: FloatArray = out[order]
    return ordered


def _with_radii(places: FloatArray, parents: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Segments [n, 8] of a tree, children after their parents, and where it forks [m, 3]."""
    n = len(places)
    cubes = np.zeros(n)
    children = np.zeros(n, dtype=int)
    for k in range(n - 1, 0, -1):
        if children[k] == 0:
            cubes[k] = TWIG_RADIUS_MM**3
        cubes[parents[k]] += cubes[k]
        children[parents[k]] += 1
    radius = np.cbrt(cubes)
    above = parents[1:]
    start = np.minimum(radius[above], 1.25 * radius[1:])
    ends = np.column_stack([places[above], places[1:], start, radius[1:]])
    return ends, places[(children > 1) & (radius < 2.6) & (radius > 1.0)]


def _great_vessels(s: Shape) -> tuple[FloatArray, NDArray[np.int64]]:
    """Aorta (down, arch, up), pulmonary trunk and arteries, venae cavae."""
    back, top = spine_y(0.0, s) - 12.0, s.carina_z + 26.0
    lines: list[tuple[int, float, list[tuple[float, float, float]]]] = [
        (AORTA, 11.5, [(20, back, s.right_dome - 160), (20, back, top - 8), (24, back - 14, top + 4)]),
        (AORTA, 13.0, [(24, back - 14, top + 4), (21, back - 34, top + 8), (4, back - 50, top + 4)]),
        (AORTA, 15.0, [(4, back - 50, top + 4), (-9, back - 58, top - 20), (2, s.heart_y, s.heart_z + 20)]),
        (OTHER, 13.0, [(16, s.heart_y - 14, s.heart_z + 26), (15, -22, 20), (10, -4, 22)]),
        (OTHER, 9.5, [(10, -4, 22), (-12, -6, 16), (-30, 0, 8)]),
        (OTHER, 9.5, [(10, -4, 22), (34, 2, 14)]),
        (OTHER, 8.5, [(-13, -20, s.heart_z + 10), (-14, -18, top), (-14, -14, top + 70)]),
        (OTHER, 9.0, [(-20, -2, s.heart_z - 20), (-18, 4, s.right_dome - 40)]),
    ]
    rows, kinds = [], []
    for kind, radius, points in lines:
        for a, b in pairwise(points):
            rows.append([*a, *b, radius, radius])
            kinds.append(kind)
    return np.array(rows, dtype=float), np.array(kinds, dtype=np.int64)


def _lattice(ends: FloatArray, kind: NDArray[np.int64]) -> Segments:
    """Segments with the lattice of cells that each comes near to."""
    a, b = ends[:, :3], ends[:, 3:6]
    reach = ends[:, 6:].max(axis=1) + REACH_MM
    corner = np.minimum(a, b).min(axis=0) - reach.max()
    far = np.maximum(a, b).max(axis=0) + reach.max()
    size = np.ceil((far - corner) / CELL_MM).astype(np.int64)
    cells, members = [], []
    half = CELL_MM * np.sqrt(3) / 2
    for row in range(len(ends)):
        low = np.floor((np.minimum(a[row], b[row]) - reach[row] - corner) / CELL_MM).astype(int)
        high = np.floor((np.maximum(a[row], b[row]) + reach[row] - corner) / CELL_MM).astype(int)
        axes = [np.arange(max(i, 0), min(j, n - 1) + 1) for i, j, n in zip(low, high, size, strict=True)]
        index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        middle = corner + (index + 0.5) * CELL_MM
        near = _distance(middle, a[row], b[row]) <= reach[row] + half
        cells.append((index[near] * np.array([1, size[0], size[0] * size[1]])).sum(axis=1))
        members.append(np.full(int(near.sum()), row))
    cell, member = np.concatenate(cells), np.concatenate(members)
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(int(size.prod()) + 1))
    return Segments(ends, kind.astype(np.int64), corner, size, starts.astype(np.int64), member[order])


def _distance(points: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """[n] distances of points [n, 3] to the segment a-b."""
    along = b - a
    t = np.clip((points - a) @ along / max(float(along @ along), 1e-9), 0, 1)
    out: FloatArray = np.linalg.norm(points - a - t[:, None] * along, axis=1)
    return out
