"""Reading a DICOM folder: one series, its slices in the order of their positions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.io.bounded_file import BoundedFile
from RegSuite.io.dicom_file import broken, damaged
from RegSuite.io.dicom_slices import Slice, stack_of

if TYPE_CHECKING:
    import SimpleITK as sitk

    from RegSuite.geometry import Grid

PREAMBLE_BYTES = 128
NEEDED_TAGS = (
    "SOPClassUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "Modality",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SharedFunctionalGroupsSequence",
)


def is_dicom_file(path: Path) -> bool:
    """Whether a file has DICOM's preamble."""
    with path.open("rb") as file:
        return file.read(PREAMBLE_BYTES + 4)[PREAMBLE_BYTES:] == b"DICM"


def read_dicom_folder(
    folder: Path, series_uid: str | None = None, warnings: list[str] | None = None
) -> tuple[sitk.Image, str | None]:
    """The volume of a folder's one image series (float32, rescale slope applied) and its modality.

    Slices are sorted along their normal, whatever the files are called; objects that are no
    images (structures, plans, doses) and other files are passed over. series_uid chooses one of
    several series. Raises InputError for a folder without DICOM images or with several series,
    GeometryError for slices that do not make a volume: missing, doubled, unequally spaced or
    tilted ones.
    """
    slices, seen = _image_slices(folder)
    if not slices:
        raise InputError(
            f"no DICOM image in the folder ({seen} files looked at)",
            where=str(folder),
            mend="name the folder that holds the slices themselves",
        )
    slices = _one_series(slices, series_uid, folder)
    if any(s.frames > 1 for s in slices):
        return _multi_frame(slices, folder)
    return _volume(slices, folder, [] if warnings is None else warnings), slices[0].modality


def read_dicom_slice(path: Path, warnings: list[str]) -> tuple[sitk.Image, str | None]:
    """The one image (or multi-frame volume) in a DICOM file, one voxel thick, and its modality."""
    found = _slice(path)
    if found is None:
        raise InputError(
            "the DICOM file is no image with a place in the patient",
            where=str(path),
            mend="give a CT, MR or PET slice, or the folder of a series",
        )
    if found.frames > 1:
        return _multi_frame([found], path)
    warnings.append(f"{path.name}: one slice was read; give its folder for the whole series")
    return _volume([found], path, warnings), found.modality


def _image_slices(folder: Path) -> tuple[list[Slice], int]:
    """All image slices of a folder and how many files were looked at."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    found = [_slice(p) for p in files]
    return [s for s in found if s is not None], len(files)


def _slice(path: Path) -> Slice | None:
    """A file's slice; None when it is no DICOM or no image in the patient's space."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with BoundedFile(path) as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(NEEDED_TAGS))
        return _as_slice(header, path)
    except InvalidDicomError:
        return None
    except broken() as error:
        raise damaged(path, error) from error


def _as_slice(header: Any, path: Path) -> Slice | None:
    """A header's slice; None of what is no image in the patient's space."""
    modality = str(header.get("Modality", "")) or None
    if "Rows" not in header or modality in ("RTDOSE", "SEG"):
        return None
    geometry = header if "ImagePositionPatient" in header else _shared_geometry(header)
    if geometry is None:
        return None
    if int(header.get("SamplesPerPixel", 1)) != 1:
        raise InputError("a colour image in DICOM", where=str(path), mend="give a grey series")
    return Slice(
        path=path,
        series=str(header.get("SeriesInstanceUID", "")),
        description=str(header.get("SeriesDescription", "")),
        modality=modality,
        size=(int(header.Columns), int(header.Rows)),
        spacing=_numbers(geometry, "PixelSpacing", 2, path),
        thickness=float(geometry.get("SliceThickness", None) or 0.0),
        position=_numbers(geometry, "ImagePositionPatient", 3, path),
        orientation=_numbers(geometry, "ImageOrientationPatient", 6, path),
        frames=int(header.get("NumberOfFrames", 1) or 1),
    )


