"""dvh and gamma from DICOM, and what they refuse or leave out with words."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import RegSuite
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.geometry.structure import ContourStructure
from Testing.dose.bodies import contours, linear_dose, surface
from Testing.io import rt


def dose_image(gradient=(0, 0, 1.0), **fields):
    values, grid = linear_dose(gradient)
    return DoseImage(Image(torch.from_numpy(values)[None], grid, name="dose"), **fields)


def test_an_rt_dose_and_structure_set_give_the_dose_of_the_drawn_box(tmp_path):
    stored = np.full((9, 33, 31), 2500, np.uint16)
    dose = rt.dose(
        tmp_path / "RD.dcm", stored, ImagePositionPatient=[-30.0, -40.0, -10.0], DoseGridScaling=0.004
    )
    box = [("Box", [rt.contour(rt.square(z, 5.0)) for z in (0.0, 2.0, 4.0)])]
    found = RegSuite.dvh(dose, rt.structure_set(tmp_path / "RS.dcm", box))
    assert found.metrics["Box"]["volume"] == pytest.approx(10 * 10 * 6 / 1000)
    assert found.metrics["Box"]["mean"] == pytest.approx(10.0, rel=1e-6)
    other = rt.structure_set(tmp_path / "other.dcm", box, frames={1: "1.2.77"})
    with pytest.raises(RegSuite.DoseError, match=r"another frame of reference .*\(1\.2\.77\)"):
        RegSuite.dvh(dose, other)


def test_names_that_stand_twice_and_no_structure_at_all_are_refused():
    with pytest.raises(RegSuite.InputError, match="stand more than once: 'GTV'"):
        RegSuite.dvh(dose_image(), [surface("sphere", 8.0, name="GTV"), surface("cone", 8.0, name="GTV")])
    with pytest.raises(RegSuite.InputError, match="no structure"):
        RegSuite.dvh(dose_image(), [])
    with pytest.raises(RegSuite.InputError, match="str is no structure"):
        RegSuite.dvh(dose_image(), ["GTV", 3])


def test_a_structure_without_contours_is_left_out_with_a_warning_and_alone_is_refused():
    nothing = ContourStructure("Scar", ())
    found = RegSuite.dvh(dose_image(), [nothing, surface("sphere", 8.0)])
    assert set(found.metrics) == {"body"}
    assert any("'Scar' is left out: it has no contours" in sentence for sentence in found.warnings)
    with pytest.raises(RegSuite.GeometryError, match="no contours"):
        RegSuite.dvh(dose_image(), [nothing])


def test_few_slices_and_missing_ones_are_warned_of_with_their_names():
    far = contours("cylinder", 30.0, 2.0, name="Lung")
    torn = ContourStructure("Lung", tuple(c for i, c in enumerate(far.contours) if i not in (6, 7)))
    found = RegSuite.dvh(dose_image(), [contours("sphere", 12.0, 3.0, name="Lens"), torn])
    words = " ".join(found.warnings)
    assert "fewer than 10 slices: Lens (4)" in words
    assert "slices are missing in Lung" in words
    assert found.basis()["structures"]["Lens"]["slices"] == 4


def test_a_structure_beyond_the_dose_has_a_volume_and_no_doses(tmp_path):
    found = RegSuite.dvh(dose_image(), [surface("sphere", 8.0, at=(500, 0, 0))])
    assert set(found.metrics["body"]) == {"volume"}
    assert any("does not cover body (0 % within)" in sentence for sentence in found.warnings)
    stored = json.loads((found.save(tmp_path / "out") / "result.json").read_text())
    assert stored["metrics"]["dvh"]["body"].keys() == {"volume"}


def test_the_callers_dose_is_not_changed():
    dose = dose_image()
    before = dose.image.data.clone()
    RegSuite.dvh(dose, [surface("sphere", 8.0)])
    RegSuite.gamma(dose, dose)
    assert torch.equal(dose.image.data, before)


def test_doses_of_different_frames_are_refused_and_of_different_kinds_warned_of():
    one, other = dose_image(frame_of_reference="1.2"), dose_image(frame_of_reference="1.3")
    with pytest.raises(RegSuite.DoseError, match=r"different frames of reference \(1\.2 and 1\.3\)"):
        RegSuite.gamma(one, other)
    found = RegSuite.gamma(dose_image(), dose_image(dose_type="EFFECTIVE"))
    assert any("PHYSICAL dose is compared with a EFFECTIVE" in sentence for sentence in found.warnings)


def test_a_beams_dose_is_warned_of_and_an_effective_one_is_not_converted_again():
    found = RegSuite.dvh(dose_image(summation="BEAM"), [surface("sphere", 8.0)])
    assert "the dose is that of a BEAM, not of the whole plan" in found.warnings
    options = {"metric": ["EQD2"], "fractions": 5, "alpha_beta": ["3"]}
    with pytest.raises(RegSuite.DoseError, match="EFFECTIVE already"):
        RegSuite.dvh(dose_image(dose_type="EFFECTIVE"), [surface("sphere", 8.0)], **options)


def test_a_dose_that_is_flat_or_not_finite_is_refused():
    flat = Image(torch.ones(1, 8, 8), Grid.make((8, 8)))
    with pytest.raises(RegSuite.DoseError, match="in 2D"):
        RegSuite.dvh(flat, [surface("sphere", 8.0)])
    values = torch.ones(1, 4, 4, 4)
    values[0, 0, 0, 0] = float("nan")
    with pytest.raises(RegSuite.DoseError, match="1 voxels are not finite"):
        RegSuite.dvh(Image(values, Grid.make((4, 4, 4))), [surface("sphere", 8.0)])


def test_a_dose_in_cgy_is_taken_as_such():
    values, grid = linear_dose([0, 0, 0], at_zero=200.0)
    image = Image(torch.from_numpy(values)[None], grid)
    found = RegSuite.dvh(image, [surface("sphere", 8.0)], dose_unit="cGy")
    assert found.metrics["body"]["mean"] == pytest.approx(2.0, rel=1e-6)


def test_the_number_of_threads_changes_no_value():
    values, grid = linear_dose([1.0, 0.5, 2.0])
    image = Image(torch.from_numpy(values)[None], grid)
    one, two = (RegSuite.dvh(image, [surface("cone", 15.0)], threads=n).metrics for n in (1, 2))
    assert one == two
