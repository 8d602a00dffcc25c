"""Courses that cannot be accumulated: refused before anything is computed, with words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.geometry.structure import ContourStructure
from RegSuite.transforms import AffineTransform
from RegSuite.workflows.dose import dose
from Testing.dose.bodies import contours
from Testing.io import dicom, rt

GRID = Grid.make((16, 14, 12), 5.0, (-37.5, -32.5, -27.5))
GTV = contours("sphere", 20.0, 2.0, name="GTV")


def image(name="ct", grid=GRID):
    """A bright ball in the middle."""
    distance = np.linalg.norm(grid.all_points() - grid.centre, axis=-1)
    return Image(torch.from_numpy((1000 * (distance < 20) - 900).astype(np.float32))[None], grid, name=name)


def dose_image(grid=GRID, **fields):
    """10 Gy at the middle, 0.1 Gy less every mm."""
    distance = np.linalg.norm(grid.all_points() - GRID.centre, axis=-1)
    values = np.maximum(10 - 0.1 * distance, 0).astype(np.float32)
    return DoseImage(Image(torch.from_numpy(values)[None], grid, name="dose"), **fields)


def course(*fractions, **settings):
    plain = {"image": image("day"), "dose": dose_image(), "transform": still()}
    return {
        "planning": {"image": image(), "structures": [GTV]},
        "fractions": [{**plain, **f} for f in (fractions or ({},))],
        "uncertainty": "none",
        **settings,
    }


def still():
    return AffineTransform(np.eye(3), np.zeros(3))


def refused(kind, words, given):
    """The course is refused with these words, and no stage but the reading was reached."""
    stages = []
    with pytest.raises(kind, match=words) as caught:
        dose(given, compare=False, progress=lambda f, stage, m: stages.append(stage))
    assert set(stages) <= {"read"}
    assert caught.value.exit_status == 2
    return str(caught.value)


def folding():
    """A displacement that turns the middle inside out."""
    x = GRID.all_points()[..., 0]
    u = np.zeros((3, *GRID.shape), np.float32)
    u[0] = -40 * np.sin(np.pi * x / 40) * (np.abs(x) < 40)
    return Image(torch.from_numpy(u), GRID)


def test_the_small_course_itself_is_accumulated():
    found = dose(course(), compare=False)
    assert found.metrics["dvh"]["GTV"]["max"] == pytest.approx(9.7, abs=0.3)


@pytest.mark.parametrize(
    ("fraction", "words"),
    [
        ({"image": "/none/day1.nii.gz"}, "does not exist"),
        ({"dose": "/none/RD.dcm"}, "does not exist"),
        ({"transform": "/none/day1.tfm"}, "does not exist"),
        ({"transform": 3}, "int is no transform"),
        ({"transform": AffineTransform(np.eye(2), np.zeros(2))}, "2D transform for 3D images"),
        ({"dose": 7}, "int is no dose"),
    ],
)
def test_what_is_not_there_or_of_another_kind_is_refused(fraction, words):
    refused(InputError, words, course(fraction))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"density_table": "/none/hu.csv", "mapping": "emt"}, "density table does not exist"),
        ({"limits": "/none/limits.yaml"}, "limits file cannot be read"),
        (
            {"uncertainty": {"source": "network", "model": "/none/model.safetensors"}},
            "model file is not there",
        ),
        ({"eqd2": {"alpha_beta_gy": {"default": 3, "Lens": 2}}}, "no structure 'Lens'(.|\n)*structures: GTV"),
        ({"metrics": ["D95", "Dwrong"]}, "'Dwrong' is no metric"),
        ({"metrics": ["EQD2(D95)"]}, "needs alpha/beta"),
        ({"registration": {"method": "elastic"}}, "elastic"),
        ({"registration": {"preset": "ct-lungs"}}, "did you mean 'ct-lung'"),
        ({"registration": {"method": "deformable", "parameters": {"iteration": [3]}}}, "mean 'iterations'"),
        ({"grid_mm": 0.01}, "larger voxels"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    refused(InputError, words, course(**settings))


def test_a_source_that_looks_at_images_wants_them():
    given = course({}, {"image": None}, uncertainty="laplace")
    refused(InputError, "laplace looks at the images, and fraction 2", given)


def test_doses_without_a_known_unit_are_refused(tmp_path):
    stored = np.full(GRID.shape, 2500, np.uint16)
    for unit, words in (("RELATIVE", "DoseUnits is RELATIVE"), (None, "DoseUnits is missing")):
        file = rt.dose(tmp_path / f"{unit}.dcm", stored, DoseUnits=unit)
        refused(DoseError, words, course({"dose": file}))


def test_the_same_dose_twice_and_a_sum_beside_its_beam_are_refused():
    twice = dose_image(sop_instance="1.2.3")
    refused(DoseError, "same dose.*counted twice", course({"dose": twice}, {"dose": twice}))
    whole = dose_image(summation="PLAN", plans=("1.5",), sop_instance="1.2.3")
    beam = dose_image(summation="BEAM", plans=("1.5",), sop_instance="1.2.4")
    refused(DoseError, "sum of the plan 1.5", course({"dose": whole}, {"dose": beam}))


def test_effective_doses_are_not_converted_again():
    given = course({"dose": dose_image(dose_type="EFFECTIVE")}, eqd2={"alpha_beta_gy": 3})
    refused(InputError, "EFFECTIVE already", given)


def test_a_dose_in_another_frame_of_reference_than_its_image_is_refused(tmp_path):
    folder = dicom.write_series(tmp_path / "day1", [0.0, 3.0, 6.0, 9.0], FrameOfReferenceUID="1.2.77")
    given = course({"image": folder, "dose": dose_image(frame_of_reference="1.2.78")})
    words = refused(DoseError, "another frame of reference", given)
    assert "1.2.77" in words
    assert "1.2.78" in words


def test_structures_of_another_frame_than_the_planning_scan_are_refused(tmp_path):
    folder = dicom.write_series(tmp_path / "ct", [0.0, 3.0, 6.0, 9.0], FrameOfReferenceUID="1.2.77")
    box = [("GTV", [rt.contour(rt.square(z, 3.0)) for z in (0.0, 3.0, 6.0)])]
    given = course()
    given["planning"] = {"image": folder, "structures": rt.structure_set(tmp_path / "RS.dcm", box)}
    refused(DoseError, "the planning image lies in another frame of reference .1.2.77.", given)


def test_structures_without_volume_are_left_out_and_alone_refused():
    nothing = ContourStructure("Scar", ())
    given = course()
    given["planning"]["structures"] = [nothing, GTV]
    found = dose(given, compare=False)
    assert [s.name for s in found.structures] == ["GTV"]
    assert any("'Scar' is left out" in w for w in found.warnings)
    given["planning"]["structures"] = [nothing]
    refused(GeometryError, "no contours", given)


def test_names_of_structures_that_stand_twice_are_refused():
    given = course()
    given["planning"]["structures"] = [GTV, GTV]
    refused(InputError, "stand more than once: 'GTV'", given)


def test_a_dose_grid_that_ends_inside_a_structure_is_told_and_one_beside_the_image_refused():
    short = Grid.make((16, 14, 6), 5.0, GRID.origin)
    found = dose(course({"dose": dose_image(short)}), compare=False)
    assert any("beyond the dose grid" in w and "% of GTV" in w for w in found.warnings)
    assert any("does not cover GTV" in w for w in found.warnings)
    away = replace(GRID, origin=(500.0, 0.0, 0.0))
    words = refused(GeometryError, "does not reach its image", course({"dose": dose_image(away)}))
    assert "fraction" in words


def test_a_transform_that_leads_away_from_the_dose_is_refused():
    away = AffineTransform(np.eye(3), np.array([400.0, 0.0, 0.0]))
    refused(GeometryError, "through the transform", course({"transform": away}))


def test_a_folding_transform_is_refused_within_a_structure_and_marked_where_that_is_asked_for():
    words = refused(GeometryError, "folds", course({"transform": folding()}))
    assert "% of GTV" in words
    assert "folding: mark" in words
    found = dose(course({"transform": folding()}, folding="mark"), compare=False)
    marks = found.marks.data[0].numpy()
    assert (marks & 2).any()
    assert np.isnan(found.dose.data[0].numpy()[marks & 2 > 0]).all()
    assert any("where the deformation folds" in w for w in found.warnings)


def test_images_that_cannot_be_registered_are_refused_before_the_first_is():
    flat = image("flat").with_data(torch.zeros((1, *GRID.shape)))
    refused(InputError, "constant", course({}, {"image": flat, "transform": None}))
    beside = Image(image().data, replace(GRID, origin=(900.0, 0.0, 0.0)), name="beside")
    there = dose_image(replace(GRID, origin=(900.0, 0.0, 0.0)))
    refused(GeometryError, "overlap by 0 %", course({}, {"image": beside, "dose": there, "transform": None}))


def test_much_dose_in_one_fraction_is_asked_about_where_eqd2_depends_on_it():
    large = dose_image()
    large = replace(large, image=large.image.with_data(6 * large.image.data))
    most = round(float(large.image.data.max()))
    found = dose(course({"dose": large}, eqd2={"alpha_beta_gy": 3}), compare=False)
    assert any(f"{most} Gy in one fraction" in w and "fractions: N" in w for w in found.warnings)
    split = dose(course({"dose": large, "fractions": 20}, eqd2={"alpha_beta_gy": 3}), compare=False)
    assert not any("in one fraction" in w for w in split.warnings)


def test_a_name_that_no_system_takes_is_refused_as_an_input():
    refused(InputError, "cannot be read|does not exist", course({"dose": "d" * 5000}))


def test_parameters_that_the_method_chosen_by_auto_has_not_are_refused_before_the_first_fraction():
    given = course({}, {"transform": None}, registration={"parameters": {"iteratons": [3]}})
    refused(InputError, "'iteratons' is no parameter of method", given)


def test_fractions_are_called_after_their_files_and_never_alike(tmp_path):
    from RegSuite.io.write_image import write_image

    write_image(image("day"), tmp_path / "day1.nii.gz")
    file = tmp_path / "day1.nii.gz"
    found = dose(course({"image": file}, {"image": file}, {}, {"name": "boost"}), compare=False)
    assert [f.name for f in found.fractions] == ["day1", "day1 (2)", "fraction 3", "boost"]
