"""Codes of organs, against the table of DICOM's codes that pydicom brings."""

import pytest
from pydicom.sr.codedict import codes

from RegSuite.io.structure_codes import ORGANS, SIDES
from RegSuite.mrml.terminology import _STRUCTURE, _TISSUE, terminology_entry

MEANINGS = {code.value: code.meaning for code in (getattr(codes.SCT, word) for word in codes.SCT.dir())}
STEMS = {
    "adrenal gland": "adrenal",
    "aorta": "aort",
    "pancreas": "pancrea",
    "prostate": "prostat",
    "spleen": "splen",
    "trachea": "trache",
}
"""Names whose adjective stands in the table ('Splenic structure')."""


@pytest.mark.parametrize("name", sorted(ORGANS))
def test_the_code_of_an_organ_means_that_organ(name):
    code, meaning = ORGANS[name]
    stem = STEMS.get(name, name.split()[-1])
    assert stem in MEANINGS[code].lower()
    assert name.split()[-1] in meaning.lower()


@pytest.mark.parametrize("entry", [_TISSUE[0], _STRUCTURE, *(f"SCT^{c}^{m}" for c, m in SIDES.values())])
def test_the_code_of_a_general_word_means_that_word(entry):
    _, code, meaning = entry.split("^")
    assert meaning.split()[-1].lower() in MEANINGS[code].lower()


def test_a_side_stands_beside_the_organ():
    entry = terminology_entry("Lung_L")
    assert "SCT^39607008^Lung~SCT^7771000^Left" in entry


def test_an_unknown_name_is_a_tissue_and_nothing_more():
    assert "SCT^85756007^Tissue~SCT^85756007^Tissue" in terminology_entry("Frontal_Mid_Orb_R")
