"""A small accumulated course of which every part is known: a dose that falls from a point, oblique voxels."""

from __future__ import annotations

import csv

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.quality.verdict import Verdict
from RegSuite.report.result import Result
from RegSuite.workflows.model import InputRole, RunParameters, View, Workflow
from RegSuite.workflows.scene import SceneContent
from Testing.mrml.dose_nodes import OBLIQUE, a_cylinder

GRID = Grid.make((36, 32, 28), (2.0, 2.5, 3.0), (-40.0, 12.0, -45.0), OBLIQUE)
TOP_GY, FALL_MM = 60.0, 20.0
"""The dose is TOP_GY exp(-r^2 / 2 FALL_MM^2) about the middle of GRID."""

WORKFLOW = Workflow(
    name="dose",
    summary="a course",
    inputs=(InputRole("course", "course", "Course", "a COURSE.yaml", required=True),),
    Parameters=RunParameters,
    run=lambda *_: None,
    view=View(background="planning", foreground="accumulated_dose"),
)
UNKNOWN = (slice(None), slice(None), slice(0, 6))
"""Voxels whose dose is not known: outside."""


def radius_mm(grid=GRID):
    """Distance from the middle of GRID, [Z, Y, X] mm."""
    return np.linalg.norm(grid.all_points() - np.asarray(GRID.centre), axis=-1)


def image(values, name):
    return Image(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None], GRID, name)


def a_dose(factor=1.0):
    return factor * TOP_GY * np.exp(-((radius_mm() / FALL_MM) ** 2) / 2)


def dvh_rows(structure, shift):
    """A line that falls from 100 to 0 % about a dose, and its band 5 Gy to both sides."""
    doses = np.arange(0.0, 70.5, 0.5)
    fall = [100 / (1 + np.exp((doses - at) / 2)) for at in (shift, shift - 5, shift + 5)]
    return [(structure, d, a, a / 10, b, c) for d, a, b, c in zip(doses, *fall, strict=True)]


def a_course(folder, **items):
    """The content of a scene; tables are written into `folder`. items: others in the place of these."""
    with (folder / "dvh.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            (
                "structure",
                "dose_gy",
                "volume_percent",
                "volume_cc",
                "volume_percent_p05",
                "volume_percent_p95",
            )
        )
        rows.writerows([*dvh_rows("cylinder", 50.0), *dvh_rows("node.L", 30.0)])
    with (folder / "dvh_metrics.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("structure", "metric", "unit", "value", "p05", "p50", "p95"))
        rows.writerow(("cylinder", "D95", "Gy", 44.1, 39.2, 44.0, 49.1))
        rows.writerow(("node.L", "D0.03cc", "Gy", 38.0, 33.0, 38.1, 43.0))
    dose = a_dose()
    marks = np.zeros(GRID.shape, np.uint8)
    marks[UNKNOWN] = 1
    marks[14, 16, 18] = 2
    unknown = dose.copy()
    unknown[UNKNOWN] = np.nan
    verdicts = [
        Verdict(
            measure="dose.node.L.D0.03cc", value=38.0, limit=45.0, verdict="pass", unit="Gy", bound="max"
        ),
        Verdict(measure="dose.cylinder.D95", value=44.1, limit=45.0, verdict="not certain", bound="min"),
        Verdict(measure="dose.Cord.D2%", limit=45.0, verdict="not measured", unit="Gy", bound="max"),
    ]
    parts = {
        "planning": image(40 + 400 * np.exp(-((radius_mm() / 30) ** 4)), "CT"),
        "structures": (a_cylinder(), a_cylinder("node.L", 5.0, 2, (0, 128, 255), (14.0, 0.0, 0.0))),
        "accumulated_dose": image(unknown, "accumulated_dose"),
        "dose_sd": image(0.1 * dose, "dose_sd"),
        "dose_p05": image(0.9 * dose, "dose_p05"),
        "marks": Image(torch.from_numpy(marks)[None], GRID, "marks"),
        "dvh": folder / "dvh.csv",
        "dvh_metrics": folder / "dvh_metrics.csv",
        "fraction_images": tuple(image(100.0 * n + radius_mm(), f"day {n}") for n in (1, 2, 3)),
        "fraction_doses": tuple(image(a_dose(0.3 * n), f"dose {n}") for n in (1, 2, 3)),
    }
    record = Result(workflow="dose", status="completed", versions={"RegSuite": "0.1"}, verdicts=verdicts)
    chosen = {role: item for role, item in {**parts, **items}.items() if item is not None}
    return SceneContent(WORKFLOW, record, chosen, name="Course")
