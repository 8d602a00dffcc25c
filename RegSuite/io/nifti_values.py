"""Values of a NIfTI file that are not finite: ITK's reader turns them into 0 and says nothing."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.io.image_header import NiftiHeader

FLOAT_TYPES = {16: "f4", 64: "f8"}
CHUNK_BYTES = 1 << 22


def check_nifti_values(header: NiftiHeader, path: Path) -> None:
    """Raise InputError, with counts and the first voxel, for NaN or infinity in a float NIfTI file.

    Reads the values a second time (4 MB of memory); files of whole numbers are not looked at.
    The file must be whole.
    """
    kind = FLOAT_TYPES.get(header.datatype)
    if kind is None:
        return
    dtype = np.dtype(header.byte_order + kind)
    nan = inf = done = 0
    first: int | None = None
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
        file.seek(header.data_offset)
        while done < header.data_bytes:
            chunk = file.read(min(CHUNK_BYTES, header.data_bytes - done))
            values = np.frombuffer(chunk, dtype)
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                first = done // dtype.itemsize + int(bad[0]) if first is None else first
                nan += int(np.isnan(values[bad]).sum())
                inf += int(np.isinf(values[bad]).sum())
            done += len(chunk)
    if first is not None:
        lattice = list(header.size[:3])
        voxel = tuple(int(i) for i in np.unravel_index(first % int(np.prod(lattice)), lattice, order="F"))
        raise not_finite(nan, inf, header.data_bytes // dtype.itemsize, voxel, str(path))


def not_finite(nan: int, inf: int, count: int, voxel: tuple[int, ...], where: str) -> InputError:
    """The error for values that are not finite; voxel: the first one, x, y, z."""
    return InputError(
        f"{nan} NaN and {inf} infinite values in {count}, the first at voxel {voxel} (x, y, z)",
        where=where,
        mend="replace them by a number (for example 0) and say in a mask where the image counts",
    )
