"""A head-sized phantom whose sides are told apart by brightness, from a formula in LPS mm."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image

BODY, RIGHT, ANTERIOR, SUPERIOR = 60, 250, 190, 130
"""Brightness of the body and of its markers, in a display from 0 to 255."""
OFF_CENTRE_MM = 30.0
"""How far each marker's centre is from the middle, towards its side."""
RADIUS_MM = 9.0
MIDDLE = np.array([6.0, -10.0, 15.0])
"""LPS mm."""
MARKERS = {
    RIGHT: MIDDLE + (-OFF_CENTRE_MM, 0, 0),
    ANTERIOR: MIDDLE + (0, -OFF_CENTRE_MM, 0),
    SUPERIOR: MIDDLE + (0, 0, OFF_CENTRE_MM),
}
"""Centres in LPS mm: right is -x, anterior is -y, superior is +z."""


def upright() -> Grid:
    """2 mm voxels along the patient's axes about the middle."""
    size = np.array([48, 46, 50])
    return Grid.make(tuple(size), 2.0, tuple(MIDDLE - (size - 1)))


def oblique_left_handed() -> Grid:
    """Anisotropic, turned by 25 and 15 degrees, with axes that make a left hand, about the middle."""
    a, b = np.deg2rad([25.0, 15.0])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    direction = about_z @ about_x @ np.diag([1.0, 1.0, -1.0])
    assert np.linalg.det(direction) < 0
    size, spacing = np.array([80, 50, 60]), np.array([1.5, 2.5, 2.0])
    origin = MIDDLE - direction @ (spacing * (size - 1) / 2)
    return Grid.make(tuple(size), tuple(spacing), tuple(origin), direction)


def a_marked_phantom(grid: Grid) -> Image:
    """Body and three markers, sampled from the formula; uint8."""
    points = grid.all_points()
    values = np.where(np.abs(points - MIDDLE).max(-1) < OFF_CENTRE_MM + RADIUS_MM + 1, BODY, 0)
    for value, centre in MARKERS.items():
        values[np.linalg.norm(points - centre, axis=-1) < RADIUS_MM] = value
    return Image(torch.from_numpy(values[None].astype(np.uint8)), grid, name="phantom")
