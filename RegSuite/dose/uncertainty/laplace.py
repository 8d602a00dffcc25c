"""Laplace: how sure a deformation is, from the images' curvature around it; no network needed.

Of p(u | f, m) = exp(-similarity(u) / s - regulariser(u)) the second derivatives at the found u make a
Gaussian: the images' curvature (curvature.py) and the regulariser's, whose strength against it decides what
part of a displacement is held and what is left out (posterior.py). The SD is small across edges, large along
them, where contrast is low, where the images disagree and where the found displacement is uneven, and
nowhere more than without images. A calibration then turns it into millimetres that hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.curvature import Curvature, block_mean, curvature
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.dose.uncertainty.posterior import covariance_left, unevenness
from RegSuite.errors import GeometryError
from RegSuite.numerics.flow import along_axes

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image


@dataclass(frozen=True)
class LaplaceModel:
    """What the approximation assumes: the values under which true displacements of phantoms were likeliest.

    prior_sd_mm: SD of a component of the error where images tell nothing and the displacement is smooth.
    unevenness: what is added to its variance, times the displacement's departure from its course (squared).
    course_mm: SD of the Gaussian that gives that course. stiffness: of the regulariser, the curvature
    (1/mm^2 per 64 mm^3) that holds back half. window_mm: SD of the window of contrast and noise.
    """

    prior_sd_mm: float = 0.5
    unevenness: float = 2.6
    course_mm: float = 16.0
    stiffness: float = 0.5
    window_mm: float = 8.0


def laplace_uncertainty(
    fixed: Image,
    moving: Image,
    displacement: Image,
    *,
    calibration: Calibration | None = None,
    model: LaplaceModel | None = None,
) -> DeformationUncertainty:
    """The deformation with its SD, on the displacement's grid; NaN where the displacement is.

    fixed, moving: images of any grids, channels and scale; they may differ in brightness and contrast,
    locally too. displacement: [3, Z, Y, X] LPS mm, fixed point x -> moving point x + u(x).
    calibration: the one that RegSuite ships unless given (scale, floor and correlation length).
    Raises GeometryError for images that are not 3D or differ in channels.
    Cost: about 3 s of one core at 256x256x96.
    """
    _check(fixed, moving, displacement)
    model = model or LaplaceModel()
    if calibration is None:
        from RegSuite.dose.uncertainty.shipped import shipped_calibration

        calibration = shipped_calibration("laplace")
    found = curvature(fixed, moving, displacement, window_mm=model.window_mm)
    left = covariance_left(found.matrix, _prior(displacement, found, model), model.stiffness)
    raw = _components(left, found.grid).clamp(min=0).sqrt()
    sd = calibration.applied(_on_voxels(raw, found, displacement.grid))
    sd[:, ~torch.isfinite(displacement.data).all(dim=0)] = torch.nan
    return DeformationUncertainty(
        displacement=displacement,
        sigma_mm=replace(displacement, data=sd, name="standard deviation (laplace)", mask=None),
        correlation_mm=calibration.correlation_mm,
        source="laplace",
        calibration=calibration,
    )


def _prior(displacement: Image, found: Curvature, model: LaplaceModel) -> Tensor:
    """Covariance [3, 3, *nodes] in mm^2, along the axes, of what the images have to tell."""
    grid = displacement.grid
    known = torch.isfinite(displacement.data).all(dim=0)
    field = along_axes(torch.where(known, displacement.data, 0.0).float(), grid)
    field, share = (block_mean(values, found.factors) for values in (field, known.float()[None]))
    field = field / share.clamp(min=1e-6)
    uneven = unevenness(field, share[0] > 0, model.course_mm, found.grid.spacing)
    return model.prior_sd_mm**2 * torch.eye(3)[:, :, None, None, None] + model.unevenness * uneven


def _components(covariance: Tensor, grid: Grid) -> Tensor:
    """Variances of the LPS components [3, ...] of covariances [3, 3, ...] along the grid's axes."""
    direction = torch.as_tensor(grid.direction, dtype=covariance.dtype)
    return torch.einsum("pa,ab...,pb->p...", direction, covariance, direction)


def _on_voxels(values: Tensor, found: Curvature, grid: Grid) -> Tensor:
    """Values [3, *nodes] at the grid's voxels, trilinear; beyond the outer nodes theirs."""
    from RegSuite.numerics.resample import warp

    if all(factor == 1 for factor in found.factors):
        return values.clone()
    return warp(values, grid.shape, (found.grid.inverse_matrix @ grid.matrix)[:3])


def _check(fixed: Image, moving: Image, displacement: Image) -> None:
    if not fixed.ndim == moving.ndim == displacement.ndim == 3 or displacement.channels != 3:
        raise GeometryError(
            f"images of {fixed.ndim} and {moving.ndim} dimensions and a displacement of "
            f"{displacement.channels} components: the uncertainty is for 3D",
            where="uncertainty",
        )
    if fixed.channels != moving.channels:
        raise GeometryError(
            f"{fixed.name!r} has {fixed.channels} channels, {moving.name!r} {moving.channels}",
            where="uncertainty",
            mend="give images of the same channels",
        )