def _shared_geometry(header: Any) -> Any | None:
    """What an enhanced multi-frame object says of all its frames; its position is checked after reading."""
    if "SharedFunctionalGroupsSequence" not in header or int(header.get("NumberOfFrames", 1)) < 2:
        return None
    import pydicom

    shared, out = header.SharedFunctionalGroupsSequence[0], pydicom.Dataset()
    if "PixelMeasuresSequence" not in shared or "PlaneOrientationSequence" not in shared:
        return None
    out.update(shared.PixelMeasuresSequence[0])
    out.update(shared.PlaneOrientationSequence[0])
    out.ImagePositionPatient = [0, 0, 0]
    return out


def _numbers(header: Any, tag: str, count: int, path: Path) -> tuple[float, ...]:
    values = header.get(tag)
    if values is None or len(values) != count:
        raise GeometryError(
            f"{tag} is missing", where=str(path), mend="export the series again with its geometry"
        )
    return tuple(float(v) for v in values)


def _one_series(slices: list[Slice], series_uid: str | None, folder: Path) -> list[Slice]:
    """The slices of the one series, or of the one asked for."""
    by_uid: dict[str, list[Slice]] = {}
    for s in slices:
        by_uid.setdefault(s.series, []).append(s)
    if series_uid is not None and series_uid in by_uid:
        return by_uid[series_uid]
    if series_uid is None and len(by_uid) == 1:
        return slices
    shown = "; ".join(
        f"{uid} ({group[0].modality or '?'}, '{group[0].description}', {len(group)} slices)"
        for uid, group in by_uid.items()
    )
    what = (
        f"{len(by_uid)} series in one folder"
        if series_uid is None
        else f"no series {series_uid} in the folder"
    )
    raise InputError(
        f"{what}: {shown}", where=str(folder), mend="put each series into a folder of its own and name that"
    )


def _volume(slices: list[Slice], where: Path, warnings: list[str]) -> sitk.Image:
    """The slices' values on the grid that their positions make."""
    import SimpleITK as sitk

    ordered, grid = stack_of(slices, where, warnings)
    names = [str(s.path) for s in ordered]
    try:
        if len(names) == 1:
            image = sitk.ReadImage(names[0], sitk.sitkFloat32)
        else:
            image = sitk.ReadImage(names, sitk.sitkFloat32)
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise InputError(
            f"the pixels cannot be read: {last}", where=str(where), mend="copy the files again"
        ) from error
    return _on_grid(image, grid)


def _on_grid(image: sitk.Image, grid: Grid) -> sitk.Image:
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    image.SetDirection(np.asarray(grid.direction).ravel().tolist())
    return image


def _multi_frame(slices: list[Slice], where: Path) -> tuple[sitk.Image, str | None]:
    """One enhanced multi-frame file, its frames on the grid that their positions make."""
    import pydicom
    import SimpleITK as sitk

    if len(slices) > 1:
        raise InputError(
            f"{len(slices)} files with several frames each", where=str(where), mend="name one of the files"
        )
    one = slices[0]
    try:
        with BoundedFile(one.path) as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True)
        groups = header.get("PerFrameFunctionalGroupsSequence")
        places = _places(groups, one)
    except broken() as error:
        raise damaged(one.path, error) from error
    frames = [replace(one, position=p, frames=1) for p in places]
    ordered, grid = stack_of(frames, one.path, [])
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(one.path), sitk.sitkFloat32))
    rank = [places.index(s.position) for s in ordered]
    return _on_grid(
        sitk.GetImageFromArray(values.reshape(len(places), *values.shape[-2:])[rank]), grid
    ), one.modality


def _places(groups: Any, one: Slice) -> list[tuple[float, ...]]:
    """Where each frame lies. Raises GeometryError where that is not said of every one."""
    if groups is None or any("PlanePositionSequence" not in g for g in groups):
        raise GeometryError(
            f"{one.frames} frames without a position each",
            where=str(one.path),
            mend="convert the file to NIfTI (dcm2niix) and check its place",
        )
    return [tuple(map(float, g.PlanePositionSequence[0].ImagePositionPatient)) for g in groups]
