"""The structures of the planning scan: closed surfaces of the formulas, and the lungs as shares of voxels."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.geometry import Grid, Image, Structure, SurfaceStructure, VoxelStructure
from RegSuite.phantoms.thorax import form_kernels as form
from RegSuite.phantoms.thorax.shape import Shape
from RegSuite.phantoms.thorax.tissue_kernels import depths

FloatArray = NDArray[np.float64]
Mesh = tuple[FloatArray, NDArray[np.int64]]
"""Points [n, 3] and triangles [m, 3]."""

CTV_MARGIN_MM, PTV_MARGIN_MM = 5.0, 10.0
"""Beyond the GTV's surface, along the rays from its centre."""

RINGS, AROUND = 60, 120
"""Of the surfaces' meshes; with radii that keep each ring's area a sphere's volume is 0.07 % short."""

TARGETS = ("GTV", "CTV", "PTV")

_COLOURS = {
    "GTV": (220, 40, 40),
    "CTV": (240, 130, 60),
    "PTV": (250, 200, 80),
    "SpinalCord": (240, 230, 40),
    "Esophagus": (190, 130, 60),
    "Heart": (200, 90, 130),
    "Lung_L": (110, 190, 240),
    "Lung_R": (80, 150, 220),
}


def structures_of(shape: Shape, grid: Grid) -> tuple[Structure, ...]:
    """GTV, CTV, PTV, cord, oesophagus and heart as surfaces, the lungs (without GTV) as voxels.

    Names are TG-263's. Of a structure that reaches beyond `grid` the cord and the oesophagus are
    cut off (flat) and the others given as voxels of the grid; one outside it altogether is left out.
    """
    found: list[Structure] = []
    deep, beat, growth = _depths(grid, shape)
    meshes: dict[str, Callable[[], Mesh | None]] = {
        "GTV": lambda: target_surface(shape, 0.0),
        "CTV": lambda: target_surface(shape, CTV_MARGIN_MM),
        "PTV": lambda: target_surface(shape, PTV_MARGIN_MM),
        "SpinalCord": lambda: _tube(_cord_line(shape), grid, form.CORD_RADIUS, form.CORD_RADIUS),
        "Esophagus": lambda: _tube(_gullet_line(shape), grid, form.GULLET_RADIUS, form.GULLET_RADIUS / 1.25),
        "Heart": lambda: _heart_surface(shape),
    }
    for number, (name, mesh) in enumerate(meshes.items(), start=1):
        made = mesh()
        if made is None or not grid.contains(made[0]).any():
            continue
        if grid.contains(made[0]).all():
            found.append(SurfaceStructure(name, *made, number=number, colour=_COLOURS[name]))
        elif name == "Heart":
            found.append(_voxels(name, number, grid, beat))
    return (*found, *_lungs(grid, deep, growth))


def target_surface(shape: Shape, margin_mm: float) -> tuple[FloatArray, NDArray[np.int64]]:
    """Points [n, 3] and triangles [m, 3] of the tumour's surface, `margin_mm` farther out along its rays."""
    directions, triangles = _sphere()
    reach = np.array([form.tumour_reach(x, y, z, shape) for x, y, z in directions.tolist()]) + margin_mm
    centre = np.array([shape.tumour_x, shape.tumour_y, shape.tumour_z])
    return centre + directions * reach[:, None], triangles


def ball_surface(name: str, centre_mm: FloatArray, radius_mm: float, number: int) -> SurfaceStructure:
    """A ball."""
    directions, triangles = _sphere()
    points = centre_mm + radius_mm * directions
    return SurfaceStructure(name, points, triangles, number=number, colour=_COLOURS.get(name))


def _heart_surface(s: Shape) -> tuple[FloatArray, NDArray[np.int64]]:
    directions, triangles = _sphere()
    c, n = math.cos(s.heart_tilt), math.sin(s.heart_tilt)
    axis = np.array([c, -0.8 * n, -0.6 * n])
    along = (directions @ axis)[:, None] * axis
    points = s.heart_short * (directions - along) + s.heart_long * along
    return points + np.array([s.heart_x, s.heart_y, s.heart_z]), triangles


