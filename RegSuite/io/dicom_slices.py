"""When do slices make a volume? Their order, and the grid their positions make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid

FloatArray = NDArray[np.float64]

STEP_TOLERANCE = 0.06
"""Distance of a slice from its place in equal steps, as part of a step: positions are often
rounded to 0.1 mm, which at 1.25 mm slices is 4 %."""

TILT_TOLERANCE_DEGREES = 0.1
SAME_ORIENTATION = 1e-3


@dataclass(frozen=True)
class Slice:
    """What the header of one slice says. size: columns, rows; spacing: between rows, between columns."""

    path: Path
    series: str
    description: str
    modality: str | None
    size: tuple[int, int]
    spacing: tuple[float, ...]
    thickness: float
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    frames: int = 1


def stack_of(slices: Sequence[Slice], where: Path, warnings: list[str]) -> tuple[list[Slice], Grid]:
    """The slices in the order of their positions along the normal, and the volume's grid (LPS mm).

    Raises GeometryError, with the positions in mm, for slices of several sizes, spacings or
    orientations, two at one place, missing ones, unequal steps, or a gantry tilt.
    """
    _check_alike(slices, where)
    row, column = np.reshape(slices[0].orientation, (2, 3))
    normal = np.cross(row, column)
    along = np.array([np.dot(normal, s.position) for s in slices])
    order = np.argsort(along, kind="stable")
    ordered, along = [slices[i] for i in order], along[order]
    positions = np.array([s.position for s in ordered])
    step = _step(ordered, along, where, warnings)
    if len(ordered) > 1:
        _check_tilt(positions, normal, where)
    between_rows, between_columns = ordered[0].spacing
    grid = Grid.make(
        (*ordered[0].size, len(ordered)),
        (between_columns, between_rows, step),
        positions[0].tolist(),
        orthonormal(row, column, where),
    )
    return ordered, grid


def orthonormal(row: FloatArray, column: FloatArray, where: Path) -> FloatArray:
    """The direction matrix; rounding in the header is mended, anything more is refused."""
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    cosine = abs(float(np.dot(row, column)))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), cosine) > SAME_ORIENTATION:
        raise GeometryError(
            f"ImageOrientationPatient is not orthonormal: lengths {lengths[0]:.4f} and {lengths[1]:.4f}, "
            f"cosine {cosine:.4f}",
            where=str(where),
            mend="export the series again",
        )
    row = row / lengths[0]
    column = column - np.dot(column, row) * row
    column = column / np.linalg.norm(column)
    return np.stack([row, column, np.cross(row, column)], axis=1)


def _check_alike(slices: Sequence[Slice], where: Path) -> None:
    first = slices[0]
    for s in slices:
        compared: tuple[tuple[str, tuple[float, ...], tuple[float, ...], float], ...] = (
            ("size (columns, rows)", s.size, first.size, 0.0),
            ("pixel spacing", s.spacing, first.spacing, 1e-3 * first.spacing[0]),
            ("orientation", s.orientation, first.orientation, SAME_ORIENTATION),
        )
        for what, here, there, tolerance in compared:
            if not np.allclose(here, there, rtol=0, atol=tolerance):
                raise GeometryError(
                    f"slices of one series differ in {what}: {there} in {first.path.name}, "
                    f"{here} in {s.path.name}",
                    where=str(where),
                    mend="take out what does not belong (a localizer, a second orientation)",
                )


def _step(ordered: Sequence[Slice], along: FloatArray, where: Path, warnings: list[str]) -> float:
    """The distance of neighbouring slices in mm, all equal within the tolerance."""
    if len(ordered) == 1:
        if ordered[0].thickness > 0:
            return ordered[0].thickness
        warnings.append(f"{where.name}: a single slice without SliceThickness; 1 mm is assumed")
        return 1.0
    steps = np.diff(along)
    usual = float(np.median(steps))
    _check_doubled(ordered, along, steps, where)
    gaps = [i for i, s in enumerate(steps) if s > 1.5 * usual]
    whole = all(abs(steps[i] / usual - round(steps[i] / usual)) < 0.1 for i in gaps)
    rest = np.delete(steps, gaps)
    if gaps and whole and (np.abs(rest - usual) <= 2 * STEP_TOLERANCE * usual).all():
        missing = sum(round(steps[i] / usual) - 1 for i in gaps)
        places = ", ".join(f"{along[i]:.1f} and {along[i + 1]:.1f} mm" for i in gaps[:5])
        raise GeometryError(
            f"{missing} of {len(ordered) + missing} slices are missing: between {places} along the normal "
            f"(slices are {usual:g} mm apart)",
            where=str(where),
            mend="copy the missing slices, or resample what is there to equal steps",
        )
    mean, first = (float(v) for v in np.polyfit(np.arange(len(along)), along, 1))
    off = np.abs(along - first - mean * np.arange(len(along)))
    if off.max() > STEP_TOLERANCE * mean:
        raise GeometryError(
            f"slices are unequally spaced: {steps.min():.3g} to {steps.max():.3g} mm, the largest step "
            f"between {along[steps.argmax()]:.1f} and {along[steps.argmax() + 1]:.1f} mm",
            where=str(where),
            mend="resample the series to equal steps (Slicer: acquisition geometry regularization)",
        )
    return mean


def _check_doubled(ordered: Sequence[Slice], along: FloatArray, steps: FloatArray, where: Path) -> None:
    doubled = np.flatnonzero(steps < 1e-3)
    if doubled.size:
        i = int(doubled[0])
        raise GeometryError(
            f"{doubled.size} slices share their position with another, the first at {along[i]:.1f} mm "
            f"({ordered[i].path.name}, {ordered[i + 1].path.name})",
            where=str(where),
            mend="give one time frame or one reconstruction a folder",
        )


def _check_tilt(positions: FloatArray, normal: FloatArray, where: Path) -> None:
    """The way from the first to the last slice must be the slices' normal."""
    way = positions[-1] - positions[0]
    cosine = abs(float(np.dot(way, normal))) / float(np.linalg.norm(way) * np.linalg.norm(normal))
    tilt = math.degrees(math.acos(min(1.0, cosine)))
    if tilt > TILT_TOLERANCE_DEGREES:
        raise GeometryError(
            f"the slices are stacked {tilt:.1f} degrees off their normal (gantry tilt)",
            where=str(where),
            mend="resample the series to an orthogonal grid (Slicer: acquisition geometry regularization)",
        )
