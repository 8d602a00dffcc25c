"""When a growing tumour reaches each voxel of its mask: from a ball, by LDDMM or by distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import MethodFailed
from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.parameters import LDDMMParameters
from RegSuite.numerics.pyramid import block_mean, refine

if TYPE_CHECKING:
    from RegSuite.methods.base import Progress
    from RegSuite.methods.shooting.shot import GeodesicPath

FloatArray = NDArray[np.float64]

MARGIN = 0.25
"""Room around the mask, as a share of its longest edge: the ball's growth moves what is around it."""
CELLS = {2: 48, 3: 34}
"""Voxels along the longest edge on which LDDMM runs."""
FEWEST = 5
"""With fewer voxels along an axis LDDMM has no room: the front then moves by distance."""
SIGMAS = {2: (4.0, 8.0), 3: (2.5, 5.0)}
"""Of LDDMM's kernels, in voxels of that grid."""
STEPS = 8


@dataclass(frozen=True, eq=False)
class Front:
    """arrival: 0 (in the ball) to 1 in the mask, infinite outside [*shape].

    reached: Dice of the ball carried to t = 1 with the mask, None where the front moved by distance.
    shrunk: share of the voxels within at some time of the path that were outside at a later one.
    """

    arrival: FloatArray
    reached: float | None = None
    shrunk: float = 0.0


def front_by_distance(mask: NDArray[np.bool_], grid: Grid, centre: FloatArray, ball_mm: float) -> Front:
    """A front that is a growing ball around `centre` (LPS mm), cut by the mask [*grid.shape]."""
    away = np.maximum(_distance_to(grid, centre) - ball_mm, 0.0)
    longest = away[mask].max()
    return Front(np.where(mask, away / longest if longest > 0 else 0.0, np.inf))


def front_by_lddmm(
    mask: NDArray[np.bool_], grid: Grid, centre: FloatArray, ball_mm: float, progress: Progress
) -> Front:
    """The ball around `centre` carried by the geodesic from its image to the mask's: ball o psi_t.

    What the geodesic does not reach of the mask is reached afterwards, from there, at the speed it had;
    the times are scaled so that all is over at 1. mask: [*grid.shape], with room around it.
    Raises MethodFailed where LDDMM finds no path.
    """
    from RegSuite.methods.shooting.run import register_by_shooting

    factors = [max(1, round(max(grid.extent_mm) / CELLS[grid.ndim] / s)) for s in grid.spacing]
    factors = [min(f, n) for f, n in zip(factors, grid.size, strict=True)]
    coarse = grid.coarser(factors)
    if min(coarse.size) < FEWEST:
        return front_by_distance(mask, grid, centre, ball_mm)
    voxel = max(coarse.spacing)
    target = block_mean(torch.from_numpy(mask)[None].float(), factors)
    ball = np.clip(0.5 + (ball_mm - _distance_to(coarse, centre)) / voxel, 0, 1)
    shot = register_by_shooting(
        Image(target, coarse, name="tumour mask"),
        Image(torch.from_numpy(ball)[None].float(), coarse, name="ball"),
        _parameters(voxel, min(coarse.spacing), SIGMAS[grid.ndim]),
        progress,
    )
    assert shot.path is not None
    depth = _depth(shot.path, centre, ball_mm)
    fine = refine(depth, grid.shape, _strides(shot.path.grid, grid)).double().numpy()
    return _front(fine, mask, grid, centre, ball_mm)


def _parameters(voxel_mm: float, finest_mm: float, sigmas: tuple[float, ...]) -> LDDMMParameters:
    """Weak smoothness and few steps: what counts is where the ball goes, not how far exactly.

    A vector momentum, for that of a ball's image acts at its edge alone.
    """
    return LDDMMParameters.model_validate(
        {
            "momentum": "vector",
            "kernels_mm": tuple(s * voxel_mm for s in sigmas),
            "smoothness": 3e-5,
            "intensities": "common",
            "time_steps": STEPS,
            "levels": 2,
            "finest_mm": finest_mm,
            "iterations": (20, 10),
            "least_jacobian": 0.002,
            "tolerance": 5e-3,
        }
    )


def _depth(path: GeodesicPath, centre: FloatArray, ball_mm: float) -> Tensor:
    """How deep each point's place in the template lies within the ball, in mm, over time [T, *shape]."""
    points = path.grid.all_points() - centre
    places = np.moveaxis(path.displacement_mm.double().numpy(), 1, -1) + points
    return torch.from_numpy(ball_mm - np.linalg.norm(places, axis=-1)).float()


def _strides(coarse: Grid, fine: Grid) -> list[float]:
    return [float(round(c / f)) for c, f in zip(coarse.spacing, fine.spacing, strict=True)]


def _front(
    depth: FloatArray, mask: NDArray[np.bool_], grid: Grid, centre: FloatArray, ball_mm: float
) -> Front:
    """Arrivals from depths over time [T, *shape]."""
    steps = len(depth) - 1
    first = np.full(mask.shape, np.inf)
    first[depth[0] >= 0] = 0.0
    for k in range(steps):
        before, after = depth[k], depth[k + 1]
        crosses = (after >= 0) & np.isinf(first)
        first[crosses] = (k - before[crosses] / (after[crosses] - before[crosses])) / steps
    ever, last = np.isfinite(first), depth[-1] >= 0
    shrunk = float((ever & ~last).sum() / max(ever.sum(), 1))
    reached = 2.0 * float((last & mask).sum()) / float(last.sum() + mask.sum())
    left = mask & ~ever
    if left.any():
        inner = ever & mask
        travelled = _distance_to(grid, centre)[inner].max() - ball_mm
        speed = max(float(travelled), min(grid.spacing))
        away = ndimage.distance_transform_edt(~inner, sampling=grid.spacing[::-1])
        first[left] = 1.0 + away[left] / speed
    arrival = np.where(mask, first, np.inf)
    longest = float(arrival[mask].max())
    if longest > 0:
        arrival = arrival / longest
    return Front(arrival, reached, shrunk)


def _distance_to(grid: Grid, centre: FloatArray) -> FloatArray:
    """Distance of each voxel from a point in mm [*shape]."""
    return np.asarray(np.linalg.norm(grid.all_points() - centre, axis=-1))


def front_of(
    mask: NDArray[np.bool_], grid: Grid, centre: FloatArray, ball_mm: float, progress: Progress
) -> tuple[Front, str]:
    """The front by LDDMM; by distance, with a sentence, where LDDMM finds no path."""
    try:
        return front_by_lddmm(mask, grid, centre, ball_mm, progress), ""
    except MethodFailed as error:
        said = f"LDDMM found no path from the ball ({error.what}): the front moves by distance"
        return front_by_distance(mask, grid, centre, ball_mm), said
