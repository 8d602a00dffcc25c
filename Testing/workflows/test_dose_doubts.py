"""What a course is warned of: counts, doubles, directions, coarse voxels, parts whose dose is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import RegSuite
from RegSuite.errors import DoseError, InputError
from RegSuite.geometry import Grid
from RegSuite.io.simpleitk_bridge import image_from_sitk
from RegSuite.io.write_image import write_image
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform
from RegSuite.workflows.dose import dose
from Testing.workflows.test_dose_refused import GRID, GTV, course, dose_image, image


def moved(z_mm):
    return AffineTransform(np.eye(3), np.array([0.0, 0.0, z_mm]))


def warned(given, words):
    return any(words in w for w in dose(given, compare=False).warnings)


def test_a_file_that_seems_to_hold_one_fraction_of_many_is_asked_about():
    assert warned(course({"fractions": 30}), "`fractions: 30`")
    assert not warned(course({"fractions": 5}), "`fractions:")


def test_one_entry_written_twice_is_warned_of_and_one_dose_on_two_days_is_not():
    assert warned(course({"name": "a"}, {"name": "b"}), "a and b have the same dose")
    assert not warned(course({"name": "a"}, {"name": "b", "transform": moved(1.0)}), "have the same dose")


@pytest.mark.parametrize(("z_mm", "wrong"), [(10.0, False), (-10.0, True), (0.0, False)])
def test_a_transform_that_leads_the_other_way_is_warned_of(z_mm, wrong):
    day = image("day", replace(GRID, origin=(*GRID.origin[:2], GRID.origin[2] + 10.0)))
    given = course({"image": day, "transform": moved(z_mm)})
    assert warned(given, "fit worse") == wrong


def test_voxels_far_larger_than_the_doses_are_warned_of():
    assert warned(course(grid_mm=15.0), "grid_mm")
    assert not warned(course(grid_mm=8.0), "grid_mm")


def short_dose():
    """60 Gy everywhere on a grid that ends in the middle of the GTV."""
    grid = Grid.make((16, 14, 6), 5.0, GRID.origin)
    found = dose_image(grid)
    return replace(found, image=found.image.with_data(found.image.data * 0 + 60))


def test_a_limit_is_not_said_to_be_met_where_the_target_lies_beyond_the_dose(tmp_path):
    limits = tmp_path / "limits.yaml"
    limits.write_text(
        "schema: regsuite.limits/1\nname: n\nsource: s\ndose:\n"
        "  - {structure: GTV, metric: D95%, min_gy: 57}\n  - {structure: GTV, metric: max, max_gy: 50}\n"
    )
    found = dose(course({"dose": short_dose()}, limits=limits), compare=False)
    said = {v.measure: v.verdict for v in found.verdicts}
    assert said["dose.GTV.D95%"] == "not certain"
    assert said["dose.GTV.max"] == "fail"


def test_the_written_dose_is_read_again_without_what_it_does_not_know(tmp_path):
    found = dose(course({"dose": short_dose()}), compare=False)
    found.save(tmp_path / "out", report=False)
    again = RegSuite.dvh(tmp_path / "out" / "accumulated_dose.nii.gz", [GTV])
    assert again.metrics["GTV"]["D95"] == pytest.approx(60, abs=0.01)
    assert again.metrics["GTV"]["min"] == pytest.approx(60, abs=0.01)
    assert any("does not cover GTV" in w for w in again.warnings)
    loaded = image_from_sitk(sitk.ReadImage(str(tmp_path / "out" / "accumulated_dose.nii.gz")))
    assert RegSuite.dvh(loaded, [GTV]).metrics["GTV"]["min"] == pytest.approx(60, abs=0.01)
    with pytest.raises(DoseError, match="not known"):
        dose(course({"dose": tmp_path / "out" / "accumulated_dose.nii.gz"}), compare=False)


@pytest.mark.parametrize(
    "text", ["fractions: []\nfractions: []\n", "eqd2: {alpha_beta_gy: {default: 3, GTV: 10, GTV: 3}}\n"]
)
def test_a_key_that_stands_twice_is_refused_and_not_the_first_one_dropped(tmp_path, text):
    (tmp_path / "COURSE.yaml").write_text("planning: {image: ct.nii.gz, structures: rs.dcm}\n" + text)
    with pytest.raises(InputError, match="stands twice"):
        dose(tmp_path / "COURSE.yaml")


def test_a_limits_file_with_two_lists_of_doses_is_refused(tmp_path):
    one = "dose:\n  - {structure: GTV, metric: max, max_gy: 50}\n"
    (tmp_path / "limits.yaml").write_text("schema: regsuite.limits/1\nname: n\nsource: s\n" + one + one)
    with pytest.raises(InputError, match="stands twice"):
        dose(course(limits=tmp_path / "limits.yaml"), compare=False)


def test_a_field_within_a_chain_of_chains_is_not_known_beyond_its_own_grid():
    half = Grid.make((16, 14, 6), 5.0, GRID.origin)
    field = DisplacementTransform(torch.zeros((3, *half.shape)), half)
    for chain in (field, CompositeTransform((moved(0.0), CompositeTransform((moved(0.0), field))))):
        found = dose(course({"transform": chain}), compare=False)
        assert np.isnan(found.dose.data[0, 6:].numpy()).all()
        assert not np.isnan(found.dose.data[0, :5].numpy()).any()


def test_a_dose_that_seems_to_be_in_centigray_is_asked_about(tmp_path):
    fraction = dose_image().image
    write_image(fraction.with_data(fraction.data * 20), tmp_path / "d.nii.gz")  # 200 cGy
    assert warned(course({"dose": tmp_path / "d.nii.gz"}), "in cGy")
    assert not warned(course({"dose": tmp_path / "d.nii.gz", "dose_unit": "cGy"}), "in cGy")
