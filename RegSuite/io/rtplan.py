"""Reading what a DICOM RT Plan says of its course: fractions, beams, and what it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from RegSuite.io.dicom_fields import Fields
from RegSuite.io.dicom_file import RT_ION_PLAN, RT_PLAN, read_dicom


@dataclass(frozen=True)
class Plan:
    """An RT Plan in short. fractions: planned, None where no fraction group says it.

    isocentres: of the beams' first control points in LPS mm, each once. structure_set: SOP instance UID.
    """

    label: str
    sop_instance: str | None
    fractions: int | None
    beams: tuple[str, ...]
    isocentres: tuple[tuple[float, float, float], ...]
    structure_set: str | None
    frame_of_reference: str | None
    path: Path


def read_plan(path: Path | str) -> Plan:
    """The plan in a file. Raises InputError for what is no RT Plan, cut short or damaged."""
    path = Path(path)
    fields = Fields(read_dicom(path, {RT_PLAN: "RT Plan", RT_ION_PLAN: "RT Ion Plan"}), path)
    beams = fields.items("BeamSequence") + fields.items("IonBeamSequence")
    groups = fields.items("FractionGroupSequence")
    planned = [g.whole("NumberOfFractionsPlanned") for g in groups if g.has("NumberOfFractionsPlanned")]
    sets = [s.text("ReferencedSOPInstanceUID") for s in fields.items("ReferencedStructureSetSequence")]
    return Plan(
        label=fields.text("RTPlanLabel"),
        sop_instance=fields.text("SOPInstanceUID") or None,
        fractions=sum(planned) if planned else None,
        beams=tuple(b.text("BeamName") or f"beam {b.whole('BeamNumber', 0)}" for b in beams),
        isocentres=tuple(dict.fromkeys(i for b in beams for i in _isocentre(b))),
        structure_set=sets[0] if sets else None,
        frame_of_reference=fields.text("FrameOfReferenceUID") or None,
        path=path,
    )


def _isocentre(beam: Fields) -> list[tuple[float, float, float]]:
    """The isocentre of a beam's first control point that states one."""
    points = beam.items("ControlPointSequence") + beam.items("IonControlPointSequence")
    for point in points:
        if point.has("IsocenterPosition"):
            x, y, z = point.numbers("IsocenterPosition", 3).tolist()
            return [(x, y, z)]
    return []
