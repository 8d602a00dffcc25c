"""Reading DICOM RT Structure Sets: closed planar contours, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry.structure import Colour, ContourStructure
from RegSuite.io.contours import fault_in_planes, without_repeats
from RegSuite.io.dicom_fields import Fields
from RegSuite.io.dicom_file import RT_STRUCTURE_SET, read_dicom
from RegSuite.io.region_names import Region, named_apart
from RegSuite.io.structure_set import StructureSet

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


def read_rtstruct(path: Path | str, *, warnings: list[str] | None = None) -> StructureSet:
    """The structures of an RT Structure Set, in LPS mm as drawn (keyhole contours stay as they are).

    Contours of one plane are joined by exclusive or, whoever uses them. Left out, with a warning
    and a reason in `left_out`: regions without contours, with points or open contours only, with
    contours that are not flat or not parallel, and of another frame of reference; open contours
    beside closed ones. Of equal names all but one may be without contours: these get their number,
    with a warning. Raises InputError for what is no structure set, cut short or damaged, or without a
    structure, and for two regions of one name that both have contours: nobody knows which is meant.
    """
    path, found = Path(path), [] if warnings is None else warnings
    fields = Fields(read_dicom(path, {RT_STRUCTURE_SET: "RT Structure Set"}), path)
    regions = _regions(fields)
    drawn = _drawn(fields, regions)
    regions = named_apart(regions, drawn, path, found)
    frame = _frame(regions, drawn)
    left_out: dict[str, str] = {}
    structures = []
    for number, region in regions.items():
        structure = _structure(region, drawn.get(number), frame, left_out, found)
        if structure is not None:
            structures.append(structure)
    found.extend(f"{path.name}: structure '{name}' is left out: {why}" for name, why in left_out.items())
    if not structures:
        raise InputError(
            f"the structure set has {len(regions)} regions but none with closed contours",
            where=str(path),
            mend="export the structures with their contours",
        )
    return StructureSet(
        structures=tuple(structures),
        frame_of_reference=frame or None,
        sop_instance=fields.text("SOPInstanceUID") or None,
        label=fields.text("StructureSetLabel"),
        referenced_images=_referenced(fields),
        kinds=_kinds(fields),
        left_out=left_out,
        path=path,
    )


def _regions(fields: Fields) -> dict[int, Region]:
    """Number -> region, with the names as they are."""
    rows = [
        Region(i.whole("ROINumber"), i.text("ROIName"), i.text("ReferencedFrameOfReferenceUID"))
        for i in fields.items("StructureSetROISequence")
    ]
    twice = [number for number, count in Counter(r.number for r in rows).items() if count > 1]
    if twice:
        raise fields.wrong("ROINumber", f"{twice[0]} is given to several regions")
    return {r.number: r for r in rows}


def _drawn(fields: Fields, regions: Mapping[int, Region]) -> dict[int, Fields]:
    """Number -> its item of ROIContourSequence."""
    drawn: dict[int, Fields] = {}
    for item in fields.items("ROIContourSequence"):
        number = item.whole("ReferencedROINumber")
        if number in drawn or number not in regions:
            what = "several items" if number in drawn else "no name in StructureSetROISequence"
            raise fields.wrong("ROIContourSequence", f"is inconsistent: region {number} has {what}")
        drawn[number] = item
    return drawn


def _frame(regions: Mapping[int, Region], drawn: Mapping[int, Fields]) -> str:
    """The frame of reference of most of the regions that have contours."""
    frames = Counter(regions[n].frame for n in drawn if regions[n].frame)
    return frames.most_common(1)[0][0] if frames else ""


def _structure(
    region: Region, item: Fields | None, frame: str, left_out: dict[str, str], warnings: list[str]
) -> ContourStructure | None:
    """A region as a structure; None, with the reason in `left_out`, where it makes none."""
    contours, others, small = _contours(item) if item is not None else ([], Counter(), 0)
    others_said = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
    why = None
    if region.frame not in ("", frame):
        why = f"its frame of reference {region.frame} is another than the rest's"
    elif not contours:
        why = f"it has no closed contours, only {others_said}" if others else "it has no contours"
    else:
        why = fault_in_planes(contours)
    if why is not None:
        left_out[region.name] = why
        return None
    if others:
        warnings.append(
            f"structure '{region.name}': {others_said} left out, {len(contours)} closed contours kept"
        )
    if small:
        warnings.append(f"structure '{region.name}': {small} contours of fewer than 3 points left out")
    colour = _colour(item) if item is not None else None
    return ContourStructure(region.name, tuple(contours), region.number, colour)


def _contours(item: Fields) -> tuple[list[NDArray[np.float64]], Counter[str], int]:
    """The closed contours of a region, how many of other kinds it has, how many of too few points."""
    closed, others, small = [], Counter[str](), 0
    for contour in item.items("ContourSequence"):
        kind = contour.text("ContourGeometricType").upper()
        if kind not in CLOSED:
            others[kind[:20] or "without a type"] += 1
            continue
        values = contour.numbers("ContourData")
        count = contour.whole("NumberOfContourPoints", len(values) // 3)
        if len(values) != 3 * count:
            raise contour.wrong("ContourData", f"has {len(values)} numbers for {count} points")
        points = without_repeats(values.reshape(-1, 3))
        if len(points) < 3:
            small += 1
        else:
            closed.append(points)
    return closed, others, small


def _colour(item: Fields) -> Colour | None:
    """Red, green, blue of 0..255; None where there is none or it is none."""
    if not item.has("ROIDisplayColor"):
        return None
    values = item.data.get("ROIDisplayColor")
    try:
        red, green, blue = (int(v) for v in values)
    except (TypeError, ValueError):
        return None
    return (red, green, blue) if all(0 <= v <= 255 for v in (red, green, blue)) else None


def _kinds(fields: Fields) -> dict[int, str]:
    """Number -> RTROIInterpretedType, where it says one."""
    rows = [
        (i.whole("ReferencedROINumber"), i.text("RTROIInterpretedType"))
        for i in fields.items("RTROIObservationsSequence")
    ]
    return {number: kind for number, kind in rows if kind}


def _referenced(fields: Fields) -> tuple[str, ...]:
    """The slices that the set names, each once: of its frame of reference, then of its contours."""
    named: dict[str, None] = {}
    for frame in fields.items("ReferencedFrameOfReferenceSequence"):
        for study in frame.items("RTReferencedStudySequence"):
            for series in study.items("RTReferencedSeriesSequence"):
                for image in series.items("ContourImageSequence"):
                    named[image.text("ReferencedSOPInstanceUID")] = None
    for region in fields.items("ROIContourSequence"):
        for contour in region.items("ContourSequence"):
            for image in contour.items("ContourImageSequence"):
                named[image.text("ReferencedSOPInstanceUID")] = None
    return tuple(uid for uid in named if uid)
