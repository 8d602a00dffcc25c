"""Where the fixed image has no correspondence in the moving one: found together with the registration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.base import Progress, no_progress, part_of
from RegSuite.methods.shooting.local_distance import local_distance, match_contrast
from RegSuite.methods.shooting.parameters import LDDMMParameters, ShootingParameters
from RegSuite.methods.shooting.region import least_region
from RegSuite.methods.shooting.shot import Shot
from RegSuite.numerics.pyramid import block_mean, factors_for, refine
from RegSuite.numerics.resample import warp

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDS = 5
"""At most, the plain registration included."""
SETTLED = 0.9
"""Dice of two successive regions at which the search ends."""
VOXELS_A_SIGMA = {2: 3.0, 3: 2.0}
"""Voxels of the search in the smallest kernel's sigma."""
PATCH, REACH, PERIMETER, SMALLEST = 0.5, 1.0, 0.15, 1.0
"""In that sigma: the local distance's Gaussian and reach, perimeter's cost, radius of the least region."""
USUAL, BEYOND = 1.3, 0.08
"""An outlier's local distance: so many times what is usual, and so much of the image's spread beyond."""
MOST = 2.0
"""Larger differences count as so many thresholds, so that a bright lesion is not found too large."""
SOFTNESS = 0.15
"""Width of the probability's rise, as a share of the threshold."""
MUCH_SHARE = 0.4
"""A larger share of the brain without correspondence is no tumour."""


@dataclass(frozen=True)
class Round:
    """One registration and the region found after it.

    share: of the brain that is in the region. overlap: Dice with the round before (1 where both are
    empty, 0 at first). usual, threshold: median local distance elsewhere and the one that makes a
    place an outlier, both as shares of the image's spread.
    """

    number: int
    share: float
    overlap: float
    usual: float
    threshold: float


