"""A small brain with a tumour of which every part is known: a ball that pushed, oblique voxels."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.report.result import Result
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.scene import SceneContent
from RegSuite.workflows.tumor import WORKFLOW
from Testing.mrml.dose_nodes import OBLIQUE

GRID = Grid.make((44, 40, 24), (2.0, 2.0, 3.5), (-40.0, 12.0, -45.0), OBLIQUE)
TIMES = (0.0, 0.2, 0.5, 0.8, 1.0)
MIDDLE = np.asarray(GRID.centre) + (14.0, 4.0, 2.0)
"""Of the tumour, LPS mm."""
CORE_MM, OEDEMA_MM = 9.0, 15.0
NAMES = {1: "brain", 2: "ventricles"}
ADDED = 60.0
"""Intensity in the core; the oedema has the negative third of it."""


def image(values, name):
    return Image(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None], GRID, name)


def radius_mm(middle=GRID.centre):
    """Distance from a point, [Z, Y, X] mm."""
    return np.linalg.norm(GRID.all_points() - np.asarray(middle), axis=-1)


def brain(shift=0.0):
    """A head with ventricles: the template where nothing is shifted."""
    points = GRID.all_points() - np.asarray(GRID.centre)
    head = np.linalg.norm(points / (36, 32, 34), axis=-1) < 1
    inside = np.linalg.norm((points - (shift, 0, 0)) / (9, 12, 10), axis=-1) < 1
    return 100.0 * head - 70.0 * inside, head.astype(int) + inside


def parts():
    """Images by role."""
    template, _ = brain()
    deformed, labels = brain(-4.0)
    core, oedema = radius_mm(MIDDLE) < CORE_MM, radius_mm(MIDDLE) < OEDEMA_MM
    oedema &= ~core
    change = ADDED * core - ADDED / 3 * oedema
    frames = [template + t * (deformed + change - template) for t in TIMES]
    field = np.zeros((3, *GRID.shape), np.float32)
    field[0] = 4.0 * np.exp(-((radius_mm() / 18) ** 2))
    bent = DisplacementTransform(torch.from_numpy(field), GRID)
    back = DisplacementTransform(torch.from_numpy(-field), GRID)
    determinant = jacobian_determinant(bent.displacement_mm, GRID)[None]
    return {
        "template": image(template, "atlas.nii.gz"),
        "target": image(3 * (deformed + change) + 20, "patient.nii.gz"),
        "tumor_mask": image(core, "core"),
        "oedema_mask": image(oedema, "oedema"),
        "warped": image(deformed + change, "warped"),
        "deformed": image(deformed, "deformed"),
        "intensity_change": image(change, "intensity_change"),
        "mask": Image(torch.from_numpy((core + 2 * oedema).astype(np.uint8))[None], GRID, "mask"),
        "warped_labels": Image(torch.from_numpy(labels.astype(np.int32))[None], GRID, "warped_labels"),
        "jacobian": Image(determinant, GRID, "jacobian"),
        "displacement": bent,
        "inverse_displacement": back,
        "linear": AffineTransform(np.eye(3), np.zeros(3)),
        "path": tuple(image(frame, f"path t={t:.2f}") for frame, t in zip(frames, TIMES, strict=True)),
    }


def record(**metrics):
    return Result(
        workflow="tumor",
        method="weighted-metamorphosis",
        status="completed",
        versions={"RegSuite": "0.1.0"},
        metrics={
            "dice": {"1": 0.97, "2": 0.81},
            "dice_mean": 0.89,
            "similarity": {"name": "ssd", "before": 900.0, "after": 60.0},
            "tumor": {
                "shape_share": 0.7,
                "appearance_share": 0.3,
                "mask_volume_cc": 14.1,
                "ssd_before": 900.0,
                "ssd_final": 60.0,
                "path_times": list(TIMES),
                **metrics,
            },
        },
    )


def a_tumor(**changes) -> SceneContent:
    """The content of a scene; items of None are left out."""
    items = {role: item for role, item in {**parts(), **changes}.items() if item is not None}
    return SceneContent(WORKFLOW, record(), items, NAMES, tuple(MIDDLE), "atlas to patient")
