"""Where a tumour grows and what form it has: in white matter beside the ventricles, within the skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.phantoms.tumor.directional import Directional, bumps, spread_directions
from RegSuite.phantoms.tumor.mass_effect import MAX_SHARE, MassEffect, raw_of, share_of

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SKULL_MARGIN_MM = 3.0
"""Tissue is left between core and skull."""

WALL_MM = 1.0
"""Between the replaced tissue and the ventricles."""

MIDLINE_MM = 12.0
"""Least distance of the centre from the middle of the lateral ventricles."""

GAP_MM = 5.0
"""Largest of the grown core from the nearest lateral ventricle."""

YIELD_MM = 14.0
"""Tissue pushed towards a skull that is nearer than this hardly yields."""

STEP_MM = 0.5
SMALLEST_MM = 6.0


@dataclass(frozen=True, eq=False)
class Rooms:
    """What is where in the healthy brain, on `grid`: boolean [*shape] each."""

    grid: Grid
    hull: BoolArray
    ventricles: BoolArray
    lateral: BoolArray
    white: BoolArray


@dataclass(frozen=True, eq=False)
class Place:
    """The mass effect found, with words about it."""

    effect: MassEffect
    side: str
    region: str
    radius_mm: float
    push: float


def hull_of(inside: BoolArray, spacing_mm: tuple[float, ...]) -> BoolArray:
    """The brain with its sulci and ventricles filled: what the skull holds; spacing in z, y, x order."""
    reach = 8.0
    padded = np.pad(inside, [(int(reach / s) + 2,) * 2 for s in spacing_mm])
    grown = ndimage.distance_transform_edt(~padded, spacing_mm) <= reach
    closed = ndimage.distance_transform_edt(ndimage.binary_fill_holes(grown), spacing_mm) > reach
    inner = tuple(slice(int(reach / s) + 2, -(int(reach / s) + 2)) for s in spacing_mm)
    return np.asarray(closed[inner] | inside)


def find_place(rooms: Rooms, rng: np.random.Generator, radius_mm: float, push: float) -> Place:
    """A place for a core of the volume of a ball (2D: disc) of `radius_mm`; smaller where none is.

    Raises InputError where not even a core of 6 mm can grow.
    """
    sides, order = ("left", "right"), rng.permutation(2)
    regions, turns = ("anterior", "middle", "posterior"), rng.permutation(3)
    while radius_mm >= SMALLEST_MM:
        for region in turns:
            for side in order:
                where = _candidates(rooms, radius_mm, push, int(side), int(region))
                for row in rng.permutation(len(where))[:6]:
                    centre = rooms.grid.points(where[row][::-1])
                    effect = _shaped(rooms, rng, centre, radius_mm, push)
                    if effect is not None:
                        found, share = volume_of(effect)
                        return Place(effect, sides[side], regions[region], found, share)
        radius_mm *= 0.9
    raise InputError(
        "no place for a tumour in the white matter beside the ventricles",
        mend="give labels of white matter and ventricles of a whole brain, or a smaller --radius",
    )


def volume_of(effect: MassEffect) -> tuple[float, float]:
    """The radius in mm of a ball (disc) of the core's volume, and the share of it that is pushed."""
    a, _, p = effect.along(spread_directions(effect.ndim))
    volume = a**effect.ndim
    return float(volume.mean() ** (1 / effect.ndim)), float((p * volume).mean() / volume.mean())


def _candidates(rooms: Rooms, radius_mm: float, push: float, side: int, region: int) -> NDArray[np.int64]:
    """[k, d] indices (array order) of voxels in a third of a side's white matter at the right distances.

    In 3D at the height of the lateral ventricles.
    """
    grid, spacing = rooms.grid, rooms.grid.spacing[::-1]
    seed = (1 - push) ** (1 / grid.ndim) * radius_mm
    to_ventricle = ndimage.distance_transform_edt(~rooms.lateral, spacing)
    to_skull = ndimage.distance_transform_edt(rooms.hull, spacing)
    points = grid.all_points()
    lateral = points[rooms.lateral]
    middle = lateral[:, 0].mean()
    # LPS: x grows to the left, y to the back
    there = (points[..., 0] - middle) * (1 if side == 0 else -1) > MIDLINE_MM
    front, back = np.percentile(lateral[:, 1], [0, 100])
    third = np.clip((points[..., 1] - front) / (back - front) * 3, 0, 2.999).astype(int) == region
    if grid.ndim == 3:
        low, high = np.percentile(lateral[:, 2], [10, 90])
        there &= (points[..., 2] >= low) & (points[..., 2] <= high)
    near = (to_ventricle >= seed + WALL_MM) & (to_ventricle <= seed + GAP_MM)
    roomy = to_skull >= 0.75 * radius_mm + SKULL_MARGIN_MM
    return np.argwhere(rooms.white & there & third & near & roomy)