def _sphere() -> tuple[FloatArray, NDArray[np.int64]]:
    """A unit sphere's points [n, 3], poles first and last, and triangles that face outward."""
    polar = np.arange(1, RINGS) * math.pi / RINGS
    turn = np.arange(AROUND) * 2 * math.pi / AROUND
    rings = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(turn),
            np.sin(polar)[:, None] * np.sin(turn),
            np.broadcast_to(np.cos(polar)[:, None], (RINGS - 1, AROUND)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.concatenate([[[0.0, 0.0, 1.0]], rings, [[0.0, 0.0, -1.0]]])
    return points, _stacked(RINGS - 1, AROUND)


def _stacked(rings: int, around: int) -> NDArray[np.int64]:
    """Triangles of rings of points, closed by a first point above and a last one below."""
    here, then = np.arange(around), (np.arange(around) + 1) % around
    last = 1 + rings * around
    rows = [np.stack([np.zeros(around, int), 1 + here, 1 + then], axis=1)]
    for k in range(rings - 1):
        a, b = 1 + k * around, 1 + (k + 1) * around
        rows += [
            np.stack([a + here, b + here, b + then], axis=1),
            np.stack([a + here, b + then, a + then], axis=1),
        ]
    a = 1 + (rings - 1) * around
    rows.append(np.stack([a + here, np.full(around, last), a + then], axis=1))
    return np.concatenate(rows).astype(np.int64)


def _cord_line(s: Shape) -> Callable[[float], tuple[float, float]]:
    return lambda z: (0.0, form.spine_y(z, s) + form.CORD_BEHIND)


def _gullet_line(s: Shape) -> Callable[[float], tuple[float, float]]:
    return lambda z: (form.GULLET_LEFT, form.spine_y(z, s) - form.GULLET_AHEAD)


def _tube(
    line: Callable[[float], tuple[float, float]], grid: Grid, radius_x: float, radius_y: float
) -> tuple[FloatArray, NDArray[np.int64]] | None:
    """A tube with elliptic axial sections about x, y = line(z), along the part that is within the grid."""
    low, high = grid.bounds()
    turn = -np.arange(48) * 2 * math.pi / 48
    ring = np.column_stack([radius_x * np.cos(turn), radius_y * np.sin(turn), 0.0 * turn])
    ring *= math.sqrt(2 * math.pi / 48 / math.sin(2 * math.pi / 48))
    heights = [float(z) for z in np.arange(low[2] + 0.5, high[2], 3.0)]
    inside = [z for z in heights if grid.contains(ring + np.array([*line(z), z])).all()]
    if len(inside) < 3:
        return None
    run = np.arange(inside[0], inside[-1] + 1.5, 3.0)[::-1]
    rings = [ring + np.array([*line(float(z)), z]) for z in run]
    top, bottom = np.array([*line(float(run[0])), run[0]]), np.array([*line(float(run[-1])), run[-1]])
    turned = np.concatenate([[top], *[r[::-1] for r in rings], [bottom]])
    return turned, _stacked(len(run), 48)


def _lungs(grid: Grid, deep: FloatArray, growth: FloatArray) -> list[Structure]:
    """Either lung, less the tumour."""
    left = grid.all_points()[..., 0] > 0
    depth = np.minimum(deep, -growth)
    out: list[Structure] = []
    for number, name, side in ((7, "Lung_L", left), (8, "Lung_R", ~left)):
        if (side & (depth > 0)).any():
            out.append(_voxels(name, number, grid, np.where(side, depth, -1e3)))
    return out


def _voxels(name: str, number: int, grid: Grid, depth: FloatArray) -> VoxelStructure:
    """The share of each voxel that is inside, from the depth of its middle [Z, Y, X]."""
    edge = float(np.mean(grid.spacing)) / 2
    inside = np.clip(0.5 + 0.5 * depth / edge, 0, 1).astype(np.float32)
    return VoxelStructure(
        name, Image(torch.from_numpy(inside)[None], grid, name=name), number, colour=_COLOURS[name]
    )


def _depths(grid: Grid, shape: Shape) -> FloatArray:
    """[3, Z, Y, X] how deep each voxel is in the lungs, the heart and the tumour, mm."""
    points = grid.all_points().reshape(-1, 3)
    out = np.empty((3, len(points)))
    depths(points, shape, out[0], out[1], out[2])
    return out.reshape(3, *grid.shape)
