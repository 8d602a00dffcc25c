"""Matched keypoints of two images: the search there and back, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError, MethodFailed
from RegSuite.geometry import Image, PointSet
from RegSuite.pointcloud.keypoints.foerstner import foerstner_keypoints
from RegSuite.pointcloud.keypoints.lattice import describe, finest_spacing, lattice_around
from RegSuite.pointcloud.keypoints.matches import Matches
from RegSuite.pointcloud.keypoints.parameters import KeypointParameters
from RegSuite.pointcloud.keypoints.search import Level, plan, search

if TYPE_CHECKING:
    from RegSuite.transforms import AffineTransform

FloatArray = NDArray[np.float64]
Progress = Callable[[float, str], None]

CONSISTENT_VOXELS = 1.5
UNLIKE = 0.7
"""Cost of a match, over that of any place, above which it says little: unlike textures reach 0.6 to 0.9,
the same one with noise as strong as itself 0.5."""


def quiet(fraction: float, stage: str) -> None:
    """A progress that tells nobody."""


def matched_keypoints(
    fixed: Image,
    moving: Image,
    parameters: KeypointParameters | None = None,
    *,
    points: PointSet | None = None,
    initial: AffineTransform | None = None,
    progress: Progress = quiet,
) -> Matches:
    """Keypoints of `fixed` and where each lies in `moving`: LPS mm, any grids and contrasts, 2D or 3D.

    The masks of the images say where keypoints and partners may lie. points: other keypoints than
    Foerstner's. initial: fixed to moving points, where the search begins (its rotation should be near
    the truth's: descriptors are compared along the fixed image's axes turned by it).
    Both directions are searched on their own; a match stands where they agree within
    `consistent_mm`, and is their mean. Memory: about 1.3 GB at most, whatever the images' size.
    Raises InputError and GeometryError for images that cannot be searched (flat, empty mask, other
    dimension, no overlap, a window larger than the image), MethodFailed where nothing is consistent.
    Source: Heinrich, Handels, Simpson, MICCAI 2015, doi:10.1007/978-3-319-24571-3_41; the
    self-supervision of Heinrich, Hansen, WBIR 2022 (VoxelMorph++).
    """
    asked = KeypointParameters() if parameters is None else parameters
    _check(fixed, moving, asked)
    if points is None:
        points = foerstner_keypoints(fixed, count=asked.count, distance_mm=asked.distance_mm)
    progress(0.05, "descriptors")
    levels = _levels(fixed, moving, points, asked, initial)
    x = np.asarray(points.points)
    progress(0.3, "search")
    there = search(levels, x, asked, lambda f: progress(0.3 + 0.35 * f, "search"))
    y = x + there.displacement_mm
    swapped = [level.swapped() for level in levels]
    back = search(swapped, y, asked, lambda f: progress(0.65 + 0.35 * f, "way back"))
    finest = levels[-1].spacing_mm
    partner = x + (there.displacement_mm - back.displacement_mm) / 2
    if initial is not None:
        partner = _mapped(initial, partner)
    along = np.abs(there.displacement_mm @ np.asarray(fixed.grid.direction)).max(axis=1)
    names = tuple(f"k{i + 1}" for i in range(len(x)))
    found = Matches(
        fixed=PointSet(x, names=names, name=f"keypoints of {fixed.name}"),
        moving=PointSet(partner, names=names, name=f"keypoints of {fixed.name} in {moving.name}"),
        confidence=np.minimum(there.certainty, back.certainty),
        residual_mm=np.linalg.norm(there.displacement_mm + back.displacement_mm, axis=1),
        cost=(there.cost + back.cost) / 2,
        searched=len(x),
        at_border=float((along > asked.window_mm - finest).mean()),
        finest_mm=finest,
    )
    limit = CONSISTENT_VOXELS * finest if asked.consistent_mm is None else asked.consistent_mm
    good = (found.residual_mm <= limit) & _inside(moving, partner)
    return _said(found.chosen(good), found, limit, asked)


def _said(matches: Matches, searched: Matches, limit_mm: float, asked: KeypointParameters) -> Matches:
    """The consistent matches with what is to be said about them."""
    if len(matches) == 0:
        raise MethodFailed(
            f"none of {searched.searched} keypoints is found again within {limit_mm:.3g} mm on the way back",
            where=searched.moving.name,
            mend="give a start (initial transform), a larger window_mm, or images of the same anatomy",
        )
    share = len(matches) / searched.searched
    notes = (
        f"{len(matches)} of {searched.searched} keypoints are found again within {limit_mm:.3g} mm, inside "
        f"the moving image; the last search had voxels of {searched.finest_mm:.3g} mm",
    )
    warnings = []
    if share < 0.3:
        warnings.append(
            f"only {100 * share:.0f} % of the keypoints match consistently: mind whether the images show the "
            "same anatomy, and whether the window is large enough"
        )
    cost = float(np.median(matches.cost))
    if cost > UNLIKE:
        warnings.append(
            f"the matched places look little alike: they cost {cost:.2f} of what any place does; "
            "mind whether the images show the same anatomy"
        )
    if searched.at_border > 0.05:
        warnings.append(
            f"{100 * searched.at_border:.0f} % of the displacements lie at the border of the window of "
            f"{asked.window_mm:g} mm: a larger one may be needed"
        )
    return replace(matches, notes=notes, warnings=tuple(warnings))


def _levels(
    fixed: Image,
    moving: Image,
    points: PointSet,
    asked: KeypointParameters,
    initial: AffineTransform | None,
) -> list[Level]:
    """Both images described at each voxel size, the moving one as seen through `initial`."""
    before = None if initial is None else initial.homogeneous
    corners = moving.grid.corners()
    if initial is not None:
        corners = _mapped(initial.inverse(), corners)
    x, reach = points.points, asked.window_mm
    levels = []
    finest = finest_spacing(fixed.grid, moving.grid, asked.finest_mm)
    for spacing, steps in plan(finest, reach, len(points)):
        here = lattice_around(x, fixed.grid, spacing, reach, fixed.grid.corners())
        there = lattice_around(x, fixed.grid, spacing, reach, corners)
        across = [min(steps, n - 1) for n in here.size]
        window = np.array([*across, *[0] * (3 - len(across))], dtype=np.int64)
        levels.append(Level(spacing, window, describe(fixed, here), describe(moving, there, before)))
    return levels


def _check(fixed: Image, moving: Image, asked: KeypointParameters) -> None:
    if fixed.ndim != moving.ndim:
        raise GeometryError(
            f"{fixed.name!r} has {fixed.ndim} dimensions and {moving.name!r} has {moving.ndim}",
            mend="give two volumes or two slices",
        )
    longest = float(fixed.grid.extent_mm.max())
    if asked.window_mm > longest:
        raise InputError(
            f"a window of {asked.window_mm:g} mm either way, but the image is {longest:.4g} mm long",
            where="window_mm",
            mend="give a smaller window, about the largest displacement that is expected",
        )
    _check_moving(moving)


def _check_moving(moving: Image) -> None:
    """As Foerstner's keypoints check the fixed one."""
    values = moving.data[0]
    if not bool(torch.isfinite(values).all()):
        raise InputError(
            "the image has values that are not finite",
            where=moving.name,
            mend="replace NaN and infinite voxels (air: -1024 HU)",
        )
    if not float(values.max()) > float(values.min()):
        raise InputError(
            f"all voxels are {float(values.max()):g}: nothing to match with",
            where=moving.name,
            mend="give a scan",
        )
    if moving.mask is not None and not bool(moving.mask.any()):
        raise InputError("the mask is empty", where=moving.name, mend="give a mask with voxels in it")


def _inside(image: Image, points_mm: FloatArray) -> NDArray[np.bool_]:
    """Whether points lie in the image, and in its mask (of the nearest voxel)."""
    inside = image.grid.contains(points_mm)
    if image.mask is not None:
        nearest = np.rint(image.grid.index(points_mm)).astype(int)
        nearest = np.clip(nearest, 0, np.asarray(image.grid.size) - 1)
        inside &= (image.mask != 0).cpu().numpy()[tuple(nearest.T[::-1])]
    return inside


def _mapped(transform: AffineTransform, points_mm: FloatArray) -> FloatArray:
    return np.asarray(transform.points(torch.from_numpy(points_mm.copy())).numpy())
