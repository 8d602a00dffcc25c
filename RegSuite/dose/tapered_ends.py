"""End slices that taper: beyond an end plane the region closes in a cone of half a slice distance."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.plane import Plane

Floats = NDArray[np.float64]

LAYERS = 8
"""Slabs that a tapered end is made of; their volume is the cone's at any number of them."""


def tapered(plane: Plane, *, below: bool, above: bool) -> tuple[Plane, ...]:
    """The slab of an end plane, with its part below and above the plane replaced by thin, shrinking slabs.

    A contour shrinks linearly to its own centre, with its holes, over the end's thickness: a third of the
    volume that a flat cap has. In order of height.
    """
    low = plane.at_mm if below else plane.low_mm
    high = plane.at_mm if above else plane.high_mm
    middle = (replace(plane, low_mm=low, high_mm=high),) if high > low else ()
    centres = _centres(plane.outlines)
    under = _cone(plane, centres, plane.low_mm)[::-1] if below else ()
    over = _cone(plane, centres, plane.high_mm) if above else ()
    return (*under, *middle, *over)


def _cone(plane: Plane, centres: list[Floats], tip_mm: float) -> tuple[Plane, ...]:
    """Slabs from the plane to the tip; each as large as the cone is there in the mean (of its area)."""
    steps = np.linspace(0.0, 1.0, LAYERS + 1)
    layers = []
    for begin, end in pairwise(steps):
        area = ((1 - begin) ** 3 - (1 - end) ** 3) / (3 * (end - begin))
        size = float(np.sqrt(area))
        outlines = tuple(c + size * (o - c) for o, c in zip(plane.outlines, centres, strict=True))
        faces = sorted(plane.at_mm + t * (tip_mm - plane.at_mm) for t in (begin, end))
        layers.append(Plane(outlines, sum(faces) / 2, faces[0], faces[1]))
    return tuple(layers)


def _centres(outlines: tuple[Floats, ...]) -> list[Floats]:
    """The point that each outline shrinks to: its centre of area, of a hole that of what is around it."""
    order = sorted(range(len(outlines)), key=lambda i: -abs(_area(outlines[i])))
    found: dict[int, Floats] = {}
    for place, number in enumerate(order):
        around = (o for o in order[:place] if _inside(outlines[number][0], outlines[o]))
        outer = next(around, None)
        found[number] = _centroid(outlines[number]) if outer is None else found[outer]
    return [found[number] for number in range(len(outlines))]


def _area(outline: Floats) -> float:
    x, y = outline.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _centroid(outline: Floats) -> Floats:
    start = outline[0]
    points = outline - start
    following = np.roll(points, -1, axis=0)
    cross = points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]
    total = cross.sum()
    if total == 0:
        return np.asarray(outline.mean(axis=0))
    centre: Floats = start + ((points + following) * cross[:, None]).sum(axis=0) / (3 * total)
    return centre


def _inside(point: Floats, outline: Floats) -> bool:
    """Whether the point lies within the outline (a ray crosses it an odd number of times)."""
    x, y = (outline - point).T
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > 0) != (y2 > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (x2 - x) * (-y) / (y2 - y)
    return bool(np.count_nonzero(crosses & (at > 0)) % 2)