@dataclass(frozen=True, eq=False)
class NonCorrespondence:
    """mask: uint8 [1, *shape] on the fixed grid, 1 where nothing corresponds; it may be empty.

    probability: float32 [1, *shape], how surely a place is an outlier by its local distance alone
    (0.5 at the threshold); the mask also weighs volume and perimeter. shot: the last (coarse) registration,
    of which the mask was left out.
    """

    mask: Image
    probability: Image
    shot: Shot
    history: tuple[Round, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def region(self) -> Tensor:
        """The mask as booleans [*shape]."""
        return self.mask.data[0] > 0


@dataclass(frozen=True, eq=False)
class _Scene:
    """What the rounds share, on the coarse grid: the fixed values [C, *shape], where the brain is.

    spread: of each channel in the brain, 16th to 84th percentile. factors: fixed voxels a coarse one.
    """

    fixed: FloatArray
    brain: Mask
    spread: FloatArray
    grid: Grid
    factors: list[int]
    sigma_mm: float


def estimate_noncorrespondence(
    fixed: Image,
    moving: Image,
    parameters: ShootingParameters | None = None,
    progress: Progress = no_progress,
    *,
    initial: Transform | None = None,
    brain: Tensor | None = None,
) -> NonCorrespondence:
    """The region S of the fixed image, and the registration without it, that together cost least.

    Minimised in turn, from S empty on: sum (1 - S) D + deformation's cost, by LDDMM at a coarse
    resolution with S left out of the image distance; and sum (1 - S) D + threshold * volume(S) +
    perimeter(S), exactly. D is a local distance (see local_distance) in the contrast of the fixed
    image. parameters: kernels, smoothness, similarity and intensities of the registration (those of
    `lddmm` if None). brain: boolean [*shape], where S may lie; the fixed image's mask or what is
    bright in it if None. It finds what looks different from its surroundings' counterpart; a tumour as
    grey as the tissue that it displaced is not seen.
    Source: the iterative form of NCR-Net (BVM 2023), equation 2.
    """
    given = parameters or LDDMMParameters.model_validate({})
    within = _brain(fixed, brain)
    scene = _scene(fixed, within, min(given.kernels_mm))
    coarse = _coarse_parameters(given, scene)
    found, region = np.zeros(scene.grid.shape, bool), torch.zeros(fixed.grid.shape, dtype=torch.bool)
    history: list[Round] = []
    for number in range(ROUNDS):
        part = part_of(progress, number / ROUNDS, (number + 1) / ROUNDS)
        shot = _register(fixed, moving, region, coarse, part, initial)
        there = _moving_values(moving, shot, scene)
        before = found
        distance, usual, threshold = _distance(scene, there, found)
        found = _region(distance, threshold, scene)
        region = _whole_mask(found, scene, fixed.grid, within)
        overlap = _overlap(before, found) if number else float(not found.any())
        history.append(Round(number, float(found.sum() / scene.brain.sum()), overlap, usual, threshold))
        if overlap >= SETTLED:
            break
    progress(1.0, "region without correspondence", {})
    surely = 1.0 / (1.0 + np.exp(-(distance - threshold) / (SOFTNESS * threshold)))
    probability = _refined(np.where(scene.brain, surely, 0.0), scene, fixed.grid) * within
    notes, warnings = _words(history, region, fixed.grid)
    return NonCorrespondence(
        mask=Image(region.to(torch.uint8)[None], fixed.grid, name="without correspondence"),
        probability=Image(probability[None], fixed.grid, name="probability of no correspondence"),
        shot=shot,
        history=tuple(history),
        notes=notes,
        warnings=warnings,
    )


def _brain(fixed: Image, given: Tensor | None) -> Tensor:
    """Where S may lie, bool [*shape]. Raises GeometryError or InputError for a mask that cannot be."""
    if given is not None and tuple(given.shape) != fixed.grid.shape:
        raise GeometryError(
            f"the brain's mask has shape {tuple(given.shape)}, the image {fixed.grid.shape}",
            where="brain",
            mend="resample the mask onto the fixed image's grid (nearest neighbour)",
        )
    chosen = fixed.mask if given is None else given
    inside = _bright(fixed) if chosen is None else chosen.detach().cpu() > 0
    if not bool(inside.any()):
        raise InputError("the brain's mask is empty", where="brain", mend="draw it anew, or leave it out")
    return inside


def _bright(fixed: Image) -> Tensor:
    """What stands out of the darkest tenth of the values, holes filled."""
    values = fixed.data[0].detach().float().cpu().numpy()
    low, high = np.percentile(values, [0.5, 99.5])
    seen = np.pad(values > low + 0.1 * (high - low), 2, mode="edge")
    closed = ndimage.binary_closing(seen, iterations=2)[(slice(2, -2),) * values.ndim]
    return torch.from_numpy(ndimage.binary_fill_holes(closed))


def _scene(fixed: Image, within: Tensor, sigma_mm: float) -> _Scene:
    factors = factors_for(fixed.grid, sigma_mm / VOXELS_A_SIGMA[fixed.ndim])
    values = block_mean(fixed.data.detach().float().cpu(), factors).double().numpy()
    brain = block_mean(within[None].float(), factors)[0].numpy() >= 0.5
    if not brain.any():
        raise InputError(
            "the brain is smaller than a voxel of the search",
            where="brain",
            mend="take smaller kernels_mm, or check the image's spacing",
        )
    low, high = np.percentile(values[:, brain], [16, 84], axis=1)
    if not (high > low).all():
        raise InputError("the fixed image is constant in the brain", where=fixed.name, mend="check the image")
    return _Scene(values, brain, high - low, fixed.grid.coarser(factors), factors, sigma_mm)


def _coarse_parameters(given: ShootingParameters, scene: _Scene) -> LDDMMParameters:
    return LDDMMParameters.model_validate(
        {
            "kernels_mm": given.kernels_mm,
            "kernel_weights": given.kernel_weights,
            "smoothness": given.smoothness,
            "similarity": given.similarity,
            "intensities": given.intensities,
            "time_steps": min(given.time_steps, 6),
            "levels": 2,
            "finest_mm": min(scene.grid.spacing),
            "iterations": (25, 10),
            "tolerance": 3e-3,
        }
    )


def _register(
    fixed: Image,
    moving: Image,
    region: Tensor,
    parameters: LDDMMParameters,
    progress: Progress,
    initial: Transform | None,
) -> Shot:
    """LDDMM that does not look at the region."""
    from RegSuite.methods.shooting.run import register_by_shooting

    left = ~region.to(fixed.data.device)
    mask = left if fixed.mask is None else left & fixed.mask
    counted = fixed if not bool(region.any()) else replace(fixed, mask=mask)
    return register_by_shooting(counted, moving, parameters, progress, initial=initial)


def _moving_values(moving: Image, shot: Shot, scene: _Scene) -> FloatArray:
    """The moving image through the transform on the coarse grid, [C, *shape]."""
    grid, d = scene.grid, scene.grid.ndim
    values = moving.data.detach().float().cpu()
    fewer = factors_for(moving.grid, min(grid.spacing))
    smooth, own = block_mean(values, fewer), moving.grid.coarser(fewer)
    field = shot.transform.displacement(grid).float().cpu()
    affine = (own.inverse_matrix @ grid.matrix)[:d]
    return warp(smooth, grid.shape, affine, field, own.inverse_matrix[:d, :d]).double().numpy()


def _distance(scene: _Scene, there: FloatArray, found: Mask) -> tuple[FloatArray, float, float]:
    """The local distance, what is usual of it and the threshold, as shares of the fixed image's spread."""
    sure = scene.brain & ~found
    scale = scene.spread.reshape(-1, *(1,) * scene.grid.ndim)
    matched = [match_contrast(m, f, sure) for m, f in zip(there, scene.fixed, strict=True)]
    pair = scene.fixed / scale, np.stack(matched) / scale
    lengths = PATCH * scene.sigma_mm, REACH * scene.sigma_mm
    raw = local_distance(*pair, scene.brain, scene.grid.spacing, *lengths)
    usual = float(np.median(raw[sure]))
    threshold = USUAL * usual + BEYOND
    return (
        local_distance(*pair, scene.brain, scene.grid.spacing, *lengths, MOST * threshold),
        usual,
        threshold,
    )


def _region(distance: FloatArray, threshold: float, scene: _Scene) -> Mask:
    """The least region of outliers, without holes and without parts too small to be seen."""
    cost = np.clip((threshold - distance) / threshold, -1.5, 1.5)
    spacing = scene.grid.spacing
    found = least_region(cost, PERIMETER * scene.sigma_mm, spacing, scene.brain) > 0.5
    found = ndimage.binary_fill_holes(found) & scene.brain
    labels, count = ndimage.label(found, structure=np.ones((3,) * found.ndim))
    if not count:
        return np.asarray(found)
    radius = SMALLEST * scene.sigma_mm
    least = (np.pi * radius**2 if found.ndim == 2 else 4 / 3 * np.pi * radius**3) / scene.grid.voxel_volume
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= least)[labels])


