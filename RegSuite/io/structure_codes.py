"""What a structure is, in the codes (SNOMED CT) that DICOM objects and Slicer's terminologies share."""

from __future__ import annotations

import re
from dataclasses import dataclass

ORGANS = {
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
"""Codes and meanings of organs by their names."""

SIDES = {"left": ("7771000", "Left"), "right": ("24028007", "Right")}
_SIDE_WORDS = {"l": "left", "lt": "left", "left": "left", "r": "right", "rt": "right", "right": "right"}


@dataclass(frozen=True)
class OrganCode:
    """An organ: SNOMED CT code and meaning, and the side's where the name says one."""

    code: str
    meaning: str
    side: tuple[str, str] | None = None


def organ_of(name: str) -> OrganCode | None:
    """The organ that a structure is named after ('Lung_L', 'left kidney', 'Liver'); None of another name."""
    words = re.sub(r"[^a-z]+", " ", name.lower()).split()
    found = ORGANS.get(" ".join(w for w in words if w not in _SIDE_WORDS))
    if found is None:
        return None
    side = next((SIDES[_SIDE_WORDS[w]] for w in words if w in _SIDE_WORDS), None)
    return OrganCode(*found, side)
