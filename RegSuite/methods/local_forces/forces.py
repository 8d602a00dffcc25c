"""The normal equations of a measure on a level, for a field on its nodes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from RegSuite.methods.local_forces.level import Level
from RegSuite.numerics.local_systems import lncc_system, local_statistics, residual_system
from RegSuite.similarity import make_similarity

Measure = Literal["lncc", "ssd", "mind", "mi", "ngf", "ncc"]

FLOOR = 1e-4
"""Variance (image range 0..1) below which a window of the local correlation is flat."""
REACH_STEPS = 2.0
DESCRIPTOR_REACH_STEPS = 8.0
"""How far a voxel's linear model is believed, in voxels of the level; descriptors differ by noise
as well, which a short reach would take for distance."""
TRUSTED_CHANGE = 0.3
"""Measures without residuals: rms intensity change, in standard deviations, asked for at once."""


def edge_voxels(measure: Measure, radius: int) -> int:
    """How many voxels around a voxel a measure reads."""
    return max(radius, 1) if measure == "lncc" else 1


class Forces:
    """A measure on one level: `system(u)` gives its normal equations and its loss.

    The loss is a mean squared residual for lncc (1 - LNCC^2), ssd and mind (descriptors as
    channels, compared by squared difference), and the measure's own loss for mi, ngf and ncc.
    """

    def __init__(self, level: Level, measure: Measure, radius: int = 2) -> None:
        self.level, self.measure = level, measure
        self._statistics = (
            [local_statistics(c, radius, FLOOR) for c in level.fixed] if measure == "lncc" else []
        )
        self._reach = level.step_mm * (DESCRIPTOR_REACH_STEPS if measure == "mind" else REACH_STEPS)

    def system(self, field: Tensor) -> tuple[Tensor, float]:
        """(system [9, *nodes] as in local_systems, loss) for u on the level's nodes, mm."""
        warped, weight = self.level.warped(field)
        fixed, blocks = self.level.fixed, self.level.blocks
        if self.measure == "lncc":
            found = [
                lncc_system(f, s, w, weight, blocks, self._reach)
                for f, s, w in zip(fixed, self._statistics, warped, strict=True)
            ]
            system = found[0][0] if len(found) == 1 else torch.stack([s for s, _ in found]).sum(dim=0)
            return system, sum(loss for _, loss in found) / len(found)
        if self.measure in ("ssd", "mind"):
            return residual_system(fixed - warped, fixed, warped, weight, blocks, self._reach)
        return self._of_gradient(warped, weight)

    def _of_gradient(self, warped: Tensor, weight: Tensor | None) -> tuple[Tensor, float]:
        """Normal equations from a measure's gradient by intensity: residual -dL/dW / (2 k).

        The curvature k is that at which the rms residual is TRUSTED_CHANGE standard deviations.
        """
        flat = self.level.grid.size[2] == 1
        spacing = self.level.grid.spacing[: 2 if flat else 3]
        similarity = make_similarity(self.measure, spacing=spacing)
        f, w = (v[:, 0] if flat else v for v in (self.level.fixed, warped))
        mask = None if weight is None else (weight[0] if flat else weight)
        loss, gradient = similarity.loss_and_gradient(f, w, mask)
        if flat:
            gradient = gradient[:, None]
        count = float(warped[0].numel() if weight is None else weight.sum())
        per_voxel = gradient.float() * count
        rms = float((per_voxel.square().sum() / max(count, 1.0)).sqrt())
        curvature = max(rms / (2 * TRUSTED_CHANGE * float(self.level.fixed.std())), 1e-20)
        residual = per_voxel / (-2 * curvature)
        system, _ = residual_system(
            residual, self.level.fixed, warped, weight, self.level.blocks, self._reach, of_fixed=0.0
        )
        return system * curvature, loss

    @property
    def voxels(self) -> float:
        """Voxels that count, by which a system's sums are turned to means."""
        weight = self.level.fixed_weight
        return float(self.level.grid.voxels if weight is None else weight.sum())
