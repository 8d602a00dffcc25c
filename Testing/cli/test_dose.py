"""`regsuite dose`: files, options over the course file, exit status and words."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from Testing.workflows.small_course import COUNTS, a_course, on_disk


@pytest.fixture(scope="module")
def a_file(tmp_path_factory):
    """COURSE.yaml with images, doses and true displacements beside it."""
    return on_disk(tmp_path_factory.mktemp("course"))


def test_dose_writes_what_the_contract_says(run, a_file, tmp_path):
    out = tmp_path / "out"
    ended = run(
        "dose", a_file, "-o", out, "--alpha-beta", 3, "--alpha-beta", "GTV=10", "--metric", "V8Gy",
        "--no-scene", "--no-compare", "--threads", 2, "--json",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["schema"], found["workflow"], found["method"]) == ("regsuite.result/1", "dose", "ddm")
    wanted = {
        "accumulated_dose", "accumulated_eqd2", "accumulated_eqd2_10", "marks", "marks_table", "dvh",
        "dvh_eqd2", "dvh_metrics", "displacement_1", "displacement_2", "warped_1", "warped_2", "report",
    }  # fmt: skip
    assert set(found["files"]) == wanted
    assert all((out / name).is_file() for name in found["files"].values())
    assert set(found["inputs"]) >= {
        "course",
        "planning_image",
        "structures",
        "dose_1",
        "image_2",
        "transform_2",
    }
    assert found["parameters"]["course"]["eqd2"]["alpha_beta_gy"] == {"default": 3, "GTV": 10}
    assert found["dose"]["fraction_count"] == sum(COUNTS)
    assert found["dose"]["eqd2"]["alpha_beta_gy"]["GTV"] == 10
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "accumulated_dose.nii.gz")))
    assert np.abs(stored - a_course().truth_dose.data[0].numpy()).mean() < 0.02
    with (out / "dvh_metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {"mean", "D95", "V8Gy", "EQD2", "EQD2(D95)"} <= {r["metric"] for r in rows}
    assert all(r["p05"] == "" for r in rows)  # no uncertainty was asked for
    assert "fold" in (out / "report.html").read_text()


def test_the_written_displacement_carries_the_dose_in_another_program(a_file, run, tmp_path):
    """SimpleITK resamples the fraction's dose through displacement_1.nii.gz onto the accumulated dose."""
    out = tmp_path / "out"
    one = on_disk(
        tmp_path, fractions=[{"image": "day1.nii.gz", "dose": "dose1.nii.gz", "transform": "u1.nii.gz"}]
    )
    assert run("dose", one, "-o", out, "--no-report", "--no-scene", "--no-compare").returncode == 0
    field = sitk.Cast(sitk.ReadImage(str(out / "displacement_1.nii.gz")), sitk.sitkVectorFloat64)
    ours = sitk.ReadImage(str(out / "accumulated_dose.nii.gz"))
    there = sitk.Resample(
        sitk.ReadImage(str(a_file.parent / "dose1.nii.gz")),
        ours,
        sitk.DisplacementFieldTransform(field),
        sitk.sitkLinear,
        0.0,
    )
    mine, theirs = (sitk.GetArrayFromImage(i) for i in (ours, there))
    assert np.abs(mine - theirs)[mine >= 0].max() < 1e-3 * theirs.max()


def test_options_take_the_place_of_the_files_words(run, a_file, tmp_path):
    ended = run(
        "dose", a_file, "-o", tmp_path / "out", "--uncertainty", "network", "--model", "/none/m.safetensors"
    )
    assert ended.returncode == 2
    assert "model file is not there" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "options", "words"),
    [
        ({"samplez": 3}, (), "samplez is no known key; did you mean samples?"),
        ({"mapping": "emt"}, (), "emt needs density_table"),
        ({"fractions": [{"image": "day9.nii.gz", "dose": "dose1.nii.gz"}]}, (), "day9.nii.gz"),
        ({"eqd2": {"alpha_beta_gy": {"default": 3, "Lens": 1}}}, (), "no structure 'Lens'"),
        ({}, ("--samples", 1), "samples: Input should be greater than or equal to 2"),
        ({}, ("--alpha-beta", "GTV=much"), "'GTV=much' is no alpha/beta"),
        ({}, ("--method", "elastics"), "elastics"),
        ({}, ("--limits", "/none/limits.yaml"), "limits file cannot be read"),
    ],
)
def test_what_cannot_be_ends_with_status_2_and_writes_nothing(run, tmp_path, settings, options, words):
    file = on_disk(tmp_path, **settings)
    ended = run("dose", file, "-o", tmp_path / "out", *options)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_missing_course_file_is_named(run, tmp_path):
    ended = run("dose", tmp_path / "COURSE.yaml", "-o", tmp_path / "out")
    assert (ended.returncode, "COURSE.yaml" in ended.stderr) == (2, True)


def test_a_damaged_dose_is_refused_with_its_name(run, tmp_path):
    file = on_disk(tmp_path)
    whole = (tmp_path / "dose2.nii.gz").read_bytes()
    (tmp_path / "dose2.nii.gz").write_bytes(whole[: len(whole) // 2])
    ended = run("dose", file, "-o", tmp_path / "out")
    assert ended.returncode == 2
    assert "dose2.nii.gz" in ended.stderr
