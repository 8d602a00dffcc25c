"""The place of a NIfTI lattice straight from the header, for the one case in which ITK drops it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid

HEADER_BYTES = 348
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def grid_of_nifti(path: Path) -> Grid:
    """The 3D grid of a NIfTI-1 file, one-voxel axes included, in LPS mm.

    ITK drops trailing axes of one voxel of a vector file, and with them the third coordinate.
    Raises InputError for another kind of file, GeometryError where no sform is set.
    """
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    order = next((o for o in "<>" if header[:4] == struct.pack(f"{o}i", HEADER_BYTES)), None)
    if order is None or len(header) < HEADER_BYTES:
        raise InputError("not a NIfTI-1 file", where=str(path), mend="write the field anew")
    size = struct.unpack(f"{order}8h", header[40:56])[1:4]
    (sform_code,) = struct.unpack(f"{order}h", header[254:256])
    if sform_code <= 0:
        raise GeometryError(
            "a single slice whose NIfTI header has no sform: its place in space is unknown",
            where=str(path),
            mend="write the field as .nrrd or .mha",
        )
    rows = np.array(struct.unpack(f"{order}12f", header[280:328]), dtype=np.float64).reshape(3, 4)
    affine = RAS_TO_LPS @ rows
    spacing = np.linalg.norm(affine[:, :3], axis=0)
    return Grid.make(size, spacing.tolist(), affine[:, 3].tolist(), affine[:, :3] / spacing)
