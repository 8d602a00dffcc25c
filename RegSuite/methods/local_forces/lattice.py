"""Grids as volumes, and fields that move from one lattice to another.

Inside these methods every image is a volume: a 2D image has one slice of 1 mm. Fields are
[3, Z, Y, X] in mm along the fixed grid's own axes, on lattices that share those axes.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import torch.nn.functional as nnf
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.flow import along_lps
from RegSuite.numerics.resample import warp


def as_volume(grid: Grid) -> Grid:
    """A 2D grid as one slice at z = 0 of 1 mm; a 3D grid as it is."""
    if grid.ndim == 3:
        return grid
    direction = np.eye(3)
    direction[:2, :2] = grid.direction
    return Grid.make((*grid.size, 1), (*grid.spacing, 1.0), (*grid.origin, 0.0), direction)


def as_plane(grid: Grid) -> Grid:
    """The 2D grid of a volume made by `as_volume`."""
    direction = np.asarray(grid.direction)[:2, :2]
    return Grid.make(grid.size[:2], grid.spacing[:2], grid.origin[:2], direction)


def volume_values(values: Tensor, ndim: int) -> Tensor:
    """[C, Y, X] with the slice axis put in; [C, Z, Y, X] as it is."""
    return values if ndim == 3 else values[:, None]


def on_lattice(field: Tensor, lattice: Grid, target: Grid) -> Tensor:
    """A field [C, *lattice.shape] at the voxels of `target`, linearly, its border repeated."""
    if lattice == target:
        return field.clone()
    affine = (lattice.inverse_matrix @ target.matrix)[:3]
    return warp(field, target.shape, affine)


def with_border(field: Tensor, lattice: Grid, margin_mm: float) -> tuple[Tensor, Grid]:
    """The field on a lattice `margin_mm` wider on every side, its border repeated; thin axes stay.

    A velocity that ends at the image's border would tear points that cross it.
    """
    pads = [ceil(margin_mm / s) if n > 1 else 0 for s, n in zip(lattice.spacing, lattice.size, strict=True)]
    size = tuple(n + 2 * p for n, p in zip(lattice.size, pads, strict=True))
    origin = tuple(lattice.points([-float(p) for p in pads]))
    wide = replace(lattice, size=size, origin=origin)
    sides = [p for pad in pads for p in (pad, pad)]
    return nnf.pad(field[None], sides, mode="replicate")[0], wide


def physical(field: Tensor, lattice: Grid, ndim: int) -> tuple[Tensor, Grid]:
    """The field in LPS components with its grid, both of `ndim` dimensions."""
    turned = along_lps(field, lattice)
    if ndim == 3:
        return turned, lattice
    return turned[:2, 0].contiguous(), as_plane(lattice)
