"""A small course whose accumulated dose is a formula, as nodes, and what tests ask of its panel."""

import numpy as np
import torch

from RegSuite.geometry import ContourStructure, Grid, Image

SIZE, SPACING = (34, 30, 18), (4.0, 4.0, 5.0)
TOP_GY, FALL_MM = 30.0, 28.0
SHIFT_MM = (6.0, -4.0, 3.0)
"""LPS: a planning point x is at x + SHIFT_MM on the second day."""


def grid():
    """Oblique: turned about z by 20 degrees."""
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    direction = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    middle = direction @ ((np.array(SIZE) - 1) / 2 * SPACING)
    return Grid.make(SIZE, SPACING, (-middle).tolist(), direction)


def dose_values(points):
    """Gy at LPS points [..., 3]: falls from the middle."""
    return TOP_GY * np.exp(-np.sum(np.asarray(points) ** 2, axis=-1) / (2 * FALL_MM**2))


def image(values, name):
    return Image(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None], grid(), name)


def scan(name, shift=(0.0, 0.0, 0.0)):
    """A body with a lump, the patient moved by `shift` (LPS mm)."""
    points = grid().all_points() - np.asarray(shift)
    body = np.linalg.norm(points[..., :2] / (55, 48), axis=-1) < 1
    lump = np.linalg.norm(points, axis=-1) < 15
    return image(-1000 + 1000 * body + 60 * lump, name)


def target(radius=12.0):
    """Circles of 48 points about the middle, 5 mm apart."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros(48)], axis=1)
    return ContourStructure("Target", tuple(circle + (0, 0, 5.0 * k) for k in range(-2, 3)), 1, (230, 40, 30))


def nodes():
    """(planning, structures, rows): two fractions, the second moved, its shift given as a transform."""
    from RegSuite.mrml.dose_volumes import mark_dose
    from RegSuite.mrml.transforms import node_from_transform
    from RegSuite.mrml.volumes import volume_from_image
    from RegSuite.panel.course_state import FractionRow
    from RegSuite.transforms import AffineTransform
    from Testing.mrml.dose_nodes import contour_segmentation

    rows = []
    for number, shift in enumerate(((0.0, 0.0, 0.0), SHIFT_MM), start=1):
        moved = node_from_transform(AffineTransform(np.eye(3), list(shift)), name=f"motion {number}")
        dose = volume_from_image(image(dose_values(grid().all_points()), f"dose {number}"))
        mark_dose(dose)
        rows.append(FractionRow(volume_from_image(scan(f"day {number}", shift)), dose, moved, float(number)))
    return volume_from_image(scan("plan")), contour_segmentation(target()), rows


def choose(panel, **parameters):
    """Fill the panel in, for a run of seconds; gives the nodes."""
    chosen = nodes()
    wrapped = panel.forms._parameters
    panel.logic.set_course(wrapped, *chosen)
    for name, value in {"uncertainty": "none", "compare": False, "threads": 1, **parameters}.items():
        setattr(wrapped, name, value)
    return chosen


def expected_gy():
    """The accumulated dose at the planning voxels, [Z, Y, X]."""
    points = grid().all_points()
    return dose_values(points) + dose_values(points + np.array(SHIFT_MM))
