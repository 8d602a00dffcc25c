"""The inverse of a map, on a lattice fine enough that it undoes the map everywhere, not only at its nodes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.transforms.composite import CompositeTransform
from RegSuite.transforms.displacement import DisplacementTransform

MOST_TIMES = 4


@dataclass(frozen=True, eq=False)
class UndoneMap:
    """inverse: on a lattice `times` finer than asked. The largest distances to the identity in voxels
    (of the map's grid, its smallest spacing): there_and_back of T^-1(T(x)) - x over the map's voxels x
    (mean beside it), back_and_there of T(T^-1(y)) - y over the voxels y of the grid asked for.
    """

    inverse: DisplacementTransform
    times: int
    there_and_back: float
    there_and_back_mean: float
    back_and_there: float


def undo(
    transform: DisplacementTransform,
    grid: Grid | None = None,
    *,
    within_voxels: float = 0.1,
    most: int = MOST_TIMES,
) -> UndoneMap:
    """The numeric inverse at the voxels of `grid` (the map's own if None) and, where needed, between them.

    At its nodes the inverse is exact to 0.001 mm. Between them it is linear, and where the map
    shrinks to a fifth the inverse bends too much for that: the lattice is made 2, 3, ... `most` times
    finer until T^-1(T(x)) is within `within_voxels` of x everywhere (memory: times^ndim fields).
    """
    if most < 1 or not within_voxels > 0:
        raise InputError(
            f"an inverse within {within_voxels:g} voxels on at most {most} times finer lattices",
            mend="give a positive distance and at least 1",
        )
    asked = transform.grid if grid is None else grid
    voxel = min(transform.grid.spacing)
    for times in range(1, most + 1):
        inverse = transform.inverse_on(finer(asked, times))
        away = CompositeTransform.of(transform, inverse).displacement(transform.grid).norm(dim=0) / voxel
        if float(away.max()) <= within_voxels:
            break
    other = CompositeTransform.of(inverse, transform).displacement(asked).norm(dim=0) / voxel
    return UndoneMap(
        inverse, times, float(away.max()), float(away.mean(dtype=torch.float64)), float(other.max())
    )


def finer(grid: Grid, times: int) -> Grid:
    """The grid with `times` voxels for each step between its voxels; its own voxels stay among them."""
    size = tuple(times * (n - 1) + 1 for n in grid.size)
    spacing = tuple(s / times if n > 1 else s for s, n in zip(grid.spacing, grid.size, strict=True))
    return Grid.make(size, spacing, grid.origin, grid.direction)
