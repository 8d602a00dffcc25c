"""What a segment is, in the words (SNOMED CT) of Slicer's terminologies."""

from __future__ import annotations

import re

CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
REGIONS = "Anatomic codes - DICOM master list"
_TISSUE = ("SCT^85756007^Tissue", "SCT^85756007^Tissue")
_STRUCTURE = "SCT^123037004^Anatomical Structure"
_SIDES = {"left": "SCT^7771000^Left", "right": "SCT^24028007^Right"}
_NONE = "^^"

_TYPES = {
    "adrenal gland": ("23451007", "Adrenal gland"),
    "aorta": ("15825003", "Aorta"),
    "bladder": ("89837001", "Urinary bladder"),
    "brain": ("12738006", "Brain"),
    "esophagus": ("32849002", "Esophagus"),
    "eye": ("81745001", "Eye"),
    "gallbladder": ("28231008", "Gallbladder"),
    "heart": ("80891009", "Heart"),
    "kidney": ("64033007", "Kidney"),
    "liver": ("10200004", "Liver"),
    "lung": ("39607008", "Lung"),
    "pancreas": ("15776009", "Pancreas"),
    "prostate": ("41216001", "Prostate"),
    "rectum": ("34402009", "Rectum"),
    "spinal cord": ("2748008", "Spinal cord"),
    "spleen": ("78961009", "Spleen"),
    "stomach": ("69695003", "Stomach"),
    "thyroid": ("69748006", "Thyroid"),
    "trachea": ("44567001", "Trachea"),
    "urinary bladder": ("89837001", "Urinary bladder"),
}
"""Codes and meanings of organs by their names; what is not here is called a tissue."""


def terminology_entry(name: str) -> str:
    """The serialised terminology entry of a segment called `name` ('Lung_L', 'left kidney', 'Liver').

    A name that is not an organ's gives Slicer's own default, tissue.
    """
    words = re.sub(r"[^a-z]+", " ", name.lower()).split()
    sides = {"l": "left", "lt": "left", "left": "left", "r": "right", "rt": "right", "right": "right"}
    side = next((sides[w] for w in words if w in sides), None)
    found = _TYPES.get(" ".join(w for w in words if w not in sides))
    if found is None:
        return "~".join((CONTEXT, *_TISSUE, _NONE, REGIONS, _NONE, _NONE))
    kind = f"SCT^{found[0]}^{found[1]}"
    modifier = _SIDES[side] if side is not None else _NONE
    return "~".join((CONTEXT, _STRUCTURE, kind, modifier, REGIONS, _NONE, _NONE))
