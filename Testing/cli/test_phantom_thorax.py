"""regsuite phantom thorax: a course's folder from the command line."""

from __future__ import annotations

import json

import numpy as np
import SimpleITK as sitk

from RegSuite.io.write_image import write_image
from RegSuite.phantoms.thorax import thorax_course
from RegSuite.phantoms.thorax.draw import default_grid


def test_a_course_is_a_folder_with_its_truth(tmp_path, run):
    words = ("phantom", "thorax", "--spacing", 10, "--fractions", 3, "--seed", 6, "-o")
    ended = run(*words, tmp_path / "a", "--json")
    assert ended.returncode == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert (record["workflow"], record["parameters"]["phantom"], record["seed"]) == ("phantom", "thorax", 6)
    for file in record["files"].values():
        assert (tmp_path / "a" / file).exists()
    assert record["files"]["course"] == "COURSE.yaml"
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a" / "truth_displacement_3.nii.gz")))
    wanted = thorax_course(default_grid(10.0), fractions=3, seed=6).fractions[2].displacement
    np.testing.assert_allclose(np.moveaxis(truth, -1, 0), wanted.data.numpy(), atol=1e-5)
    assert run(*words, tmp_path / "a").returncode == 2
    assert run(*words, tmp_path / "a", "--overwrite").returncode == 0


def test_a_course_around_a_scan_is_written_as_dicom_too(tmp_path, run):
    scan = thorax_course(default_grid(7.0), fractions=2, seed=2).planning
    write_image(scan, tmp_path / "ct.nii.gz")
    ended = run("phantom", "thorax", "--from", tmp_path / "ct.nii.gz", "--dicom", "-o", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    out = tmp_path / "out"
    assert (out / "COURSE-dicom.yaml").exists()
    assert len(list((out / "dicom" / "planning").iterdir())) == scan.grid.size[2]
    assert (out / "dicom" / "RS.dcm").exists()
    assert json.loads((out / "result.json").read_text())["inputs"]["image"]["file"].endswith("ct.nii.gz")


def test_what_cannot_be_is_refused_with_a_mend_and_leaves_nothing(tmp_path, run):
    for words in (
        ("thorax", "--fractions", 1),
        ("thorax", "--spacing", 40),
        ("thorax", "--labels", "x.nii.gz"),
        ("shapes", "--dicom"),
    ):
        ended = run("phantom", *words, "-o", tmp_path / "out")
        assert ended.returncode == 2, words
        assert "mend: " in ended.stderr
        assert list(tmp_path.iterdir()) == []
