"""Where a drift begins: the clouds' own place, their centres, or the best of all rotations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.stage import Clouds


@dataclass(frozen=True)
class Start:
    """matrix [d, d] and shift [d] of the first rho; sigma2: how near it is already (None: not known)."""

    matrix: Tensor
    shift: Tensor
    sigma2: float | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def start_of(clouds: Clouds, parameters: DriftParameters) -> Start:
    """The start that the parameters ask for."""
    eye = torch.eye(clouds.y.shape[1], dtype=torch.float64, device=clouds.y.device)
    shift = clouds.x.mean(dim=0) - clouds.y.mean(dim=0)
    if parameters.start == "centres":
        return Start(eye, shift, notes=("started with the clouds' centres upon each other",))
    return Start(eye, torch.zeros_like(shift))