def _shaped(
    rooms: Rooms, rng: np.random.Generator, centre: FloatArray, radius_mm: float, push: float
) -> MassEffect | None:
    """A lobulated, elongated core around `centre` that keeps clear of skull and ventricles; None if none."""
    d = rooms.grid.ndim
    n = spread_directions(d)
    skull = _first(~rooms.hull, rooms.grid, centre, n, beyond=True)
    wall = _first(rooms.ventricles, rooms.grid, centre, n, beyond=False)
    reach = _fitted_below(n, np.minimum(skull, 250.0))
    if reach.min() < 0.4 * radius_mm:
        return None
    form = 0.12 * bumps(n, rng, 24, 35.0) + 0.16 * _elongation(n, rng)
    free = reach - SKULL_MARGIN_MM - 1.0
    a = radius_mm * np.exp(form - form.mean())
    for _ in range(8):
        p = _shares(reach - a, a**d, push)
        limit = np.minimum(free, np.maximum(wall - WALL_MM, 2.0) / (1 - p) ** (1 / d))
        a = a * radius_mm / (a**d).mean() ** (1 / d)
        a = (a**-8.0 + np.maximum(limit, 3.0) ** -8.0) ** (-1 / 8)
    values = np.stack([np.log(a), np.log(reach), raw_of(p)], axis=-1)
    effect = MassEffect(centre, Directional.fit(n, values))
    radius, edge, share = effect.along(n)
    inside = (edge <= skull).all() and (edge - radius >= SKULL_MARGIN_MM * 0.5).all()
    clear = ((1 - share) ** (1 / d) * radius <= wall + 1.0).mean() > 0.97
    found, _ = volume_of(effect)
    return effect if inside and clear and found > 0.85 * radius_mm else None


def _shares(gap_mm: FloatArray, volume: FloatArray, push: float) -> FloatArray:
    """p(n) of mean `push` over the core's volume: more where there is tissue that can yield."""
    yielding = gap_mm**2 / (gap_mm**2 + YIELD_MM**2)
    low, high = 0.0, 20.0
    for _ in range(40):
        factor = (low + high) / 2
        p = np.minimum(factor * yielding, 0.97 * MAX_SHARE)
        low, high = (factor, high) if (p * volume).mean() < push * volume.mean() else (low, factor)
    return np.asarray(share_of(raw_of(p)))


def _elongation(n: FloatArray, rng: np.random.Generator) -> FloatArray:
    axis = rng.normal(size=n.shape[-1])
    return np.asarray((n @ (axis / np.linalg.norm(axis))) ** 2 - 1 / n.shape[-1]) * 3


def _first(room: BoolArray, grid: Grid, centre: FloatArray, n: FloatArray, *, beyond: bool) -> FloatArray:
    """[k] mm along each ray to the first voxel of `room`; what is beyond the grid is in it if `beyond`."""
    r = np.arange(0.0, 300.0, STEP_MM)
    index = np.rint(grid.index(centre + r[:, None, None] * n))[..., ::-1].astype(np.int64)
    limits = np.asarray(grid.shape) - 1
    inside = ((index >= 0) & (index <= limits)).all(axis=-1)
    hit = np.where(inside, room[tuple(np.moveaxis(np.clip(index, 0, limits), -1, 0))], beyond)
    return np.asarray(np.where(hit.any(axis=0), r[hit.argmax(axis=0)], 300.0))


def _fitted_below(n: FloatArray, distance: FloatArray) -> FloatArray:
    """A smooth function of the direction, nowhere above `distance`, which may be ragged."""
    near = n @ n.T > np.cos(np.radians(9.0))
    lowest = np.log(np.where(near, distance, np.inf).min(axis=1))
    fitted = Directional.fit(n, lowest)(n)
    excess = float(np.maximum(fitted - np.log(distance), 0.0).max())
    return np.asarray(np.exp(fitted - excess - 1e-3))
