"""Coarser images: means of blocks of voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as nnf
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image


def block_mean(values: Tensor, factors: Sequence[int]) -> Tensor:
    """Means of blocks of `factors` (x, y, z) voxels: [C, *S] -> [C, *ceil(S / factors)].

    A block that reaches over the border is the mean of the voxels it has.
    """
    if all(f == 1 for f in factors):
        return values
    kernel = tuple(min(int(f), n) for f, n in zip(factors[::-1], values.shape[1:], strict=True))
    pool = nnf.avg_pool3d if values.ndim == 4 else nnf.avg_pool2d
    return pool(values[None].float(), kernel, kernel, ceil_mode=True, count_include_pad=False)[0]


def factors_for(grid: Grid, spacing_mm: float) -> list[int]:
    """How many voxels a block needs along x, y, z to come nearest to `spacing_mm` (at least 1).

    An axis is never made shorter than 4 voxels.
    """
    wanted = [max(1, round(spacing_mm / s)) for s in grid.spacing]
    return [max(1, min(f, n // 4)) for f, n in zip(wanted, grid.size, strict=True)]


def coarser(image: Image, factors: Sequence[int]) -> Image:
    """The image on grid.coarser(factors); its mask where at least half of a block is in it."""
    if all(f == 1 for f in factors):
        return image
    mask = image.mask
    if mask is not None:
        mask = block_mean(mask[None].float(), factors)[0] >= 0.5
    return replace(image, data=block_mean(image.data, factors), grid=image.grid.coarser(factors), mask=mask)


def refine(field: Tensor, shape: Sequence[int], strides: Sequence[float]) -> Tensor:
    """A field on block centres [C, *nodes] at every voxel of `shape`, linearly, its border repeated.

    strides: voxels a block along x, y, z. Centre of block i is voxel (i + 1/2) stride - 1/2.
    """
    import numpy as np

    from RegSuite.numerics.resample import warp

    d = len(shape)
    affine = np.zeros((d, d + 1))
    for axis, stride in enumerate(strides):
        affine[axis, axis] = 1.0 / stride
        affine[axis, d] = 0.5 / stride - 0.5
    return warp(field.to(torch.float32), tuple(shape), affine)
