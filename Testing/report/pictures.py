"""A small pair with a marked side, for reports."""

import numpy as np
import torch

from RegSuite.geometry import Grid
from RegSuite.methods.base import ConvergencePoint
from RegSuite.report.images import ReportImages


def a_head(grid):
    """A ball in the middle and a bright spot on the patient's left, in front, above."""
    points, middle = grid.all_points(), grid.centre
    half = float(min(n * s for n, s in zip(grid.size, grid.spacing, strict=True) if n > 1)) / 2
    head = 0.4 * (np.linalg.norm(points - middle, axis=-1) < 0.8 * half)
    spot = middle + np.array([0.45, -0.35, 0.3])[: grid.ndim] * half
    return torch.from_numpy(
        (head + 0.6 * (np.linalg.norm(points - spot, axis=-1) < 0.25 * half)).astype(np.float32)
    )


def report_images(grid=None, **changes):
    """Everything a report can show, of a shift of 2 mm in x."""
    grid = grid or Grid.make((24, 22, 12), (1.0, 1.1, 2.0))
    fixed = a_head(grid)
    moving = torch.roll(fixed, 2, -1)
    u = torch.zeros(grid.ndim, *grid.shape)
    u[0] = 2.0
    labels = {
        "fixed_labels": (fixed > 0).int(),
        "before_labels": (moving > 0).int(),
        "warped_labels": (fixed > 0).int(),
    }
    points = tuple(ConvergencePoint(f"level {s}", i, -s - i / 10) for s in range(2) for i in range(5))
    given = {
        "displacement_mm": u,
        "jacobian": torch.ones(grid.shape),
        "convergence": points,
        **labels,
        **changes,
    }
    return ReportImages(
        grid=grid, fixed=fixed[None], before=moving[None], warped=fixed[None].clone(), **given
    )
