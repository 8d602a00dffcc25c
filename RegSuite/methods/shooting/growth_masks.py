"""Weights from the masks of a tumour: constant, or growing from small balls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.methods.base import Progress, no_progress, part_of
from RegSuite.methods.shooting.growth import Growth
from RegSuite.numerics.smoothing import TRUNCATE, gaussian, sigmas_voxels

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


def constant_growth(
    mask: Tensor, grid: Grid, level: float = 1.0, *, smoothing_mm: float | None = None
) -> Growth:
    """The same weight at all times: `level` within the mask, 0 beyond, its edge smoothed.

    mask: boolean [*grid.shape]. smoothing_mm: standard deviation of a Gaussian that ends at three of
    them, so that nothing lies farther outside; the smallest spacing if None, 0 for none.
    Raises InputError for an empty mask or a level not within 0 to 1, GeometryError for another shape.
    """
    inside = checked_mask(mask, grid, "mask")
    _check_level(level, "level")
    weight = level * smoothed(inside, grid, default_smoothing(grid, smoothing_mm))
    return Growth(weight[None], grid)


def growth_of(
    core: Tensor | None,
    oedema: Tensor | None,
    grid: Grid,
    *,
    evolving: bool,
    core_weight: float = 1.0,
    oedema_weight: float = 1.0,
    times: int = 13,
    smoothing_mm: float | None = None,
    ball_mm: float | None = None,
    progress: Progress = no_progress,
) -> Growth:
    """M_t of a tumour's core and of the oedema around it, each with its own weight.

    core, oedema: boolean [*grid.shape], None where there is none; where both are set, it is core.
    Water in the tissue changes its intensity but pushes little: a weight below 1 lets intensity
    change there at a higher cost. evolving: core and whole tumour grow from balls within the core
    (see evolving_growth), M_t = core_weight C_t + oedema_weight (1 - C_t) W_t; otherwise C_t = C_1
    and W_t = W_1 throughout. Raises InputError where no mask holds a voxel.
    """
    from RegSuite.methods.shooting.growth_evolving import evolving_growth

    _check_level(core_weight, "core_weight")
    _check_level(oedema_weight, "oedema_weight")
    parts = [None if m is None else checked_mask(m, grid, n) for m, n in ((core, "core"), (oedema, "oedema"))]
    inner, outer = parts
    if inner is None and outer is None:
        raise InputError("neither core nor oedema is given: nothing can grow", mend="give one of the masks")

    def grown(mask: Tensor, within: Tensor | None, begin: float, end: float) -> Growth:
        if not evolving:
            return constant_growth(mask, grid, smoothing_mm=smoothing_mm)
        return evolving_growth(
            mask,
            grid,
            times=times,
            ball_mm=ball_mm,
            smoothing_mm=smoothing_mm,
            within=within,
            progress=part_of(progress, begin, end),
        )

    if inner is None or outer is None:
        level = oedema_weight if inner is None else core_weight
        only = grown(outer if inner is None else inner, None, 0.0, 1.0)  # type: ignore[arg-type]
        return Growth(level * only.weights, grid, only.notes)
    middle = grown(inner, None, 0.0, 0.5)
    whole = grown(inner | outer, inner, 0.5, 1.0)
    weights = middle.weights
    weights = oedema_weight * (1 - weights) * whole.weights + core_weight * weights
    notes = (*(f"core: {n}" for n in middle.notes), *(f"core with oedema: {n}" for n in whole.notes))
    return Growth(weights, grid, notes)


def checked_mask(mask: Tensor, grid: Grid, name: str) -> Tensor:
    """The mask as booleans on the CPU. Raises InputError or GeometryError for one that cannot be."""
    if tuple(mask.shape) != grid.shape:
        raise GeometryError(
            f"the mask has shape {tuple(mask.shape)}, the grid {grid.shape}",
            where=name,
            mend="resample the mask onto the target's grid (nearest neighbour)",
        )
    inside = mask.detach().cpu() > 0
    if not bool(inside.any()):
        raise InputError("the mask is empty", where=name, mend="draw it anew, or leave it out")
    return inside


def default_smoothing(grid: Grid, smoothing_mm: float | None) -> float:
    """The standard deviation of a weight's edge in mm."""
    if smoothing_mm is None:
        return min(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1)
    if not (np.isfinite(smoothing_mm) and smoothing_mm >= 0):
        raise InputError(f"smoothing of {smoothing_mm:g} mm", where="smoothing_mm", mend="give 0 or more")
    return smoothing_mm


def smoothed(inside: Tensor, grid: Grid, sigma_mm: float) -> Tensor:
    """A mask with a soft edge: float32 0..1 [*shape], 0 farther outside than three sigma along an axis."""
    out = torch.zeros(grid.shape)
    box = box_around(inside, [TRUNCATE * sigma_mm] * grid.ndim, grid)
    out[box] = soft(inside[box], grid, sigma_mm)
    return out


def soft(inside: Tensor, grid: Grid, sigma_mm: float) -> Tensor:
    """The same for a mask [*any shape] with the voxels of `grid` that is 0 at its own borders."""
    return gaussian(inside[None].float(), sigmas_voxels(sigma_mm, grid.spacing))[0].clamp_(0, 1)


def box_around(inside: Tensor, margin_mm: list[float], grid: Grid) -> tuple[slice, ...]:
    """The part of the lattice (slices of z, y, x) that holds the mask and a margin of whole voxels."""
    found = ndimage.find_objects(inside.numpy().astype(np.uint8))[0]
    reach = [int(np.ceil(m / s)) + 1 for m, s in zip(margin_mm, grid.spacing, strict=True)][::-1]
    return tuple(
        slice(max(part.start - r, 0), min(part.stop + r, n))
        for part, r, n in zip(found, reach, inside.shape, strict=True)
    )


def _check_level(level: float, name: str) -> None:
    if not 0 < level <= 1:
        raise InputError(f"a weight of {level:g}", where=name, mend="give more than 0 and at most 1")
