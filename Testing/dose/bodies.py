"""Bodies of revolution, as closed surfaces and as contours, and linear doses to put them in."""

from __future__ import annotations

import numpy as np

from RegSuite.geometry import Grid
from RegSuite.geometry.structure import ContourStructure, SurfaceStructure

OBLIQUE = np.linalg.qr(np.array([[0.9, -0.3, 0.2], [0.35, 0.85, -0.3], [-0.1, 0.4, 0.9]]))[0]
OBLIQUE = OBLIQUE * np.sign(np.linalg.det(OBLIQUE))


def circle(radius_mm, n=360):
    t = np.arange(n) * 2 * np.pi / n
    scale = np.sqrt(2 * np.pi / n / np.sin(2 * np.pi / n))  # the polygon has the circle's area
    return scale * radius_mm * np.stack([np.cos(t), np.sin(t)], axis=1)


def profile(kind, size_mm, n=200):
    """[k, 2]: height and radius of a sphere, cylinder or cone as wide and as high as `size_mm`, about 0."""
    r = size_mm / 2
    if kind == "sphere":
        t = np.linspace(-np.pi / 2, np.pi / 2, n)
        return np.stack([r * np.sin(t), r * np.cos(t).round(12)], axis=1)
    if kind == "cylinder":
        return np.array([[-r, 0.0], [-r, r], [r, r], [r, 0.0]])
    return np.array([[-r, 0.0], [-r, r], [r, 0.0]])


def surface(kind, size_mm, turn=None, at=(0, 0, 0), name="body"):
    """The body's closed surface, its axis along z, turned by `turn` and moved to `at`."""
    turn = np.eye(3) if turn is None else turn
    heights = profile(kind, size_mm)
    ring = circle(1.0)
    n = len(ring)
    points = np.concatenate(
        [np.column_stack([ring * radius, np.full(n, height)]) for height, radius in heights]
    )
    triangles = []
    for k in range(len(heights) - 1):
        one, other = k * n + np.arange(n), k * n + (np.arange(n) + 1) % n
        triangles += [np.stack([one, other, other + n], 1), np.stack([one, other + n, one + n], 1)]
    # the poles are rings of equal points: made one point, so that the surface is closed
    triangles = np.concatenate(triangles)
    triangles[triangles < n] = 0 if heights[0, 1] == 0 else triangles[triangles < n]
    last = (len(heights) - 1) * n
    triangles[triangles >= last] = last
    keep = (triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2])
    keep &= triangles[:, 0] != triangles[:, 2]
    return SurfaceStructure(name, points @ turn.T + np.asarray(at, float), triangles[keep].astype(np.int64))


def radius_at(kind, size_mm, height):
    r = size_mm / 2
    if abs(height) > r:
        return 0.0
    return {"sphere": np.sqrt(max(r * r - height * height, 0)), "cylinder": r, "cone": (r - height) / 2}[kind]


def slices_of(kind, size_mm, distance_mm, offset=0.3):
    """Heights and radii of the planes that cut the body, `offset` of a distance away from its middle."""
    heights = (np.arange(-60, 61) + offset) * distance_mm
    found = [(h, radius_at(kind, size_mm, h)) for h in heights]
    return [(h, r) for h, r in found if r > 0.05]


def contours(kind, size_mm, distance_mm, turn=None, at=(0, 0, 0), name="body"):
    turn = np.eye(3) if turn is None else turn
    rings = [np.column_stack([circle(r), np.full(360, h)]) for h, r in slices_of(kind, size_mm, distance_mm)]
    return ContourStructure(name, tuple(ring @ turn.T + np.asarray(at, float) for ring in rings))


def linear_dose(gradient, at_zero=60.0, size=(40, 38, 36), spacing=(1.9, 1.7, 2.5), turn=None):
    """(dose [z, y, x], grid) of a dose that is linear in LPS mm, on a grid about 0 turned by `turn`."""
    turn = np.eye(3) if turn is None else turn
    half = (np.array(size) - 1) / 2 * spacing
    grid = Grid.make(size, spacing, turn @ -half, turn)
    return (at_zero + grid.all_points() @ np.asarray(gradient, float)).astype(np.float32), grid
