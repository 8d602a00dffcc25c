"""Writes small real DICOM series for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SERIES = "1.2.826.0.1.3680043.8.498.1"


def slice_values(index: int, rows: int = 5, columns: int = 6) -> np.ndarray:
    """Stored values of slice `index`: each voxel tells where it is."""
    return (1000 + 100 * index + 10 * np.arange(rows)[:, None] + np.arange(columns)).astype(np.int16)


def write_slice(path: Path, position: Sequence[float], values: np.ndarray, **tags: Any) -> None:
    """One CT slice with slope 2 and intercept -1024; `tags` replace or (None) remove header fields."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    fields: dict[str, Any] = {
        "Modality": "CT",
        "SeriesInstanceUID": SERIES,
        "StudyInstanceUID": "1.2.3",
        "FrameOfReferenceUID": "1.2.4",
        "SeriesDescription": "test series",
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "PixelSpacing": [2.0, 1.5],
        "SliceThickness": 3.0,
        "ImagePositionPatient": [float(p) for p in position],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleSlope": "2",
        "RescaleIntercept": "-1024",
        "PixelData": values.tobytes(),
    }
    for name, value in {**fields, **tags}.items():
        if value is not None:
            setattr(file, name, value)
    pydicom.dcmwrite(path, file, enforce_file_format=True)


def write_series(folder: Path, heights_mm: Sequence[float], prefix: str = "", **tags: Any) -> Path:
    """An axial series with slices at these heights; file names run against the positions."""
    folder.mkdir(exist_ok=True)
    for index, z in enumerate(heights_mm):
        name = f"{prefix}{len(heights_mm) - index:03d}.dcm"
        write_slice(folder / name, (-10.0, 20.0, z), slice_values(index), **tags)
    return folder
