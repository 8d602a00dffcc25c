"""Ensemble: how sure a deformation is, from how far several registrations of the same images disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.errors import GeometryError, InputError
from RegSuite.numerics.smoothing import gaussian, sigmas_voxels

if TYPE_CHECKING:
    from RegSuite.geometry import Image

LEAST_MEMBERS = 3


def ensemble_uncertainty(
    displacements: Sequence[Image],
    *,
    displacement: Image | None = None,
    calibration: Calibration | None = None,
) -> DeformationUncertainty:
    """The spread of several displacements of the same fixed and moving images.

    displacements: at least 3, each [3, Z, Y, X] LPS mm on one grid. displacement: the one that is
    used for the dose (their mean if not given); how far the members' mean lies from it counts too.
    The variance (n - 1 below) of so few members is noisy: it is averaged over the length on which
    errors are alike (Gaussian of calibration.correlation_mm; 30 mm, scale 1 and floor 0 without one).
    NaN where any member is NaN. Systems that err alike agree without being right: the spread says
    nothing of errors that all share.
    Raises InputError for fewer members, GeometryError for different grids.
    """
    _check(displacements, displacement)
    members = torch.stack([member.data.float() for member in displacements])
    mean = members.mean(dim=0)
    used = displacements[0].with_data(mean) if displacement is None else displacement
    variance = members.var(dim=0, unbiased=True) + (mean - used.data).square()
    known = torch.isfinite(variance).all(dim=0)
    applied = calibration or Calibration("not calibrated")
    raw = _smoothed(variance, known, applied.correlation_mm, used.grid.spacing).sqrt()
    sd = applied.applied(torch.where(known, raw, torch.nan))
    return DeformationUncertainty(
        displacement=used,
        sigma_mm=replace(used, data=sd, name="standard deviation (ensemble)", mask=None),
        correlation_mm=applied.correlation_mm,
        source="ensemble",
        calibration=calibration,
    )


def _smoothed(variance: Tensor, known: Tensor, length_mm: float, spacing: Sequence[float]) -> Tensor:
    """Gaussian means over the voxels that are known: [3, Z, Y, X]."""
    weight = known.float()[None]
    both = torch.cat([torch.where(known, variance, 0.0), weight])
    sums = gaussian(both, sigmas_voxels(length_mm, spacing))
    return sums[:3] / sums[3:].clamp(min=1e-6)


def _check(displacements: Sequence[Image], displacement: Image | None) -> None:
    if len(displacements) < LEAST_MEMBERS:
        raise InputError(
            f"{len(displacements)} registrations make no ensemble",
            where="ensemble",
            mend=f"give at least {LEAST_MEMBERS}, of different measures, regularity or methods",
        )
    first = displacements[0]
    for member in (*displacements, *([displacement] if displacement else [])):
        if member.channels != 3 or not member.grid.same_space(first.grid):
            raise GeometryError(
                f"{member.name!r} has {member.channels} components on {member.grid}; "
                f"the first has {first.channels} on {first.grid}",
                where="ensemble",
                mend="bring all members to one grid",
            )
