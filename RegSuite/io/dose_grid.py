"""The grid of an RT Dose: its planes' places from GridFrameOffsetVector."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.io.dicom_fields import Fields, FloatArray
from RegSuite.io.dicom_slices import Slice, stack_of

_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_SAME_MM = 0.01


def dose_grid(fields: Fields, frames: int, warnings: list[str]) -> tuple[Grid, bool]:
    """The dose grid, and whether the file's planes run against its normal."""
    path = Path(fields.path)
    size = fields.whole("Columns"), fields.whole("Rows")
    if min(*size, frames) < 1 or frames > 1 << 16:
        raise GeometryError(
            f"{size[0]} columns, {size[1]} rows, {frames} frames: no dose grid has these", where=str(path)
        )
    orientation = fields.numbers("ImageOrientationPatient", 6)
    position = fields.numbers("ImagePositionPatient", 3)
    spacing = fields.numbers("PixelSpacing", 2)
    normal = np.cross(orientation[:3], orientation[3:])
    along = _offsets(fields, frames, position, orientation, warnings)
    thickness = float(fields.numbers("SliceThickness", 1)[0]) if fields.has("SliceThickness") else 0.0
    plane = Slice(
        path, "", "", "RTDOSE", size, tuple(spacing), thickness, tuple(position), tuple(orientation)
    )
    planes = [replace(plane, position=tuple(position + offset * normal)) for offset in along]
    try:
        return stack_of(planes, path, warnings)[1], bool(along[-1] < along[0])
    except GeometryError as error:
        mend = error.mend if frames == 1 else "export the dose on planes of equal distance"
        raise GeometryError(error.what, where=f"{path}, GridFrameOffsetVector", mend=mend) from error


def _offsets(
    fields: Fields, frames: int, position: FloatArray, orientation: FloatArray, warnings: list[str]
) -> FloatArray:
    """[frames] the planes' distances from the first along the normal in mm (PS3.3 C.8.8.3.2).

    A vector that begins with 0 is relative; one that begins with the z of ImagePositionPatient
    is absolute, which only transverse planes can be.
    """
    if frames == 1 and not fields.has("GridFrameOffsetVector"):
        return np.zeros(1)
    offsets = fields.numbers("GridFrameOffsetVector")
    where = f"{fields.path}, GridFrameOffsetVector"
    if len(offsets) != frames:
        raise GeometryError(
            f"{len(offsets)} plane offsets for {frames} frame{'s' * (frames > 1)}",
            where=where,
            mend="export the dose again",
        )
    steps = np.diff(offsets)
    if not ((steps > 0).all() or (steps < 0).all()):
        bad = int(np.flatnonzero(np.sign(steps) != np.sign(steps[0]) if steps[0] else steps == 0)[0])
        raise GeometryError(
            f"the planes are not in order: {offsets[bad]:g} mm is followed by {offsets[bad + 1]:g} mm",
            where=where,
            mend="export the dose again; its frames cannot be told apart",
        )
    if offsets[0] == 0:
        return offsets
    normal_z = float(np.cross(orientation[:3], orientation[3:])[2])
    transverse = abs(abs(normal_z) - 1) < 1e-4
    if not transverse or abs(offsets[0] - position[2]) > _SAME_MM:
        raise GeometryError(
            f"the plane offsets begin with {offsets[0]:g} mm, which is neither 0 nor the z of "
            f"ImagePositionPatient ({position[2]:g} mm) of transverse planes",
            where=where,
            mend="export the dose with relative offsets (the first one 0)",
        )
    if not np.allclose(orientation, _AXIAL, atol=1e-4):
        warnings.append(
            f"{Path(fields.path).name}: absolute plane positions of a patient who does not lie head first "
            "and supine; they were taken as z coordinates"
        )
    relative: FloatArray = (offsets - offsets[0]) * np.sign(normal_z)
    return relative
