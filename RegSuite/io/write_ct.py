"""Writing a scan in HU as a series of DICOM CT slices (PS3.3 A.3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Image
from RegSuite.io.axial_order import axial_order
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.new_object import decimals, new_object, save_object

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
LEAST_HU = -1024


def write_ct(image: Image, folder: Path, *, of: ImageSeries, description: str = "") -> ImageSeries:
    """Write slices 0001.dcm, ... into `folder` (made if missing) in patient, study and frame of `of`.

    HU are rounded to whole numbers and held within -1024 to 31743. The grid may be oblique or in another
    order of axes: slices are stored in axial order. Gives the series written, for objects that refer to
    it. Raises GeometryError for what is no volume of one channel, OutputError when it cannot be written.
    """
    if image.ndim != 3 or image.channels != 1:
        raise GeometryError(f"{image.channels} values a voxel in {image.ndim}D are no CT", where=image.name)
    values, grid = axial_order(image.data[0].numpy(), image.grid)
    stored = np.clip(np.rint(values), LEAST_HU, LEAST_HU + 32767).astype(np.int32) - LEAST_HU
    direction = np.asarray(grid.direction)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[tuple[str, str]] = []
    files: list[Path] = []
    series = ""
    for number in range(grid.size[2]):
        data = new_object(CT_IMAGE, "CT", of, description)
        series = series or str(data.SeriesInstanceUID)
        data.SeriesInstanceUID, data.InstanceNumber = series, number + 1
        data.ImageType, data.PatientPosition = ["DERIVED", "SECONDARY", "AXIAL"], "HFS"
        data.KVP, data.AcquisitionNumber, data.BurnedInAnnotation = "", "", "NO"
        data.Columns, data.Rows = grid.size[:2]
        data.PixelSpacing = decimals([grid.spacing[1], grid.spacing[0]])
        data.SliceThickness = decimals([grid.spacing[2]])[0]
        data.ImagePositionPatient = decimals(grid.points([0, 0, number]).tolist())
        data.ImageOrientationPatient = decimals(direction[:, :2].T.ravel().tolist())
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = str(LEAST_HU), "1", "HU"
        data.add_new("PixelData", "OW", stored[number].astype("<u2").tobytes())
        files.append(folder / f"{number + 1:04d}.dcm")
        written.append((CT_IMAGE, save_object(data, files[-1])))
    return replace(of, series=series, images=tuple(written), grid=grid, files=tuple(files))
