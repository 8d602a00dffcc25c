"""Whose image it is: what a DICOM object that refers to a scan takes over from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.io.dicom_file import broken, damaged

_PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_NEEDED = (
    *_PATIENT_AND_STUDY,
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)


@dataclass(frozen=True)
class ImageSeries:
    """A scan as other objects refer to it: its frame of reference, and whose it is where that is known.

    images: (SOP class UID, SOP instance UID) of its slices. header: patient and study attributes
    by keyword.
    """

    frame_of_reference: str
    study: str = ""
    series: str = ""
    images: tuple[tuple[str, str], ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)


def image_series(path: Path | str) -> ImageSeries:
    """The series in a DICOM file or a folder of one series.

    Raises InputError for a folder without DICOM or of several series, or a series without a
    frame of reference.
    """
    import pydicom

    path = Path(path)
    if not path.exists():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    headers = []
    for file in files:
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_NEEDED), force=True)
            if "SeriesInstanceUID" in header and "FrameOfReferenceUID" in header:
                headers.append({k: str(header.get(k, "") or "") for k in _NEEDED})
        except broken() as error:
            raise damaged(file, error) from error
    if len({h["SeriesInstanceUID"] for h in headers}) != 1 or not headers[0]["FrameOfReferenceUID"]:
        count = len({h["SeriesInstanceUID"] for h in headers})
        raise InputError(
            f"{count} series with a frame of reference where one is wanted",
            where=str(path),
            mend="name a slice of the series, or a folder with that series alone",
        )
    first = headers[0]
    return ImageSeries(
        frame_of_reference=first["FrameOfReferenceUID"],
        study=first["StudyInstanceUID"],
        series=first["SeriesInstanceUID"],
        images=tuple((h["SOPClassUID"], h["SOPInstanceUID"]) for h in headers),
        header={k: first[k] for k in _PATIENT_AND_STUDY},
    )
