"""Two clouds looked at before they are registered: what cannot be is refused in words, the rest is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.organs import OrganModel

SMALLEST_MM = 2.0
"""A cloud with a shorter diagonal is taken for metres: no organ is that small."""

UNLIKE = 7.0
"""Ratio of the clouds' sizes above which they are taken for different units: cm to mm is 10, m to mm 1000."""


@dataclass(frozen=True)
class CheckedPair:
    """notes and warnings of two clouds that can be registered."""

    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def checked_pair(
    source: PointSet,
    target: PointSet,
    model: OrganModel | None = None,
    units: Literal["check", "mm"] = "check",
) -> CheckedPair:
    """What is to be said of two clouds.

    Raises InputError for a cloud that is empty, one point or one place, for clouds of different dimension,
    for labels that the organs do not have, and (unless units is "mm") for clouds that look like metres or
    voxel indices.
    """
    for cloud in (source, target):
        _need_extent(cloud)
    if source.ndim != target.ndim:
        raise InputError(
            f"{source.name} is {source.ndim}D and {target.name} is {target.ndim}D",
            mend="give two clouds of the same dimension",
        )
    if units == "check":
        _need_millimetres(source, target)
    warnings = [w for cloud in (source, target) for w in _of_one(cloud)]
    if model is not None:
        warnings += _of_labels(source, target, model)
    return CheckedPair(warnings=tuple(warnings))


def diagonal(points: NDArray[np.float64]) -> float:
    """Length of the box of points [n, d]."""
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def _need_extent(cloud: PointSet) -> None:
    mend = "give a cloud of at least 3 points at different places"
    if len(cloud) == 0:
        raise InputError("the cloud is empty", where=cloud.name, mend=mend)
    if len(cloud) == 1:
        raise InputError("the cloud is one point, which has no shape", where=cloud.name, mend=mend)
    if diagonal(cloud.points) <= 1e-9 * max(1.0, float(np.abs(cloud.points).max())):
        raise InputError(
            f"all {len(cloud)} points are equal ({_place(cloud.points[0])})", where=cloud.name, mend=mend
        )
    if len(np.unique(cloud.points, axis=0)) < 3:
        raise InputError(f"{len(cloud)} points lie at 2 places", where=cloud.name, mend=mend)


def _need_millimetres(source: PointSet, target: PointSet) -> None:
    sure = "convert the cloud to mm, or say units='mm' if these are millimetres"
    for cloud in (source, target):
        size = diagonal(cloud.points)
        if size < SMALLEST_MM:
            raise InputError(
                f"the cloud measures {size:.3g} from corner to corner: are these metres?",
                where=cloud.name,
                mend=sure,
            )
        if _looks_like_voxels(cloud.points):
            raise InputError(
                f"all coordinates of {len(cloud)} points are whole numbers from 0 on "
                f"(up to {cloud.points.max():.0f}): are these voxel indices?",
                where=cloud.name,
                mend="convert them by the image's grid, or say units='mm' if these are millimetres",
            )
    sizes = {cloud.name: diagonal(cloud.points) for cloud in (source, target)}
    ratio = diagonal(source.points) / diagonal(target.points)
    if max(ratio, 1 / ratio) > UNLIKE:
        told = " and ".join(f"{size:.3g} ({name})" for name, size in sizes.items())
        raise InputError(f"the clouds measure {told}: are they in different units?", mend=sure)


def _looks_like_voxels(points: NDArray[np.float64]) -> bool:
    """Whole numbers, none below 0, near the origin and more than chance would have it."""
    if len(points) < 20 or points.min() < 0:
        return False
    return bool((points == np.round(points)).all() and points.min() <= points.max() / 2)


def _of_one(cloud: PointSet) -> list[str]:
    found = []
    places = len(np.unique(cloud.points, axis=0))
    if places < len(cloud):
        found.append(
            f"{cloud.name}: {len(cloud) - places} of {len(cloud)} points stand where another stands; "
            "they count as evidence of their own"
        )
    spread = np.linalg.svd(cloud.points - cloud.points.mean(axis=0), compute_uv=False)
    flat = int((spread < 1e-6 * spread[0]).sum())
    if flat:
        what = "a line" if cloud.ndim - flat == 1 else "a plane"
        found.append(
            f"{cloud.name}: all points lie on {what}; turns and stretches that leave it as it is stay unknown"
        )
    return found


def _of_labels(source: PointSet, target: PointSet, model: OrganModel) -> list[str]:
    if len(model.organs) < 2:
        return []
    found = [
        f"{cloud.name}: no labels given, all points are taken for {model.names[0]!r}"
        for cloud in (source, target)
        if cloud.labels is None
    ]
    if found:
        return found
    counts = [
        np.bincount(model.indices(cloud.labels), minlength=len(model.organs)) for cloud in (source, target)
    ]
    possible = model.transition > 0
    for place, organ in enumerate(model.organs):
        here, there = int(counts[0][place]), int(counts[1][place])
        if here and not counts[1][possible[:, place]].any():
            found.append(
                f"{organ.name} (label {organ.label}): {here} points in {source.name}, none in {target.name}; "
                "it moves as its prior and its neighbours say, without evidence of its own"
            )
        if there and not counts[0][possible[place]].any():
            found.append(
                f"{organ.name} (label {organ.label}): {there} points in {target.name}, none in "
                f"{source.name}; they stay unmatched"
            )
    return found


def _place(point: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.3g}" for value in point)