def _refined(values: FloatArray, scene: _Scene, grid: Grid) -> Tensor:
    """Coarse values [*shape] on the fixed grid."""
    return refine(torch.from_numpy(values)[None].float(), grid.shape, scene.factors)[0]


def _whole_mask(found: Mask, scene: _Scene, grid: Grid, within: Tensor) -> Tensor:
    return (_refined(found.astype(float), scene, grid) >= 0.5) & within


def _overlap(a: Mask, b: Mask) -> float:
    total = int(a.sum() + b.sum())
    return 2.0 * float((a & b).sum()) / total if total else 1.0


def _words(history: list[Round], region: Tensor, grid: Grid) -> tuple[tuple[str, ...], tuple[str, ...]]:
    last = history[-1]
    if not bool(region.any()):
        said = (
            "no region without correspondence was found: nowhere does the brain differ from the warped "
            f"image by more than {last.threshold:.2f} of its spread over more than a small place"
        )
        return (said,), ()
    size = float(region.sum()) * grid.voxel_volume
    amount = f"{size / 1000:.1f} cc" if grid.ndim == 3 else f"{size / 100:.1f} cm2"
    notes = (
        f"without a mask, a region of {amount} ({100 * last.share:.0f} % of the brain) was found that has no "
        f"correspondence, in {len(history)} rounds",
    )
    warnings = []
    if last.overlap < SETTLED:
        warnings.append(
            "the region without correspondence did not settle: the last two rounds agree to a Dice of "
            f"{last.overlap:.2f}; look at the mask"
        )
    if last.share > MUCH_SHARE:
        warnings.append(
            f"{100 * last.share:.0f} % of the brain has no correspondence: are both images of one contrast "
            "and roughly aligned?"
        )
    return notes, tuple(warnings)
