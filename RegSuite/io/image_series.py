"""Whose image it is: what a DICOM object that refers to a scan takes over from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.io.bounded_file import BoundedFile
from RegSuite.io.dicom_fields import Fields
from RegSuite.io.dicom_file import RT_DOSE, RT_ION_PLAN, RT_PLAN, RT_STRUCTURE_SET, broken, damaged
from RegSuite.io.dicom_slices import Slice, stack_of

if TYPE_CHECKING:
    from pydicom import Dataset

PATIENT_AND_STUDY = (
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
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_PLACE = (
    "Rows",
    "Columns",
    "PixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
)
_OF_STRUCTURES = ("ReferencedFrameOfReferenceSequence", "StructureSetROISequence")
_NO_IMAGES = (RT_STRUCTURE_SET, RT_PLAN, RT_ION_PLAN)
_NO_SLICES = (RT_DOSE, *_NO_IMAGES)


@dataclass(frozen=True)
class ImageSeries:
    """A scan as other objects refer to it: its frame of reference, and whose it is where that is known.

    images: (SOP class UID, SOP instance UID) of its slices. header: patient and study attributes by
    keyword. grid: the slices' in LPS mm, None where they make none or are not known; then `images` and
    `files` are in the order of its planes.
    """

    frame_of_reference: str
    study: str = ""
    series: str = ""
    images: tuple[tuple[str, str], ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    grid: Grid | None = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Header:
    """What is needed of one file."""

    uids: Mapping[str, str]
    patient: Mapping[str, str]
    place: Slice | None
    path: Path


def made_series(grid: Grid | None = None) -> ImageSeries:
    """A patient without a name, in a new study and a new frame of reference: for images that are no DICOM."""
    from pydicom.uid import generate_uid

    return ImageSeries(str(generate_uid(prefix=None)), study=str(generate_uid(prefix=None)), grid=grid)


@overload
def image_series(path: Path | str) -> ImageSeries: ...
@overload
def image_series(path: Path | str, *, required: Literal[False]) -> ImageSeries | None: ...
def image_series(path: Path | str, *, required: bool = True) -> ImageSeries | None:
    """The series in a DICOM file (image, dose or structure set), or that of the slices in a folder.

    In a folder doses, plans, structures and other files are passed over where there are slices.
    required: whether a series without a frame of reference is refused; else it is None. Raises
    InputError for that, for a folder without DICOM or of several series.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    headers = [h for h in (_header(file) for file in files) if h is not None]
    slices = [h for h in headers if h.place is not None]
    headers = slices or headers
    count = len({h.uids["SeriesInstanceUID"] for h in headers})
    if not required and (count == 0 or not any(h.uids["FrameOfReferenceUID"] for h in headers)):
        return None
    if count != 1 or not headers[0].uids["FrameOfReferenceUID"]:
        raise InputError(
            f"{count} series with a frame of reference where one is wanted",
            where=str(path),
            mend="name a slice of the series, or a folder with that series alone",
        )
    ordered, grid = _ordered(headers)
    first = ordered[0]
    return ImageSeries(
        frame_of_reference=first.uids["FrameOfReferenceUID"],
        study=first.uids["StudyInstanceUID"],
        series=first.uids["SeriesInstanceUID"],
        images=tuple(
            (h.uids["SOPClassUID"], h.uids["SOPInstanceUID"])
            for h in ordered
            if h.uids["SOPClassUID"] not in _NO_IMAGES
        ),
        header=first.patient,
        grid=grid,
        files=tuple(h.path for h in ordered),
    )


def _header(file: Path) -> _Header | None:
    """A file's header; None of what is no DICOM object in a frame of reference."""
    import pydicom

    wanted = [*PATIENT_AND_STUDY, *_UIDS, *_PLACE, *_OF_STRUCTURES]
    try:
        with BoundedFile(file) as stream:
            data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=wanted, force=True)
        if "SeriesInstanceUID" not in data:
            return None
        uids = {k: str(data.get(k, "") or "") for k in _UIDS}
        patient = {k: str(data.get(k, "") or "") for k in PATIENT_AND_STUDY}
        uids["FrameOfReferenceUID"] = uids["FrameOfReferenceUID"] or _frame_of_structures(data, file)
        place = None if uids["SOPClassUID"] in _NO_SLICES else _place(data, file)
    except broken() as error:
        raise damaged(file, error) from error
    if not uids["FrameOfReferenceUID"] and "FrameOfReferenceUID" not in data:
        return None
    return _Header(uids, patient, place, file)


def _frame_of_structures(data: Dataset, file: Path) -> str:
    """A structure set's frame of reference, which need not be its own attribute."""
    fields = Fields(data, file)
    frames = [f.text("FrameOfReferenceUID") for f in fields.items("ReferencedFrameOfReferenceSequence")]
    frames += [r.text("ReferencedFrameOfReferenceUID") for r in fields.items("StructureSetROISequence")]
    return next((f for f in frames if f), "")


def _place(data: Dataset, file: Path) -> Slice | None:
    """Where a slice lies; None of an object that does not say it of itself."""
    if any(k not in data for k in _PLACE if k != "SliceThickness"):
        return None
    fields = Fields(data, file)
    return Slice(
        file,
        "",
        "",
        None,
        (fields.whole("Columns"), fields.whole("Rows")),
        tuple(fields.numbers("PixelSpacing", 2)),
        float(fields.numbers("SliceThickness", 1)[0]) if fields.has("SliceThickness") else 0.0,
        tuple(fields.numbers("ImagePositionPatient", 3)),
        tuple(fields.numbers("ImageOrientationPatient", 6)),
    )


def _ordered(headers: Sequence[_Header]) -> tuple[list[_Header], Grid | None]:
    """The headers in the order of their planes and the grid these make; as they are where they make none."""
    places = {h.path: h for h in headers if h.place is not None}
    if not places:
        return list(headers), None
    try:
        slices, grid = stack_of([h.place for h in headers if h.place is not None], headers[0].path, [])
    except GeometryError:
        # a reference needs no volume: who needs the planes asks for `grid`
        return list(headers), None
    return [places[s.path] for s in slices], grid
