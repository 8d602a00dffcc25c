"""What every DICOM object that RegSuite writes has: whose it is, what wrote it, and what it refers to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite import __version__
from RegSuite.io.atomic import replacing
from RegSuite.io.image_series import PATIENT_AND_STUDY, ImageSeries

if TYPE_CHECKING:
    from pydicom import Dataset

TEXT_OF_16, TEXT_OF_64 = 16, 64
"""Characters that DICOM's SH and LO hold."""


def new_object(sop_class: str, modality: str, of: ImageSeries, description: str = "") -> Dataset:
    """An object with new UIDs, in a series of its own; patient, study and frame of reference are `of`'s."""
    from pydicom import Dataset
    from pydicom.uid import generate_uid

    now = datetime.now().astimezone()
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    for keyword in PATIENT_AND_STUDY:
        setattr(data, keyword, of.header.get(keyword, ""))
    data.StudyInstanceUID = of.study or generate_uid(prefix=None)
    data.Modality, data.SeriesDescription = modality, description[:TEXT_OF_64]
    data.SeriesInstanceUID, data.SeriesNumber, data.InstanceNumber = generate_uid(prefix=None), 1, 1
    data.Manufacturer, data.ManufacturerModelName = "RegSuite", "RegSuite"
    data.DeviceSerialNumber, data.SoftwareVersions = "none", __version__
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = of.frame_of_reference, ""
    data.SOPClassUID, data.SOPInstanceUID = sop_class, generate_uid(prefix=None)
    data.InstanceCreationDate = data.ContentDate = data.SeriesDate = now.strftime("%Y%m%d")
    data.InstanceCreationTime = data.ContentTime = data.SeriesTime = now.strftime("%H%M%S")
    return data


def save_object(data: Dataset, path: Path | str, *, implicit: bool = False) -> str:
    """Write an object whole or not at all; its SOP instance UID.

    implicit: without value representations; then a text may be longer than 64 kB (contours are).
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    with replacing(path, ".dcm") as temporary:
        data.save_as(temporary, enforce_file_format=True)
    return str(data.SOPInstanceUID)


def image_item(sop_class: str, instance: str) -> Dataset:
    """A reference to one SOP instance."""
    from pydicom import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def add_references(data: Dataset, *named: ImageSeries) -> None:
    """Common Instance Reference: the series named that have images, of this study and of others."""
    from pydicom import Dataset

    series = list({s.series: s for s in named if s.series and s.images}.values())
    here = [_series_item(s) for s in series if s.study == data.StudyInstanceUID]
    if here:
        data.ReferencedSeriesSequence = here
    elsewhere = []
    for one in series:
        if one.study != data.StudyInstanceUID and one.study:
            study = Dataset()
            study.StudyInstanceUID = one.study
            study.ReferencedSeriesSequence = [_series_item(one)]
            elsewhere.append(study)
    if elsewhere:
        data.StudiesContainingOtherReferencedInstancesSequence = elsewhere


def decimals(values: Sequence[float]) -> list[str]:
    """Numbers as DICOM's decimal strings of at most 16 characters: 10 significant digits (1e-7 mm of 1 m)."""
    return [f"{float(v) + 0.0:.10g}" for v in values]


def _series_item(series: ImageSeries) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.SeriesInstanceUID = series.series
    item.ReferencedInstanceSequence = [image_item(*i) for i in series.images]
    return item
