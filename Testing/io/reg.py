"""Registration objects by plain pydicom and numpy, from the words of PS3.3 C.20.2 and C.20.3 alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from Testing.io import rt

SPATIAL, DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.1", "1.2.840.10008.5.1.4.1.1.66.3"
FIXED, MOVING = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"


def matrix_item(matrix: np.ndarray, kind: str = "AFFINE") -> Dataset:
    item = Dataset()
    item.FrameOfReferenceTransformationMatrix = [
        pydicom.valuerep.DSfloat(v, True) for v in matrix.ravel().tolist()
    ]
    item.FrameOfReferenceTransformationMatrixType = kind
    return item


def spatial(path: Path, *items: tuple[str, list[np.ndarray]]) -> Path:
    """A Spatial Registration of (frame, matrices in the order of the file)."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = SPATIAL, "1.2.9", "REG"
    data.FrameOfReferenceUID, data.RegistrationSequence = FIXED, []
    for frame, matrices in items:
        item, step = Dataset(), Dataset()
        item.FrameOfReferenceUID = frame
        step.MatrixSequence = [matrix_item(m) for m in matrices]
        item.MatrixRegistrationSequence = [step]
        data.RegistrationSequence.append(item)
    return rt.save(data, path)


def deformable(
    path: Path,
    vectors: np.ndarray | None,
    *,
    pre: np.ndarray | None = None,
    post: np.ndarray | None = None,
    orientation: Any = (1, 0, 0, 0, 1, 0),
    origin: Any = (0, 0, 0),
    resolution: Any = (1, 1, 1),
    big: bool = False,
    **grid_tags: Any,
) -> Path:
    """A Deformable Spatial Registration of vectors [Z, Y, X, 3] mm (None: no grid)."""
    data, item = Dataset(), Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = DEFORMABLE, "1.2.10", "REG"
    data.FrameOfReferenceUID, item.SourceFrameOfReferenceUID = FIXED, MOVING
    if pre is not None:
        item.PreDeformationMatrixRegistrationSequence = [matrix_item(pre)]
    if post is not None:
        item.PostDeformationMatrixRegistrationSequence = [matrix_item(post)]
    if vectors is not None:
        grid = Dataset()
        grid.ImageOrientationPatient, grid.ImagePositionPatient = list(orientation), list(origin)
        grid.GridDimensions, grid.GridResolution = list(vectors.shape[2::-1]), list(map(float, resolution))
        grid.VectorGridData = vectors.astype(">f4" if big else "<f4").tobytes()
        rt.set_tags(grid, grid_tags)
        item.DeformableRegistrationGridSequence = [grid]
    data.DeformableRegistrationSequence = [item]
    return rt.save(data, path, big=big)


def matrix_of(sequence: Any) -> np.ndarray:
    return np.array(sequence[0].FrameOfReferenceTransformationMatrix, float).reshape(4, 4)


def at_grid(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Equation C.20.3-1 at every voxel: (registered, source) points [n, 3]; NaN undefined."""
    data = pydicom.dcmread(path)
    item = data.DeformableRegistrationSequence[0]
    grid = item.DeformableRegistrationGridSequence[0]
    nx, ny, nz = grid.GridDimensions
    row, column = np.reshape(np.array(grid.ImageOrientationPatient, float), (2, 3))
    steps = np.stack([row, column, np.cross(row, column)]) * np.array(grid.GridResolution)[:, None]
    start, vectors = np.array(grid.ImagePositionPatient, float), np.frombuffer(grid.VectorGridData, "<f4")
    k, j, i = np.indices((nz, ny, nx)).reshape(3, -1)
    at = start + np.stack([i, j, k], axis=1) @ steps
    homogeneous = (
        np.concatenate([at, np.ones((len(at), 1))], axis=1)
        @ matrix_of(item.PreDeformationMatrixRegistrationSequence).T
    )
    homogeneous[:, :3] += vectors.reshape(-1, 3)
    return at, (homogeneous @ matrix_of(item.PostDeformationMatrixRegistrationSequence).T)[:, :3]
