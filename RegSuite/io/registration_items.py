"""Items of registration objects: a matrix, a deformation grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from pydicom import Dataset

FloatArray = NDArray[np.float64]

MOST_BYTES = (1 << 32) - 2
"""Of a DICOM value."""


def grid_item(offsets: NDArray[np.float32], grid: Grid, path: Path | str) -> Dataset:
    """The item of DeformableRegistrationGridSequence; x fastest, the third axis along row x column."""
    from pydicom import Dataset

    direction = np.asarray(grid.direction)
    origin = np.asarray(grid.origin)
    if np.linalg.det(direction) < 0:
        origin, offsets = grid.points([0, 0, grid.size[2] - 1]), offsets[:, ::-1]
    raw = np.ascontiguousarray(np.moveaxis(offsets, 0, -1), dtype="<f4").tobytes()
    if len(raw) > MOST_BYTES:
        raise InputError(
            f"the deformation has {len(raw) / 1e9:.1f} GB, more than a DICOM value may (4.3 GB)",
            where=str(path),
            mend="sample it on a coarser grid",
        )
    item = Dataset()
    item.ImageOrientationPatient = _decimals(direction[:, :2].T.ravel())
    item.ImagePositionPatient = _decimals(origin)
    item.GridDimensions, item.GridResolution = list(grid.size), list(grid.spacing)
    item.VectorGridData = raw
    return item


def matrix_item(matrix: FloatArray) -> Dataset:
    """A matrix row by row, and which of DICOM's three types it is."""
    from pydicom import Dataset

    item = Dataset()
    item.FrameOfReferenceTransformationMatrixType = _type(matrix[:3, :3])
    item.FrameOfReferenceTransformationMatrix = _decimals(matrix.ravel())
    return item


def _type(linear: FloatArray) -> str:
    product = linear.T @ linear
    if np.linalg.det(linear) > 0 and np.abs(product - np.eye(3)).max() < 1e-9:
        return "RIGID"
    off = product - np.diag(np.diag(product))
    return "RIGID_SCALE" if np.linalg.det(linear) > 0 and np.abs(off).max() < 1e-9 else "AFFINE"


def _decimals(values: FloatArray) -> list[Any]:
    """Numbers with as many digits as DICOM's decimal strings hold (16 characters)."""
    from pydicom.valuerep import DSfloat

    return [DSfloat(float(v), auto_format=True) for v in values]
