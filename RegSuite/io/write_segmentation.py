"""Writing voxel structures as a DICOM Segmentation (PS3.3 A.51), through highdicom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite import __version__
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, VoxelStructure
from RegSuite.io.atomic import replacing
from RegSuite.io.bounded_file import BoundedFile
from RegSuite.io.dicom_file import RT_DOSE, broken, damaged
from RegSuite.io.image_series import PATIENT_AND_STUDY, ImageSeries
from RegSuite.io.structure_codes import organ_of

if TYPE_CHECKING:
    from pydicom import Dataset

_STRUCTURE = ("91723000", "SCT", "Anatomical Structure")
_PLACE = ("309825002", "SCT", "Spatial and Relational Concept")


def write_segmentation(
    structures: Sequence[VoxelStructure],
    path: Path | str,
    *,
    source: ImageSeries,
    label: str = "SEGMENTATION",
    description: str = "",
    anatomical: bool = True,
) -> str:
    """Write structures of one grid as a BINARY segmentation, one segment each; the SOP instance UID.

    A voxel belongs to a segment where at least half of it is inside; segments may overlap. The grid
    may be any in the frame of reference of `source`, whose files (a scan's slices or a dose) must be at
    hand: patient, study and references come from them. A structure named after an organ gets its code
    (SNOMED CT), any other is an anatomical structure, or with anatomical=False a place in space (marks).
    Label and colour are kept, numbers run from 1.
    Raises InputError without structures, files or highdicom, GeometryError for grids that differ.
    """
    hd = _highdicom()
    if not structures or not source.files:
        what = "there is no structure"
        if structures:
            what = "the files of the image that the segmentation refers to are not known"
        raise InputError(what, where=str(path), mend="give structures, and the series of a folder")
    grid = structures[0].inside.grid
    for other in structures[1:]:
        if not other.inside.grid.same_space(grid):
            raise GeometryError(
                f"structures {structures[0].name!r} and {other.name!r} lie on different grids",
                where=str(path),
                mend="bring them onto one grid",
            )
    volume = hd.Volume(
        np.stack([_inside(s.inside) for s in structures], axis=-1).astype(np.uint8),
        _affine(grid),
        "PATIENT",
        frame_of_reference_uid=source.frame_of_reference,
        channels={"SegmentNumber": list(range(1, len(structures) + 1))},
    )
    data = hd.seg.Segmentation(
        [_header(file) for file in source.files],
        volume,
        "BINARY",
        [_segment(hd, number, s, anatomical) for number, s in enumerate(structures, start=1)],
        hd.UID(),
        1,
        hd.UID(),
        1,
        "RegSuite",
        "RegSuite",
        __version__,
        "none",
        content_label=label[:16],
        content_description=description[:64],
        series_description=(description or "Segmentation")[:64],
    )
    with replacing(path, ".dcm") as temporary:
        data.save_as(temporary, enforce_file_format=True)
    return str(data.SOPInstanceUID)


def label_structures(
    labels: Image, names: dict[int, str] | None = None, colours: dict[int, Any] | None = None
) -> tuple[VoxelStructure, ...]:
    """One structure a label above 0 of a label map [1, z, y, x], each on the whole of its grid."""
    import torch

    called, painted = names or {}, colours or {}
    present = [int(v) for v in torch.unique(labels.data) if int(v) > 0]
    return tuple(
        VoxelStructure(
            called.get(v, f"label {v}"), labels.with_data((labels.data == v).float()), v, painted.get(v)
        )
        for v in present
    )


def _highdicom() -> Any:
    try:
        import highdicom
    except ImportError as error:
        raise InputError(
            "DICOM segmentations need the package highdicom, which is not installed",
            where="segmentation",
            mend="pip install 'regsuite[dicom]'",
        ) from error
    return highdicom


def _inside(image: Image) -> NDArray[np.bool_]:
    """[z, y, x] whether at least half of a voxel is inside."""
    if image.grid.ndim != 3 or image.channels != 1:
        raise GeometryError(f"{image.channels} values a voxel in {image.grid.ndim}D", where=image.name)
    out: NDArray[np.bool_] = image.data[0].detach().cpu().numpy() >= 0.5
    return out


def _affine(grid: Grid) -> NDArray[np.float64]:
    """[4, 4] from array indices (z, y, x) to LPS mm."""
    return grid.matrix[:, [2, 1, 0, 3]]


def _header(file: Path) -> Dataset:
    """A source file's header, with what is allowed to be empty but has been left out."""
    import pydicom

    try:
        with BoundedFile(file) as stream:
            data = pydicom.dcmread(stream, stop_before_pixels=True)
    except broken() as error:
        raise damaged(file, error) from error
    for keyword in PATIENT_AND_STUDY:
        if keyword not in data:
            setattr(data, keyword, "")
    if data.get("SOPClassUID") == RT_DOSE and "NumberOfFrames" in data:
        _add_groups(data)
    return data


def _add_groups(data: Dataset) -> None:
    """Say where the planes of a dose lie, in functional groups: highdicom wants them of many frames."""
    from pydicom import Dataset

    row, column = np.reshape(np.array(data.ImageOrientationPatient, dtype=float), (2, 3))
    start, normal = np.array(data.ImagePositionPatient, dtype=float), np.cross(row, column)
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = data.PixelSpacing, data.get("SliceThickness")
    orientation.ImageOrientationPatient = data.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    data.SharedFunctionalGroupsSequence, data.PerFrameFunctionalGroupsSequence = [shared], []
    for offset in data.get("GridFrameOffsetVector", [0.0]):
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = (start + float(offset) * normal).tolist()
        frame.PlanePositionSequence = [position]
        data.PerFrameFunctionalGroupsSequence.append(frame)


def _segment(hd: Any, number: int, structure: VoxelStructure, anatomical: bool) -> Any:
    """How a segment is described."""
    from pydicom.sr.coding import Code

    category = Code(*(_STRUCTURE if anatomical else _PLACE))
    organ = organ_of(structure.name) if anatomical else None
    kind = category if organ is None else Code(organ.code, "SCT", organ.meaning)
    described = hd.seg.SegmentDescription(
        number,
        structure.name[:64],
        category,
        kind,
        "AUTOMATIC",
        hd.AlgorithmIdentificationSequence(
            "RegSuite", Code("123111", "DCM", "Deformable Models"), __version__
        ),
        tracking_uid=str(hd.UID()),
        tracking_id=structure.name[:64],
        display_color=None if structure.colour is None else hd.color.CIELabColor.from_rgb(*structure.colour),
    )
    if organ is not None and organ.side is not None:
        side = hd.sr.CodedConcept(organ.side[0], "SCT", organ.side[1])
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [side]
    return described
