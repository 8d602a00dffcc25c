"""What a segment is, in the words (SNOMED CT) of Slicer's terminologies."""

from __future__ import annotations

from RegSuite.io.structure_codes import organ_of

CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
REGIONS = "Anatomic codes - DICOM master list"
_TISSUE = ("SCT^85756007^Tissue", "SCT^85756007^Tissue")
_STRUCTURE = "SCT^123037004^Anatomical Structure"
_NONE = "^^"


def terminology_entry(name: str) -> str:
    """The serialised terminology entry of a segment called `name` ('Lung_L', 'left kidney', 'Liver').

    A name that is not an organ's gives Slicer's own default, tissue.
    """
    organ = organ_of(name)
    if organ is None:
        return "~".join((CONTEXT, *_TISSUE, _NONE, REGIONS, _NONE, _NONE))
    modifier = _NONE if organ.side is None else f"SCT^{organ.side[0]}^{organ.side[1]}"
    kind = f"SCT^{organ.code}^{organ.meaning}"
    return "~".join((CONTEXT, _STRUCTURE, kind, modifier, REGIONS, _NONE, _NONE))
