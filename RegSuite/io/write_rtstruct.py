"""Writing structures of any kind as a DICOM RT Structure Set (PS3.3 C.8.8.5, C.8.8.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import Colour, Structure
from RegSuite.io.contour_items import contour_items
from RegSuite.io.dicom_file import RT_STRUCTURE_SET
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.new_object import image_item, new_object, save_object

if TYPE_CHECKING:
    from pydicom import Dataset

COLOURS: tuple[Colour, ...] = (
    (31, 119, 180),
    (255, 127, 14),
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
    (140, 86, 75),
    (227, 119, 194),
    (188, 189, 34),
    (23, 190, 207),
    (127, 127, 127),
)
"""For structures that have none, in turn."""

_STUDY = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management: what a structure set's reference to a study is still said to be of."""


def write_rtstruct(
    structures: Sequence[Structure],
    path: Path | str,
    *,
    reference: ImageSeries,
    planes: Grid | None = None,
    label: str = "RegSuite",
    kinds: Mapping[str, str] | None = None,
    warnings: list[str] | None = None,
) -> str:
    """Write structures in patient, study and frame of reference of `reference`; the SOP instance UID.

    Contours stay as they were drawn, wherever they lie; surfaces and voxels are outlined on `planes`,
    or on the reference's slices. Holes become keyholes; where contours of one plane cross or touch, the
    structure's are marked CLOSEDPLANAR_XOR. A warning says so, and which structures have no contour on
    the planes and are left out.
    Names, colours and numbers are kept where they can be. kinds: DICOM's word (ORGAN, PTV, ...) by name.
    Raises InputError for names that DICOM cannot hold or that stand twice, for surfaces or voxels
    without planes, and where no structure has a contour; OutputError when it cannot be written.
    """
    found = [] if warnings is None else warnings
    _check(structures, path)
    grid = planes if planes is not None else reference.grid
    rows = []
    for structure in structures:
        items = contour_items(structure, grid, reference, Path(path), found)
        if items:
            rows.append((structure, items))
        else:
            found.append(f"structure '{structure.name}' has no contour on the planes, and is left out")
    if not rows:
        raise InputError(
            f"none of {len(structures)} structures has a contour on the scan's planes",
            where=str(path),
            mend="check that structures and scan lie in one space",
        )
    data = new_object(RT_STRUCTURE_SET, "RTSTRUCT", reference, "Structures")
    del data.ContentDate, data.ContentTime
    data.OperatorsName, data.StructureSetLabel = "", label[:16]
    data.StructureSetDate, data.StructureSetTime = data.SeriesDate, data.SeriesTime
    data.ReferencedFrameOfReferenceSequence = [_frame(reference)]
    _fill(data, rows, dict(kinds or {}))
    # explicit value representations would limit a contour to 64 kB
    return save_object(data, path, implicit=True)


def _check(structures: Sequence[Structure], path: Path | str) -> None:
    """Names must be DICOM's (LO) and distinct."""
    bad = [s.name for s in structures if not s.name.strip() or len(s.name) > 64 or "\\" in s.name]
    twice = [n for n, c in Counter(s.name.strip() for s in structures).items() if c > 1]
    if bad or twice:
        what = (
            f"the structure name {bad[0]!r} is none in DICOM (1 to 64 characters, no backslash)"
            if bad
            else f"{twice[0]!r} names several structures"
        )
        raise InputError(what, where=str(path), mend="rename the structure")


def _frame(reference: ImageSeries) -> Dataset:
    """The item of ReferencedFrameOfReferenceSequence: the scan, slice by slice."""
    from pydicom import Dataset

    item = Dataset()
    item.FrameOfReferenceUID = reference.frame_of_reference
    if reference.images and reference.series:
        series, study = Dataset(), image_item(_STUDY, reference.study)
        series.SeriesInstanceUID = reference.series
        series.ContourImageSequence = [image_item(*i) for i in reference.images]
        study.RTReferencedSeriesSequence = [series]
        item.RTReferencedStudySequence = [study]
    return item


def _fill(data: Dataset, rows: Sequence[tuple[Structure, list[Dataset]]], kinds: Mapping[str, str]) -> None:
    """Names, contours and observations."""
    from pydicom import Dataset

    data.StructureSetROISequence, data.ROIContourSequence, data.RTROIObservationsSequence = [], [], []
    for number, (structure, items), colour in zip(
        _numbers([s for s, _ in rows]), rows, _colours(rows), strict=True
    ):
        region, drawn, seen = Dataset(), Dataset(), Dataset()
        region.ROINumber, region.ROIName = number, structure.name
        region.ReferencedFrameOfReferenceUID, region.ROIGenerationAlgorithm = data.FrameOfReferenceUID, ""
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, list(colour)
        drawn.ContourSequence = items
        seen.ObservationNumber, seen.ReferencedROINumber = number, number
        seen.RTROIInterpretedType, seen.ROIInterpreter = kinds.get(structure.name, ""), ""
        data.StructureSetROISequence.append(region)
        data.ROIContourSequence.append(drawn)
        data.RTROIObservationsSequence.append(seen)


def _numbers(structures: Sequence[Structure]) -> list[int]:
    """Each structure's own number, or the next free one where it has none or another has it too."""
    taken = {s.number for s in structures if s.number is not None}
    free, used, out = iter(range(1, len(structures) + len(taken) + 1)), set[int](), list[int]()
    for structure in structures:
        number = structure.number
        if number is None or number in used:
            number = next(n for n in free if n not in taken)
        used.add(number)
        out.append(number)
    return out


def _colours(rows: Sequence[tuple[Structure, list[Dataset]]]) -> list[Colour]:
    return [s.colour or COLOURS[n % len(COLOURS)] for n, (s, _) in enumerate(rows)]
