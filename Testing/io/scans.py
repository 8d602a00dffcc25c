"""CT series of any orientation for the tests of what refers to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from RegSuite.geometry import Grid
from Testing.io import dicom

TURN = np.array([[0.6, -0.48, 0.64], [0.8, 0.36, -0.48], [0.0, 0.8, 0.6]])


def scan(
    folder: Path, direction: np.ndarray | None = None, size: tuple[int, int, int] = (40, 36, 12)
) -> Grid:
    """Write a series of these slices, files in the opposite order of the planes; its grid."""
    folder.mkdir()
    grid = Grid.make(size, (1.5, 2.0, 3.0), (-30.0, 12.5, 40.0), direction)
    axes = np.asarray(grid.direction)
    for plane in range(size[2]):
        dicom.write_slice(
            folder / f"{size[2] - plane:03d}.dcm",
            grid.points([0, 0, plane]).tolist(),
            np.full((size[1], size[0]), 1000 + plane, dtype=np.int16),
            ImageOrientationPatient=axes[:, :2].T.ravel().tolist(),
            PatientID="007",
            PatientName="Doe^Jane",
            PatientBirthDate="",
            PatientSex="F",
            StudyDate="20250102",
            StudyTime="",
            StudyID="",
            AccessionNumber="",
            ReferringPhysicianName="",
        )
    return grid
