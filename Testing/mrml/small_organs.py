"""Two organs of which every part is known: balls that were shifted, on an oblique grid."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.report.result import Result
from RegSuite.transforms import DisplacementTransform
from RegSuite.workflows import get_workflow
from RegSuite.workflows.scene import SceneContent
from Testing.mrml.dose_nodes import OBLIQUE

GRID = Grid.make((52, 48, 34), (2.0, 2.0, 3.0), (-40.0, 12.0, -45.0), OBLIQUE)
NAMES = {1: "liver", 2: "spleen"}
MIDDLE = np.asarray(GRID.centre)
PLACES = {1: MIDDLE + (-20.0, 0.0, 0.0), 2: MIDDLE + (24.0, 4.0, 6.0)}
RADII = {1: 20.0, 2: 11.0}
BEFORE_MM, AFTER_MM = np.array([9.0, 0.0, 0.0]), np.array([1.5, 0.0, 0.0])
"""How far the source's organs lie from the target's, and how far the moved ones still do."""


def image(values, name, kind=np.float32):
    return Image(torch.from_numpy(np.ascontiguousarray(values, dtype=kind))[None], GRID, name)


def labels(shift_mm=(0.0, 0.0, 0.0), only=(1, 2)):
    """Both balls, shifted [Z, Y, X]."""
    points = GRID.all_points()
    out = np.zeros(GRID.shape, np.int32)
    for label in only:
        out[np.linalg.norm(points - PLACES[label] - np.asarray(shift_mm), axis=-1) < RADII[label]] = label
    return out


def spread():
    """Standard deviation: 1 mm and a tenth of the way along x; unknown beyond 30 mm from the middle."""
    along = np.abs(GRID.all_points()[..., 0] - MIDDLE[0])
    return np.where(along < 30, 1 + along / 10, np.nan)


def record(**metrics):
    organs = {
        "1": {
            "name": "liver",
            "points_source": 900,
            "points_target": 950,
            "distance_before_mm": {"mean": 5.6, "p95": 8.9, "max": 9.0},
            "distance_after_mm": {"mean": 0.9, "p95": 1.5, "max": 1.6},
            "residual_mm": {"mean": 1.1, "p95": 2.0, "max": 2.4},
            "sd_mm": {"mean": 2.1, "p95": 2.6, "max": 3.0},
            "outlier_share": 0.02,
            "magnitude_mm": 10.0,
            "bandwidth_mm": 30.0,
        },
        "2": {"name": "spleen", "missing": "target"},
    }
    return Result(
        workflow="organs",
        method="organs",
        status="completed",
        versions={"RegSuite": "0.1.0"},
        metrics={"dice": {"1": 0.95, "2": 0.9}, "organs": organs, **metrics},
    )


def parts(scans=True):
    """Images and transforms by role."""
    bent = np.zeros((3, *GRID.shape), np.float32)
    bent[0] = 7.5
    points = np.array([PLACES[1], PLACES[2]])
    found = {
        "source_labels": image(labels(BEFORE_MM), "source labels", np.int32),
        "target_labels": image(labels(), "target labels", np.int32),
        "warped_labels": image(labels(AFTER_MM), "warped labels", np.int32),
        "uncertainty": image(spread(), "uncertainty"),
        "jacobian": image(np.ones(GRID.shape), "jacobian"),
        "displacement": DisplacementTransform(torch.from_numpy(bent), GRID),
        "inverse_displacement": DisplacementTransform(torch.from_numpy(-bent), GRID),
        "source_points": PointSet(points + BEFORE_MM, names=("liver", "spleen")),
        "target_points": PointSet(points, names=("liver", "spleen")),
    }
    if scans:
        found |= {
            "source_image": image(100.0 + 50 * (labels(BEFORE_MM) > 0), "exhale.nii.gz"),
            "target_image": image(100.0 + 50 * (labels() > 0), "inhale.nii.gz"),
            "warped": image(100.0 + 50 * (labels(AFTER_MM) > 0), "warped"),
        }
    return found


def organs(scans=True, **changes) -> SceneContent:
    """The content of a scene; items of None are left out."""
    items = {role: item for role, item in {**parts(scans), **changes}.items() if item is not None}
    return SceneContent(get_workflow("organs"), record(), items, NAMES, None, "exhale to inhale")
