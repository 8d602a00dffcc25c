"""Analytic shapes for methods that must bend far: C to disc, J to V, a grown triangle that pushes ovals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.outlines import coverage, norm, oval, unit_points, voxel_width
from RegSuite.phantoms.phantom import Phantom

ShapeName = Literal["c-to-disc", "j-to-v", "triangle"]
SHAPES: tuple[ShapeName, ...] = ("c-to-disc", "j-to-v", "triangle")

FloatArray = NDArray[np.float64]
Distance = Callable[[FloatArray], FloatArray]
"""Signed distance of points [..., d] to a shape, in half field widths, negative inside."""

TRIANGLE_GROWTH = 0.55
TRIANGLE_REACH = 0.55
"""r_moving = r (1 - growth exp(-(r / reach)^2)): monotone, as growth is below 1."""

OVALS = ((0.62, 90.0, 0.75), (0.60, 205.0, 0.9), (0.58, 330.0, 0.6), (0.70, 20.0, 0.85), (0.72, 150.0, 0.5))
"""Distance from the middle, angle in degrees, grey value of each oval."""

OVAL_HALF_AXES = (0.2, 0.11)


def shapes_phantom(
    name: ShapeName = "c-to-disc", size: int = 128, spacing: float = 1.0, ndim: int = 2
) -> Phantom:
    """Two binary shapes with soft edges (0..1) on a grid of size^ndim, with their label maps.

    c-to-disc: moving a C (3D: a shell with a conical opening), fixed a disc (ball); Christensen's
    pair (1996, doi:10.1109/83.536892), where a small deformation cannot do. j-to-v: the letters.
    triangle: five ovals around a triangle; in fixed the triangle has grown and pushed the ovals
    outward by an analytic radial map, which is `displacement` (2D only).
    Raises InputError for another name, a size under 16, or 3D where there is none.
    """
    makers = {"c-to-disc": _c_to_disc, "j-to-v": _j_to_v, "triangle": _triangle}
    if name not in makers:
        raise InputError(f"no shapes phantom is called '{name}'", mend="use " + ", ".join(makers))
    if size < 16 or ndim not in (2, 3) or (ndim == 3 and name != "c-to-disc"):
        raise InputError(
            f"shapes '{name}' of size {size} in {ndim}D",
            mend="use a size of at least 16; in 3D there is c-to-disc only",
        )
    middle = (size - 1) / 2 * spacing
    grid = Grid.make((size,) * ndim, spacing, (-middle,) * ndim)
    return makers[name](grid)


def _c_to_disc(grid: Grid) -> Phantom:
    return _pair("c-to-disc", grid, _ring_with_gap, lambda p: norm(p) - 0.55, "C", "disc")


def _j_to_v(grid: Grid) -> Phantom:
    j = [(0.15, -0.6), (0.15, 0.3)] + [
        (0.15 - 0.28 + 0.28 * math.cos(a), 0.3 + 0.28 * math.sin(a)) for a in np.linspace(0, math.pi, 24)[1:]
    ]
    v = [(-0.45, -0.6), (0.0, 0.6), (0.45, -0.6)]
    return _pair("j-to-v", grid, lambda p: _stroke(p, j, 0.11), lambda p: _stroke(p, v, 0.11), "J", "V")


def _pair(
    name: str, grid: Grid, moving: Distance, fixed: Distance, moving_word: str, fixed_word: str
) -> Phantom:
    """A phantom of one shape an image, with label 1 inside."""
    points, edge = unit_points(grid), voxel_width(grid)
    distances = {"fixed": fixed(points), "moving": moving(points)}
    images = {k: Image(coverage(d, edge)[None], grid, name=k) for k, d in distances.items()}
    labels = {
        k: Image(torch.from_numpy(d < 0).int()[None], grid, name=f"{k} labels") for k, d in distances.items()
    }
    return Phantom(
        name=name,
        fixed=images["fixed"],
        moving=images["moving"],
        fixed_labels=labels["fixed"],
        moving_labels=labels["moving"],
        label_names={1: f"{moving_word} to {fixed_word}"},
        parameters={"shape": name, "size": grid.size[0], "spacing": grid.spacing[0], "ndim": grid.ndim},
    )


def _triangle(grid: Grid) -> Phantom:
    """moving: the template; fixed(x) = template(T(x)) with the radial map T, taken exactly."""
    points, edge = unit_points(grid), voxel_width(grid)
    r2 = (points**2).sum(-1, keepdims=True)
    shrunk = points * (1 - TRIANGLE_GROWTH * np.exp(-r2 / TRIANGLE_REACH**2))
    (fixed, fixed_labels), (moving, moving_labels) = (_template(p, edge) for p in (shrunk, points))
    # edges of the fixed image are as wide as T makes them, as in any warped image
    displacement = np.moveaxis(shrunk - points, -1, 0) / edge * grid.spacing[0]
    return Phantom(
        name="triangle",
        fixed=Image(fixed, grid, name="fixed"),
        moving=Image(moving, grid, name="moving"),
        displacement=Image(torch.from_numpy(displacement).float(), grid, name="truth displacement"),
        fixed_labels=Image(fixed_labels, grid, name="fixed labels"),
        moving_labels=Image(moving_labels, grid, name="moving labels"),
        label_names={1: "triangle"} | {n: f"oval {n - 1}" for n in range(2, 2 + len(OVALS))},
        parameters={"shape": "triangle", "size": grid.size[0], "spacing": grid.spacing[0], "ndim": 2},
    )


def _template(points: FloatArray, edge: float) -> tuple[Tensor, Tensor]:
    """Grey values [1, *shape] and labels of triangle and ovals at `points`."""
    parts = [
        (1.0, _polygon(points, [(0.24 * math.sin(a), -0.24 * math.cos(a)) for a in (0.3, 2.394, 4.489)]))
    ]
    for radius, degrees, grey in OVALS:
        angle = math.radians(degrees)
        centre = radius * np.array([math.cos(angle), math.sin(angle)])
        parts.append((grey, oval(points - centre, angle + math.pi / 2, OVAL_HALF_AXES)))
    image = torch.zeros(points.shape[:-1], dtype=torch.float32)
    labels = torch.zeros(points.shape[:-1], dtype=torch.int32)
    for number, (grey, distance) in enumerate(parts, start=1):
        image = torch.maximum(image, grey * coverage(distance, edge))
        labels[torch.from_numpy(distance < 0)] = number
    return image[None], labels[None]


def _ring_with_gap(points: FloatArray) -> FloatArray:
    """A C open towards +x: ring (shell) of radius 0.42, half width 0.14, less a wedge of 35 degrees."""
    along, across = points[..., 0], norm(points[..., 1:])
    opening = math.radians(35.0)
    gap = along * math.sin(opening) - across * math.cos(opening)
    return np.maximum(np.abs(norm(points) - 0.42) - 0.14, gap)


def _stroke(points: FloatArray, line: Sequence[tuple[float, float]], half_width: float) -> FloatArray:
    """A pen's stroke along a polyline."""
    corners = np.asarray(line)
    nearest = np.full(points.shape[:-1], np.inf)
    for a, b in pairwise(corners):
        share = np.clip(((points - a) @ (b - a)) / ((b - a) @ (b - a)), 0.0, 1.0)
        nearest = np.minimum(nearest, norm(points - a - share[..., None] * (b - a)))
    return nearest - half_width


def _polygon(points: FloatArray, corners: Sequence[tuple[float, float]]) -> FloatArray:
    """A convex polygon whose corners run with x towards y: the largest distance to its sides."""
    out = np.full(points.shape[:-1], -np.inf)
    for a, b in zip(np.asarray(corners), np.roll(np.asarray(corners), -1, axis=0), strict=True):
        side = (b - a) / np.linalg.norm(b - a)
        out = np.maximum(out, (points - a) @ np.array([side[1], -side[0]]))
    return out
