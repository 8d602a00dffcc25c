"""A weight that grows: from a small ball at each tumour's innermost point to its mask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.methods.base import Progress, no_progress, part_of
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.growth_front import MARGIN, Front, front_by_distance, front_of
from RegSuite.methods.shooting.growth_masks import box_around, checked_mask, default_smoothing, soft
from RegSuite.numerics.smoothing import TRUNCATE

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

FloatArray = NDArray[np.float64]

BALL = {2: 0.4, 3: 0.55}
"""Radius of the ball, as a share of the largest ball that the mask holds."""
BY_LDDMM = 3
"""So many of the tumours, the largest, grow by LDDMM."""
SMALL_SHARE = 0.05
SMALL_VOXELS = 3.0
"""Tumours of less than this share of the largest, or whose largest ball spans fewer voxels, are small."""


@dataclass(frozen=True, eq=False)
class _Tumor:
    """One component: its voxels in `box` of the lattice, its innermost point (LPS mm) and depth there."""

    mask: NDArray[np.bool_]
    box: tuple[slice, ...]
    centre: FloatArray
    radius_mm: float
    voxels: int


def evolving_growth(
    mask: Tensor,
    grid: Grid,
    *,
    times: int = 13,
    ball_mm: float | None = None,
    smoothing_mm: float | None = None,
    within: Tensor | None = None,
    progress: Progress = no_progress,
) -> Growth:
    """M_t that grows from a small ball (t = 0) to the mask (t = 1), as the weight of a tumour.

    Each connected tumour has its own ball, at its innermost point (of the part in `within`, if any of it
    is), of radius ball_mm (0.4, in 3D 0.55, of the largest ball it holds if None; at most that). The
    ball's set is carried by an LDDMM geodesic from its image to the mask's; for each voxel the time is
    noted at which it arrives, so that M_t is non-decreasing, stays in the mask and ends with all of it.
    Small tumours grow as balls cut by the mask. Each time's edge is smoothed as in constant_growth.
    times: at how many equally spaced times M_t is given.
    Source: weighted metamorphosis (WBIR 2022, LNCS 13386), section 2, "Weighted Function Construction".
    """
    inside = checked_mask(mask, grid, "mask")
    if times < 2:
        raise InputError(f"{times} time(s) of a growth", where="times", mend="give 2 or more")
    if ball_mm is not None and not ball_mm > 0:
        raise InputError(f"a ball of {ball_mm:g} mm", where="ball_mm", mend="give more than 0, or None")
    sigma = default_smoothing(grid, smoothing_mm)
    start = None if within is None else checked_mask(within, grid, "within").numpy()
    box = box_around(inside, [TRUNCATE * sigma] * grid.ndim, grid)
    tumors = _tumors(inside.numpy(), grid, start)
    arrival = np.full(grid.shape, np.inf, np.float32)
    notes: list[str] = []
    for number, tumor in enumerate(tumors):
        part = part_of(progress, number / len(tumors), (number + 1) / len(tumors))
        front, said = _grown(tumor, tumors[0], number, grid, ball_mm, part)
        there = arrival[tumor.box]
        np.minimum(there, front.arrival, out=there)
        notes += said
    weights = torch.zeros((times, *grid.shape))
    reached = torch.from_numpy(arrival[box])
    for k in range(times):
        weights[k][box] = soft(reached <= k / (times - 1) + 1e-6, grid, sigma)
    progress(1.0, "growth of the tumour", {})
    return Growth(weights, grid, (_count(tumors), *notes))


def _tumors(inside: NDArray[np.bool_], grid: Grid, start: NDArray[np.bool_] | None) -> list[_Tumor]:
    """The connected parts of the mask, largest first."""
    labels, _ = ndimage.label(inside, structure=np.ones((3,) * grid.ndim))
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        own = labels[box] == number
        begun = own if start is None or not (own & start[box]).any() else own & start[box]
        found.append(_tumor(own, begun, box, grid))
    return sorted(found, key=lambda t: -t.voxels)


def _tumor(own: NDArray[np.bool_], begun: NDArray[np.bool_], box: tuple[slice, ...], grid: Grid) -> _Tumor:
    depth = ndimage.distance_transform_edt(np.pad(begun, 1), sampling=grid.spacing[::-1])
    depth = depth[(slice(1, -1),) * grid.ndim]
    place = np.unravel_index(int(depth.argmax()), depth.shape)
    index = [p + part.start for p, part in zip(place, box, strict=True)][::-1]
    return _Tumor(own, box, grid.points(index), float(depth.max()), int(own.sum()))


def _grown(
    tumor: _Tumor, largest: _Tumor, number: int, grid: Grid, ball_mm: float | None, progress: Progress
) -> tuple[Front, list[str]]:
    """When the front arrives in the tumour's box, and what is to be said of it."""
    ball = min(BALL[grid.ndim] * tumor.radius_mm if ball_mm is None else ball_mm, tumor.radius_mm)
    small = (
        number >= BY_LDDMM
        or tumor.voxels < SMALL_SHARE * largest.voxels
        or 2 * tumor.radius_mm < SMALL_VOXELS * max(grid.spacing)
    )
    if small:
        lattice = _lattice(grid, [part.start for part in tumor.box], tumor.mask.shape)
        return front_by_distance(tumor.mask, lattice, tumor.centre, ball), []
    margin = [int(np.ceil(MARGIN * max(tumor.mask.shape * _zyx(grid)) / s)) for s in _zyx(grid)]
    padded = np.pad(tumor.mask, [(m, m) for m in margin])
    corner = [part.start - m for part, m in zip(tumor.box, margin, strict=True)]
    front, said = front_of(padded, _lattice(grid, corner, padded.shape), tumor.centre, ball, progress)
    inner = tuple(slice(m, -m) for m in margin)
    notes = [said] if said else []
    if front.reached is None and not said:
        notes.append("too thin for LDDMM: a tumour grows as a ball cut by its mask")
    if front.reached is not None:
        notes.append(
            f"the ball of {ball:.3g} mm, carried by LDDMM, ends with a Dice of {front.reached:.3f} with the "
            "mask; the rest is reached from there at the same speed"
        )
    return replace(front, arrival=front.arrival[inner]), notes


def _zyx(grid: Grid) -> FloatArray:
    return np.asarray(grid.spacing[::-1])


def _lattice(grid: Grid, corner: list[int], shape: tuple[int, ...]) -> Grid:
    """The voxels of `grid` from index `corner` (z, y, x; also beyond its border) on."""
    return replace(grid, size=shape[::-1], origin=tuple(grid.points(corner[::-1]).tolist()))


def _count(tumors: list[_Tumor]) -> str:
    if len(tumors) == 1:
        return "the weight grows from a ball at the innermost point of the tumour"
    return f"the weight grows from balls at the innermost points of {len(tumors)} tumours"
