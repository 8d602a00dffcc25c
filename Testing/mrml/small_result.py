"""A small finished result whose every part is known: a body with a marked right side, shifted and bent."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.quality.limits import Verdict
from RegSuite.report.result import Result
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.register import WORKFLOW
from RegSuite.workflows.scene import SceneContent
from Testing.mrml.marked import MIDDLE, RIGHT, a_marked_phantom, upright

NAMES = {1: "right marker", 2: "rest of the body"}
SHIFT_MM = np.array([4.0, -3.0, 2.0])
FLAT = Grid.make((60, 40), (1.0, 1.5), (-20.0, 10.0))


def displacement(grid: Grid) -> DisplacementTransform:
    """A shift and a gentle wave along x: expands and compresses by up to a third."""
    points = torch.from_numpy(grid.all_points()).float()
    shift = torch.tensor(SHIFT_MM[: grid.ndim]).float()
    field = shift.view(-1, *[1] * grid.ndim) * torch.ones(grid.shape)
    field[0] += 4.0 * torch.sin(points[..., 0] / 12.0)
    return DisplacementTransform(field, grid)


def labels_of(image: Image, name: str) -> Image:
    """Label 1 is the right marker, 2 the rest of the body."""
    data = image.data.int()
    return Image((data == RIGHT).int() + 2 * ((data > 0) & (data != RIGHT)).int(), image.grid, name=name)


def record(**more) -> Result:
    """A record with measures of every kind, one of them judged to have failed."""
    return Result(
        workflow="register",
        method="affine",
        status="completed",
        versions={"RegSuite": "0.1.0"},
        metrics={
            "dice": {"1": 0.5, "2": 0.9},
            "dice_mean": 0.7,
            "tre_mm": {"mean": 1.5, "n": 4},
            "similarity": {"name": "ncc", "before": 0.2, "after": 0.8},
        },
        verdicts=[
            Verdict(measure="tre_mm.mean", value=1.5, limit=3.0, verdict="pass", source="TG-132"),
            Verdict(measure="dice.1", value=0.5, limit=0.8, verdict="fail", source="TG-132"),
        ],
        **more,
    )


def a_result(grid: Grid | None = None, **changes) -> SceneContent:
    """The content of a scene on `grid` (the marked phantom's, 2 mm, if None)."""
    grid = grid or upright()
    if grid.ndim == 3:
        fixed = a_marked_phantom(grid)
        warped = Image(0.5 * torch.roll(fixed.data.float(), 2, dims=-1), grid, name="warped")
        points = np.array([MIDDLE, MIDDLE + 8, MIDDLE - 12, MIDDLE + (5, 0, 0)])
    else:
        rows, columns = torch.meshgrid(*(torch.arange(n) for n in grid.shape), indexing="ij")
        body = 200.0 * ((rows > 6) & (rows < 30) & (columns > 8) & (columns < 50))
        body[10:16, 12:20] = RIGHT
        fixed = Image(body[None], grid, name="phantom")
        warped = Image(0.5 * torch.roll(body, 2, dims=-1)[None], grid, name="warped")
        points = np.array([grid.centre, grid.centre + 3])
    bent = displacement(grid)
    d = grid.ndim
    fixed = Image(fixed.data.float(), grid, name="first.nii.gz", modality="MR")
    items = {
        "fixed": fixed,
        "moving": Image(warped.data, grid, name="second.nii.gz"),
        "fixed_labels": labels_of(fixed, "first labels.nii.gz"),
        "fixed_points": PointSet(points, name="first.csv"),
        "moving_points": PointSet(points + 1, name="second.csv"),
        "warped": warped,
        "warped_labels": labels_of(Image(2 * warped.data, grid), "warped labels"),
        "jacobian": Image(jacobian_determinant(bent.displacement_mm, grid)[None], grid, name="jacobian"),
        "displacement": bent,
        "inverse_displacement": bent,
        "linear": AffineTransform(np.eye(d), SHIFT_MM[:d]),
    }
    return SceneContent(
        **{
            "workflow": WORKFLOW,
            "record": record(),
            "items": items,
            "label_names": NAMES,
            "centre_mm": tuple(MIDDLE[:d]) if d == 3 else tuple(grid.centre),
            "name": "second to first",
            **changes,
        }
    )
