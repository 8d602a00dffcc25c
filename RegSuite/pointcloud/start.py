"""Where a drift begins: the clouds' own place, their centres, or the best of all rotations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.progress import Progress
from RegSuite.pointcloud.result import Drift
from RegSuite.pointcloud.stage import Clouds
from RegSuite.pointcloud.start_search import Found, search, turned_degrees

OVERLAP = 0.25
"""Share of the smaller cloud's box within the other's from which on the clouds share their place."""


@dataclass(frozen=True)
class Start:
    """matrix [d, d] and shift [d] of the first rho; sigma2: how near it is already (None: not known).

    motion: v [M, d] to begin with; None: none.
    """

    matrix: Tensor
    shift: Tensor
    sigma2: float | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    motion: Tensor | None = None


def start_of(clouds: Clouds, model: OrganModel, parameters: DriftParameters, progress: Progress) -> Start:
    """The start that the parameters ask for.

    auto: clouds whose boxes overlap keep their place: scans of one frame are never turned. Others are
    searched for, and turned only where that explains the target clearly better than a shift does.
    """
    d = clouds.y.shape[1]
    eye = torch.eye(d, dtype=torch.float64, device=clouds.y.device)
    shared = _overlap(clouds)
    if parameters.start == "given" or (parameters.start == "auto" and shared >= OVERLAP):
        return Start(eye, torch.zeros(d, dtype=torch.float64, device=eye.device))
    shift = _between_centres(clouds)
    if parameters.start == "centres":
        return Start(eye, shift, notes=("started with the clouds' centres upon each other",))
    found = search(clouds, shift, model, parameters, progress, shy=parameters.start == "auto")
    return Start(found.matrix, found.shift, found.sigma2, _notes(found, shared, parameters), found.warnings)


def start_after(before: Drift, source: PointSet, centre: Tensor) -> Start:
    """The start that an earlier drift of `source` ended at, in coordinates about `centre` [d].

    Raises InputError where the earlier drift was of another cloud.
    """
    if not np.array_equal(before.source.points, source.points):
        raise InputError(
            f"the earlier drift moved another cloud ({len(before.source)} points, now {len(source)})",
            where="before",
            mend="give the drift of this source cloud, or none",
        )
    rho = before.start
    matrix, shift = (torch.as_tensor(np.array(v), device=centre.device) for v in (rho.matrix, rho.offset))
    motion = torch.zeros((len(source), len(centre)), dtype=torch.float64, device=centre.device)
    if before.basis is not None and before.weights is not None:
        motion = (before.basis.values @ before.weights).to(centre.device)
    return Start(matrix, shift + matrix @ centre - centre, before.sigma_mm**2, motion=motion)


def _notes(found: Found, shared: float, parameters: DriftParameters) -> tuple[str, ...]:
    why = ""
    if parameters.start == "auto":
        why = f"the clouds' boxes share {100 * shared:.0f} %, so they were not taken to be in one frame; "
    angle, scale = (
        turned_degrees(found.matrix),
        float(torch.linalg.det(found.matrix)) ** (1 / len(found.matrix)),
    )
    return (
        f"{why}started from the best of {found.tried} rotations: turned by {angle:.0f} degrees, "
        f"scaled by {scale:.2f}",
    )


def _overlap(clouds: Clouds) -> float:
    """Share of the smaller box that lies within the other; the product of the axes' shares."""
    low = torch.maximum(clouds.x.amin(dim=0), clouds.y.amin(dim=0))
    high = torch.minimum(clouds.x.amax(dim=0), clouds.y.amax(dim=0))
    sizes = torch.stack([c.amax(dim=0) - c.amin(dim=0) for c in (clouds.x, clouds.y)])
    thick = 0.1 * float(sizes.max())  # flat clouds have boxes without volume
    return float(((high - low + thick).clamp(min=0) / (sizes.amin(dim=0) + thick)).clamp(max=1).prod())


def _between_centres(clouds: Clouds) -> Tensor:
    """Shift [d] of the source's centre to the target's: the mean of those of organs in both."""
    both = set(clouds.x_organs.tolist()) & set(clouds.y_organs.tolist())
    if not both:
        return clouds.x.mean(dim=0) - clouds.y.mean(dim=0)
    shifts = [
        clouds.x[clouds.x_organs == k].mean(dim=0) - clouds.y[clouds.y_organs == k].mean(dim=0)
        for k in sorted(both)
    ]
    return torch.stack(shifts).mean(dim=0)
