"""COURSE.yaml: what may stand in it, and the words for what may not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from RegSuite.errors import InputError
from RegSuite.workflows.course import Course, course_of

PLAIN = {
    "planning": {"image": "CT", "structures": "RS.dcm"},
    "fractions": [{"image": "day1.nii.gz", "dose": "RD1.dcm"}],
}


def changed(**settings):
    return {**PLAIN, **settings}


def test_a_course_has_defaults_for_every_setting_below_fractions():
    course = course_of(PLAIN)
    assert (course.mapping, course.samples, course.correlation) == ("ddm", 100, "same")
    assert (course.uncertainty.source, course.registration.method, course.eqd2) == ("laplace", "auto", None)
    assert course.fractions[0].fractions == 1
    assert course_of(course) is course


def test_the_contracts_example_is_read_with_paths_relative_to_the_file(tmp_path):
    text = """
planning: {image: CT/, structures: RS.dcm}
fractions:
  - {image: day1.nii.gz, dose: RD1.dcm}
  - {image: /elsewhere/day2.nii.gz, dose: RD2.dcm, transform: day2.tfm, fractions: 4, dose_unit: cGy}
mapping: emt
density_table: hu.csv
registration: {method: auto, preset: ct-lung}
uncertainty: {source: network, model: own.safetensors}
limits: limits.yaml
eqd2: {alpha_beta_gy: {default: 3, GTV: 10}}
samples: 20
correlation: same
"""
    file = tmp_path / "COURSE.yaml"
    file.write_text(text)
    course = course_of(file)
    assert course.planning.image == tmp_path / "CT"
    assert course.fractions[0].dose == tmp_path / "RD1.dcm"
    assert course.fractions[1].image == Path("/elsewhere/day2.nii.gz")
    assert course.fractions[1].transform == tmp_path / "day2.tfm"
    assert (course.density_table, course.limits) == (tmp_path / "hu.csv", tmp_path / "limits.yaml")
    assert course.uncertainty.model == tmp_path / "own.safetensors"
    assert (course.eqd2.of("GTV"), course.eqd2.of("Cord"), course.eqd2.distinct) == (10, 3, (3, 10))


def test_short_forms_are_read_as_the_long_ones():
    course = course_of(changed(uncertainty="none", eqd2={"alpha_beta_gy": 3}, grid_mm=2.5))
    assert course.uncertainty.source == "none"
    assert course.eqd2.alpha_beta_gy == {"default": 3}
    assert course.spacing_mm == (2.5, 2.5, 2.5)
    assert course_of(changed(grid_mm=[2, 2, 3])).spacing_mm == (2, 2, 3)


def test_settings_replace_those_of_the_course_and_are_checked_anew():
    course = course_of(PLAIN).with_settings({"samples": 7})
    assert isinstance(course, Course)
    assert course.samples == 7
    with pytest.raises(InputError, match="samples: .*greater than or equal to 2"):
        course.with_settings({"samples": 1})


ONE = {"image": "a", "dose": "b"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "planning is missing; fractions is missing"),
        (changed(fractions=[]), "fractions: there is none"),
        (changed(mappin="emt"), "mappin is no known key; did you mean mapping"),
        (changed(planning={"image": "CT", "structure": "RS"}), "structure is no known key; .* structures"),
        (changed(fractions=[ONE, {"image": "a", "dosis": "b"}]), "fractions 2: dosis is no .* mean dose"),
        (changed(fractions=[{"dose": "b"}]), "fractions 1: image is missing"),
        (changed(fractions=[{**ONE, "fractions": 0}]), "fractions 1: fractions: .*greater than 0"),
        (changed(mapping="emt"), "emt needs density_table"),
        (changed(mapping="both"), "mapping: Input should be 'ddm' or 'emt'"),
        (changed(uncertainty={"source": "guess"}), "uncertainty: source: Input should be 'laplace'"),
        (changed(uncertainty={"source": "laplace", "model": "m"}), "model is for the source network"),
        (changed(eqd2={"alpha_beta_gy": {"default": 0}}), "above 0 Gy, not default: 0"),
        (changed(eqd2={"alpha_beta_gy": {"GTV": 10}}), "default is missing"),
        (changed(correlation="none"), "correlation: Input should be 'independent' or 'same'"),
        (changed(grid_mm=-1), "voxel edges must be above 0 mm"),
        (changed(samples=float("nan")), "samples"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(given, words):
    with pytest.raises(InputError, match=words):
        course_of(given)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("planning: [", "is no YAML"),
        ("- a\n- b\n", "no mapping of keys to values"),
        ("", "no mapping of keys to values"),
        ("planning: !!python/object/apply:os.system ['true']\n", "is no YAML"),
        ("fractions: 3\nplanning: 4\n", "fractions: Input should be a valid tuple"),
    ],
)
def test_a_file_that_is_no_course_is_refused_with_its_name(tmp_path, text, words):
    file = tmp_path / "COURSE.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        course_of(file)
    assert str(file) in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        course_of(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="a folder where a COURSE.yaml is wanted"):
        course_of(tmp_path)
    with pytest.raises(InputError, match="int is no course"):
        course_of(3)


def test_reading_changes_nothing_of_the_mapping_that_was_given():
    given = changed(eqd2={"alpha_beta_gy": {"default": 3}})
    before = yaml.safe_dump(given)
    course_of(given).with_settings({"samples": 9})
    assert yaml.safe_dump(given) == before
