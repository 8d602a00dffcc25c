"""What happens where two organs touch: do they slide, part, or run into each other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from RegSuite.geometry import Grid
from RegSuite.pointcloud.field.box import Box, voxels_of
from RegSuite.pointcloud.field.organ_motion import OrganMotion

FloatArray = NDArray[np.float64]

APART = 3
"""Voxels: organs with no more than APART - 1 voxels of tissue between them touch."""

MOST_PLACES = 5000
NEIGHBOURS = 24
"""Places of the border, for each of its dimensions, to which a plane is fitted."""


@dataclass(frozen=True)
class OrganBorder:
    """Two organs that touch in the source, and how their motions differ along the border, mm in the target.

    places: pairs of voxels that face each other. sliding_mm, sliding_p95_mm: mean and 95th percentile of the
    tangential jump. opening_mm, closing_mm: 95th percentile of the normal jump apart and towards each other
    (0 where it is the other). The normal is that of the source: on a border of radius r, sliding by s looks
    like a normal jump of s^2 / 2r.
    """

    organs: tuple[str, str]
    places: int
    sliding_mm: float
    sliding_p95_mm: float
    opening_mm: float
    closing_mm: float


def organ_borders(
    organs: Sequence[OrganMotion], organ_at: NDArray[np.int16], grid: Grid
) -> tuple[OrganBorder, ...]:
    """All pairs of `organs` that touch on the source's grid. organ_at [*shape]: the organ of each voxel."""
    boxes = {}
    for k in range(len(organs)):
        if (mask := organ_at == k).any():
            boxes[k] = voxels_of(mask)
    found = []
    for a, b in combinations(sorted(boxes), 2):
        low = np.maximum(boxes[a][0], boxes[b][0]) - APART
        high = np.minimum(boxes[a][1], boxes[b][1]) + APART
        if (high < low).any():
            continue
        box = Box.about([low, high], 2 * APART * max(grid.spacing), grid)
        border = _border(
            (organs[a], organs[b]), organ_at[box.slices] == a, organ_at[box.slices] == b, box.grid
        )
        if border is not None:
            found.append(border)
    return tuple(found)


def _border(
    pair: tuple[OrganMotion, OrganMotion], a: NDArray[np.bool_], b: NDArray[np.bool_], grid: Grid
) -> OrganBorder | None:
    index = _places(a, b)
    if len(index) == 0:
        return None
    count = len(index)
    index = index[:: max(1, count // MOST_PLACES)]
    places = grid.points(index[:, ::-1])
    normal = _normals(a, b, places, grid)
    points = torch.from_numpy(places)
    jump = (pair[1].motion(points) - pair[0].motion(points)).numpy() * pair[0].drift.scale
    apart = (jump * normal).sum(axis=1)
    along = np.linalg.norm(jump - apart[:, None] * normal, axis=1)
    return OrganBorder(
        (pair[0].name, pair[1].name),
        count,
        float(along.mean()),
        float(np.percentile(along, 95)),
        float(np.percentile(apart.clip(min=0), 95)),
        float(np.percentile((-apart).clip(min=0), 95)),
    )


def _places(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> FloatArray:
    """Array indices [n, d] half way between voxels of both, no more than APART apart along an axis."""
    organ = a.astype(np.int8) + 2 * b.astype(np.int8)
    found = []
    for axis in range(a.ndim):
        along = np.moveaxis(organ, axis, 0)
        free = np.ones_like(along[1:], dtype=bool)
        for step in range(1, min(APART, len(along) - 1) + 1):
            first, second = along[:-step], along[step:]
            meet = np.argwhere(free & (first + second == 3) & (first > 0) & (second > 0)).astype(float)
            meet[:, 0] += step / 2
            found.append(np.insert(meet[:, 1:], axis, meet[:, 0], axis=1))
            free = free[:-1] & (along[step:-1] == 0)
    return np.concatenate(found)


def _normals(a: NDArray[np.bool_], b: NDArray[np.bool_], places: FloatArray, grid: Grid) -> FloatArray:
    """Unit vectors [n, d] in LPS from organ a to organ b at places [n, d] LPS mm of their border.

    Of the plane nearest to the places around; the middles of both organs about there tell the side. Not of
    the organs' surfaces, which turn away where the border ends.
    """
    near = min(NEIGHBOURS * (grid.ndim - 1), len(places))
    _, which = cKDTree(places).query(places, k=near)
    around = places[which.reshape(len(places), -1)]
    spread = around - around.mean(axis=1, keepdims=True)
    normal = np.linalg.svd(spread, full_matrices=True)[2][:, -1]
    step = APART * np.asarray(grid.spacing).max() * normal
    ahead = _share(b, places + step, grid) - _share(a, places + step, grid)
    behind = _share(b, places - step, grid) - _share(a, places - step, grid)
    return np.asarray(normal * np.where(ahead >= behind, 1.0, -1.0)[:, None])


def _share(mask: NDArray[np.bool_], points: FloatArray, grid: Grid) -> NDArray[np.float32]:
    """1 in the mask, 0 outside, linear between voxels, at points [n, d] LPS mm."""
    index = grid.index(points)[:, ::-1].T
    read: NDArray[np.float32] = ndimage.map_coordinates(mask.astype(np.float32), index, order=1)
    return read
