"""What was measured of a field that was made from points: exactness, folds, borders, and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.pointcloud.field.backward import BackwardField
from RegSuite.pointcloud.field.borders import OrganBorder, organ_borders
from RegSuite.pointcloud.field.forward import ForwardField, OrganField
from RegSuite.pointcloud.field.moved_labels import MovedOrgans
from RegSuite.transforms.inversion import summary

VOXELS_OF_AN_ORGAN = 1500
"""Voxels of each organ at which the fields are compared with the exact regression."""

INEXACT_MM = 0.1
TISSUE = "tissue"

_WHY_ORGANS_FOLD = (
    "its points ask for a motion that is too strong for its bandwidth; raise the bandwidth or lower the "
    "magnitude, and look for points with a wrong label"
)
_WHY_TISSUE_FOLDS = (
    "organs move towards each other or past each other there; nothing but organs was registered, so do not "
    "rely on the field between them"
)


@dataclass(frozen=True)
class FieldChecks:
    """residual_mm: {mean, p95, max} of |T(T^-1(y)) - y| at voxels of target organs, T exact.

    tissue_residual_mm: the same around the organs, by the field. interpolation_mm: largest difference seen
    between the forward field and the exact regression in organs. folds: percent of voxels whose determinant
    is <= 0, by organ name and "tissue". moved_dice: of each organ, moved by its own motion, with the
    target's label map. overlap_cc: what two moved organs claim (2D: cm^2). borders: how organs slide.
    None or absent where nothing could be measured.
    """

    residual_mm: Mapping[str, float] | None
    tissue_residual_mm: Mapping[str, float] | None
    interpolation_mm: float | None
    folds: Mapping[str, float]
    moved_dice: Mapping[str, float]
    overlap_cc: float
    borders: tuple[OrganBorder, ...]

    def warnings(self) -> tuple[str, ...]:
        """In words: what, where, mend."""
        out = []
        for name, percent in self.folds.items():
            if percent > 0:
                reason = _WHY_TISSUE_FOLDS if name == TISSUE else _WHY_ORGANS_FOLD
                out.append(f"{percent:.2g} % of the voxels of {name} fold: {reason}")
        if self.interpolation_mm is not None and self.interpolation_mm > INEXACT_MM:
            out.append(
                f"the field misses the exact motion of the points by up to {self.interpolation_mm:.2g} mm: "
                "the bandwidth is small for so large an organ; raise it, or give a smaller volume"
            )
        if self.residual_mm is not None and self.residual_mm["p95"] > INEXACT_MM:
            out.append(
                "in organs the backward field misses the inverse of the motion by "
                f"{self.residual_mm['p95']:.2g} mm (95 % of the voxels): the motion folds there, or the "
                "organ's target label lies elsewhere"
            )
        return tuple(out)


def field_checks(
    fields: Sequence[OrganField],
    forward: ForwardField,
    backward: BackwardField,
    moved: MovedOrgans,
    at: tuple[Tensor, Tensor],
    grids: tuple[Grid, Grid],
) -> FieldChecks:
    """at, grids: the organ of each voxel, and the grid, of source and target."""
    residuals, misses = [], []
    for k, one in enumerate(fields):
        places, u = _drawn(at[1] == k, backward.displacement_mm, grids[1])
        residuals.append((one.organ.moved(places + u) - places).norm(dim=1))
        places, u = _drawn(at[0] == k, forward.displacement_mm, grids[0])
        misses.append((one.organ.moved(places) - places - u).norm(dim=1))
    residual, miss = (torch.cat(v) if v else torch.empty(0) for v in (residuals, misses))
    return FieldChecks(
        summary(residual) if len(residual) else None,
        backward.tissue_residual_mm,
        float(miss.max()) if len(miss) else None,
        _folds(fields, at[1], backward.determinant),
        moved.dice,
        moved.overlap_cc,
        organ_borders([one.organ for one in fields], at[0].numpy(), grids[0]),
    )


def _drawn(mask: Tensor, u: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Points [n, d] LPS mm of some voxels of a mask, evenly taken, and the displacement there [n, d]."""
    chosen = torch.nonzero(mask.reshape(-1))[:, 0]
    chosen = chosen[:: max(1, len(chosen) // VOXELS_OF_AN_ORGAN)]
    index = np.stack(np.unravel_index(chosen.numpy(), grid.shape)[::-1], axis=-1)
    return torch.from_numpy(grid.points(index)), u.reshape(grid.ndim, -1)[:, chosen].T.double()


def _folds(fields: Sequence[OrganField], at: Tensor, determinant: Tensor) -> dict[str, float]:
    """Percent of voxels with a determinant <= 0 by organ name, and in the tissue."""
    folded = torch.bincount((at[determinant <= 0] + 1).long(), minlength=len(fields) + 1)
    count = torch.bincount((at.reshape(-1) + 1).long(), minlength=len(fields) + 1)
    names = [TISSUE, *(one.organ.name for one in fields)]
    return {
        name: 100 * int(f) / int(n) for name, f, n in zip(names, folded, count, strict=True) if int(n) > 0
    }
