"""The two images on the fixed lattice, in comparable intensities: what shooting works on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.local_forces.pair import make_pair
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.numerics.resample import warp
from RegSuite.transforms.base import Transform

LOW, HIGH = 0.005, 0.995
"""Percentiles that become 0 and 1."""
_SAMPLES = 1 << 20


@dataclass(frozen=True, eq=False)
class Scene:
    """source, target: [C, *shape] float32 on `grid` (the fixed image's), 0 to 1 between the percentiles.

    counts: boolean [*shape], voxels of the image distance, None for all. scale: intensity of the
    moving image that became 1, less the one that became 0, by channel [C].
    """

    source: Tensor
    target: Tensor
    grid: Grid
    counts: Tensor | None
    growth: Growth | None
    scale: Tensor
    notes: tuple[str, ...] = ()


def make_scene(
    fixed: Image,
    moving: Image,
    parameters: ShootingParameters,
    initial: Transform | None,
    growth: Growth | None,
) -> Scene:
    """The scene of two images; masks of either leave voxels out of the image distance.

    Raises InputError and GeometryError for pairs that cannot be registered (see make_pair) and for
    a growth that lies on another grid, is not within 0..1 or nowhere above 0.
    """
    make_pair(fixed, moving, initial)  # its checks
    if growth is not None:
        _check_growth(growth, fixed.grid)
    source, counts = _on_fixed(fixed, moving, initial)
    target = fixed.data.float()
    everywhere = torch.ones(fixed.grid.shape, dtype=torch.bool, device=target.device)
    seen = everywhere if counts is None else counts
    sane = seen if growth is None else _outside(growth, seen)
    scale = _scale(source, sane)
    other = scale if parameters.intensities == "common" else _scale(target, sane)
    return Scene(
        source=_scaled(source, scale),
        target=_scaled(target, other),
        grid=fixed.grid,
        counts=counts,
        growth=growth,
        scale=scale[1] - scale[0],
    )


def _on_fixed(fixed: Image, moving: Image, initial: Transform | None) -> tuple[Tensor, Tensor | None]:
    """The moving image on the fixed grid, and the voxels that count: within masks and the moving image."""
    grid, d = fixed.grid, fixed.ndim
    device = fixed.data.device
    field = None if initial is None else initial.displacement(grid).to(device).float()
    affine = (moving.grid.inverse_matrix @ grid.matrix)[:d]
    to_voxels = moving.grid.inverse_matrix[:d, :d]
    source = warp(moving.data.float(), grid.shape, affine, field, to_voxels)
    counts = fixed.mask
    whole = torch.ones((1, *moving.grid.shape), device=device)
    covered = warp(whole, grid.shape, affine, field, to_voxels, outside=0.0)[0] > 0.5
    if not bool(covered.all()):  # beyond the moving image there is nothing to compare with
        counts = covered if counts is None else counts & covered
    if moving.mask is not None:
        there = warp(moving.mask[None].float(), grid.shape, affine, field, to_voxels, outside=0.0)[0] > 0.5
        counts = there if counts is None else counts & there
    if counts is not None and not bool(counts.any()):
        raise InputError(
            "no voxel is in both images and their masks",
            where="masks",
            mend="check the masks, or give an initial transform",
        )
    return source, counts


def _check_growth(growth: Growth, grid: Grid) -> None:
    if not growth.grid.same_space(grid):
        raise InputError(
            f"the growth lies on {growth.grid}", where="growth", mend=f"put it on the fixed image's {grid}"
        )
    low, high = float(growth.weights.min()), float(growth.weights.max())
    if not (low >= 0 and 0 < high <= 1):
        raise InputError(
            f"weights from {low:g} to {high:g}", where="growth", mend="give weights from 0 to 1, not all 0"
        )


def _outside(growth: Growth, seen: Tensor) -> Tensor:
    """The voxels where intensity is never added, if those are enough to judge intensities by."""
    left = seen & (growth.weights.amax(dim=0).to(seen.device) < 0.05)
    return left if int(left.sum()) > 100 else seen


def _scale(values: Tensor, seen: Tensor) -> Tensor:
    """Lower and upper percentile by channel, [2, C]. Raises InputError for a constant channel."""
    inside = values[:, seen]
    inside = inside[:, :: max(1, inside.shape[1] // _SAMPLES)]
    found = torch.quantile(inside, torch.tensor([LOW, HIGH], device=values.device), dim=1)
    flat = found[1] <= found[0]
    if bool(flat.any()):  # a few bright voxels on a constant ground
        found[0, flat], found[1, flat] = inside.amin(dim=1)[flat], inside.amax(dim=1)[flat]
    if bool((found[1] <= found[0]).any()):
        raise InputError(
            "an image is constant where it counts: nothing to register", mend="check images and masks"
        )
    return found


def _scaled(values: Tensor, scale: Tensor) -> Tensor:
    shape = (-1, *(1,) * (values.ndim - 1))
    return (values - scale[0].reshape(shape)) / (scale[1] - scale[0]).reshape(shape)
