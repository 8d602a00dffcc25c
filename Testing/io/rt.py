"""Writes small radiotherapy objects for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
FRAME = "1.2.826.0.1.3680043.8.498.77"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def save(data: Dataset, path: Path, big: bool = False, implicit: bool = False) -> Path:
    """Write a data set; Explicit VR little endian unless told otherwise."""
    data.file_meta = FileMetaDataset()
    little = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if big else little
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    return path


def set_tags(data: Dataset, tags: Mapping[str, Any]) -> None:
    """Replace header fields, or remove those given as None."""
    for name, value in tags.items():
        if value is None:
            delattr(data, name)
        else:
            setattr(data, name, value)


def dose(
    path: Path, stored: np.ndarray, offsets: Sequence[float] | None = None, big: bool = False, **tags: Any
) -> Path:
    """An RT Dose of stored values [Z, Y, X] (uint16 or uint32), 2.5 mm between rows, 2 between columns."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = RT_DOSE, "1.2.3.4", "RTDOSE"
    data.FrameOfReferenceUID = FRAME
    data.NumberOfFrames, data.Rows, data.Columns = stored.shape
    data.PixelSpacing, data.ImageOrientationPatient = [2.5, 2.0], list(AXIAL)
    data.ImagePositionPatient = [-30.0, 40.0, -50.0]
    data.GridFrameOffsetVector = list(np.arange(len(stored)) * 3.0) if offsets is None else list(offsets)
    data.FrameIncrementPointer = 0x3004000C
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    bits = 8 * stored.dtype.itemsize
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    data.DoseGridScaling = 0.001
    data.add_new("PixelData", "OW", stored.astype(stored.dtype.newbyteorder(">" if big else "<")).tobytes())
    plan = Dataset()
    plan.ReferencedSOPClassUID, plan.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.5", "1.2.3.5"
    data.ReferencedRTPlanSequence = [plan]
    set_tags(data, tags)
    return save(data, path, big=big)


def contour(points: Any, kind: str = "CLOSED_PLANAR") -> Dataset:
    """An item of ContourSequence."""
    item = Dataset()
    values = np.asarray(points, dtype=float).reshape(-1, 3)
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(values)
    item.ContourData = [pydicom.valuerep.DSfloat(v, auto_format=True) for v in values.ravel().tolist()]
    return item


def structure_set(
    path: Path,
    regions: Sequence[tuple[str, Sequence[Dataset]]],
    frames: Mapping[int, str] | None = None,
    implicit: bool = False,
    **tags: Any,
) -> Path:
    """An RT Structure Set of (name, contours); regions are numbered from 1, red gets the number."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = RT_STRUCTURE_SET, "1.2.3.6", "RTSTRUCT"
    data.StructureSetLabel = "plan"
    data.StructureSetROISequence, data.ROIContourSequence, data.RTROIObservationsSequence = [], [], []
    for number, (name, contours) in enumerate(regions, start=1):
        region, drawn, seen = Dataset(), Dataset(), Dataset()
        region.ROINumber, region.ROIName = number, name
        region.ReferencedFrameOfReferenceUID = (frames or {}).get(number, FRAME)
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, [number, 20, 30]
        if contours:
            drawn.ContourSequence = list(contours)
        seen.ObservationNumber, seen.ReferencedROINumber, seen.RTROIInterpretedType = number, number, "ORGAN"
        data.StructureSetROISequence.append(region)
        data.ROIContourSequence.append(drawn)
        data.RTROIObservationsSequence.append(seen)
    set_tags(data, tags)
    return save(data, path, implicit=implicit)


def square(z: float, half: float = 10.0) -> np.ndarray:
    """[4, 3] a square about the z axis."""
    return np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]])
