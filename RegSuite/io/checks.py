"""Checks of one input against another: same grid, same dimension, overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image
    from RegSuite.transforms.base import Transform

NO_OVERLAP_FRACTION = 0.001
SMALL_OVERLAP_FRACTION = 0.2
PROBES_AN_AXIS = 40
SAME_GRID_VOXELS = 0.02
"""Headers in float32 and text round; a fiftieth of a voxel does not matter to a mask."""


def check_image_for_registration(image: Image, role: str = "image") -> None:
    """Raise InputError for an image of one value (within its mask), values not finite, or an empty mask."""
    from RegSuite.io.images import check_finite

    where = f"{role} '{image.name}'"
    check_finite(image.data, where)
    values = image.data
    if image.mask is not None:
        values = values[:, image.mask]
        if values.numel() == 0:
            raise InputError("the mask is empty", where=where, mend="draw the mask anew, or leave it out")
    low, high = float(values.min()), float(values.max())
    if low == high:
        inside = " inside its mask" if image.mask is not None else ""
        raise InputError(
            f"the image is constant{inside}: every voxel is {low:g}",
            where=where,
            mend="check that the right file was exported (window, rescale, mask)",
        )


def check_same_grid(image: Image, grid: Grid, what: str = "labels") -> None:
    """Raise GeometryError when an image does not lie on `grid` (to a fiftieth of a voxel)."""
    if image.grid.ndim == grid.ndim and image.grid.same_space(grid, SAME_GRID_VOXELS * min(grid.spacing)):
        return
    raise GeometryError(
        f"{what} '{image.name}' are not on the image's grid"
        if what.endswith("s")
        else f"{what} '{image.name}' is not on the image's grid",
        where=f"{what}: {image.grid}; image: {grid}{_turned(image.grid, grid)}",
        mend="resample onto the image's grid with nearest neighbour",
    )


def check_pair(
    fixed: Image, moving: Image, initial: Transform | None = None, *, probes: int = PROBES_AN_AXIS
) -> list[str]:
    """Raise GeometryError for images that cannot be registered as they lie; warnings otherwise.

    initial: where a transform (fixed to moving) has been given, the overlap is taken through it.
    probes: how many along each axis (see `overlap_fraction`).
    """
    if fixed.ndim != moving.ndim:
        raise GeometryError(
            f"fixed '{fixed.name}' is {fixed.ndim}D, moving '{moving.name}' is {moving.ndim}D",
            where=f"fixed: {fixed.grid}; moving: {moving.grid}",
            mend="give two volumes or two slices (a slice and a volume: regsuite slices)",
        )
    overlap = overlap_fraction(fixed.grid, moving.grid, initial, probes=probes)
    percent = f"{100 * overlap:.0f}" if overlap >= 0.01 or overlap == 0 else f"{100 * overlap:.1g}"
    extents = f"{_covers('fixed', fixed.grid)}\n  {_covers('moving', moving.grid)}"
    if overlap < NO_OVERLAP_FRACTION:
        raise GeometryError(
            f"fixed '{fixed.name}' and moving '{moving.name}' overlap by {percent} % of their volume\n"
            f"  {extents}",
            where="the two images' places in space",
            mend="pass an --initial transform (center-of-mass lays their centres onto each other), "
            "or check the frames of reference",
        )
    if overlap < SMALL_OVERLAP_FRACTION:
        flat = " ".join(extents.split())
        return [f"fixed and moving overlap by only {percent} % of the smaller one's volume: {flat}"]
    return []


def overlap_fraction(
    fixed: Grid, moving: Grid, transform: Transform | None = None, *, probes: int = PROBES_AN_AXIS
) -> float:
    """Common volume of two grids as a fraction of the smaller one's, by probes on a lattice (to about 2 %).

    transform: fixed to moving, applied to the probes; identity if None. probes: at most so many
    along each axis.
    """
    common = _inside(fixed, moving, transform, probes) * _volume(fixed)
    if transform is None:
        # a small volume in a large one slips between the large one's probes
        common = max(common, _inside(moving, fixed, None, probes) * _volume(moving))
    return min(1.0, common / min(_volume(fixed), _volume(moving)))


def _inside(probed: Grid, other: Grid, transform: Transform | None, probes: int) -> float:
    """The share of `probed` that lies in `other`; a single slice is thickened to meet its neighbours."""
    axes = [(np.arange(n) + 0.5) / n for n in (min(probes, 4 * m) for m in probed.size)]
    share = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, probed.ndim)
    points: NDArray[np.float64] = probed.points(share * np.asarray(probed.size) - 0.5)
    if transform is not None:
        import torch

        points = transform.points(torch.from_numpy(points)).numpy()
    return float(other.contains(points).mean())


def _volume(grid: Grid) -> float:
    return grid.voxels * grid.voxel_volume


def _covers(role: str, grid: Grid) -> str:
    low, high = grid.bounds()
    parts = ", ".join(f"{axis} {a:.0f}..{b:.0f}" for axis, a, b in zip("xyz", low, high, strict=False))
    return f"{role} covers {parts} mm"


def _turned(a: Grid, b: Grid) -> str:
    """A hint where sizes and bounds agree but the axes are turned."""
    if a.ndim == b.ndim and not np.allclose(a.direction, b.direction, atol=1e-4):
        return " (the directions of their axes differ)"
    return ""
