"""regsuite phantom tumor: a template and a brain with a tumour from the command line."""

from __future__ import annotations

import json

import numpy as np
import SimpleITK as sitk
import torch

from RegSuite.geometry import Grid
from RegSuite.io import read_image
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.brain import brain_image
from RegSuite.phantoms.tumor import tumor_phantom


def test_a_tumour_is_a_folder_with_its_truth(tmp_path, run):
    words = (
        "phantom",
        "tumor",
        "--ndim",
        2,
        "--spacing",
        3,
        "--seed",
        5,
        "--push",
        0.6,
        "--radius",
        15,
        "-o",
    )
    ended = run(*words, tmp_path / "a", "--json")
    assert ended.returncode == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert (record["workflow"], record["parameters"]["phantom"], record["seed"]) == ("phantom", "tumor", 5)
    for file in record["files"].values():
        assert (tmp_path / "a" / file).exists()
    wanted = tumor_phantom(5, ndim=2, spacing_mm=3.0, push=0.6, radius_mm=15.0)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a" / "truth_displacement.nii.gz")))
    np.testing.assert_allclose(np.moveaxis(truth, -1, 0), wanted.displacement.data.numpy(), atol=1e-4)
    assert run(*words, tmp_path / "a").returncode == 2
    assert run(*words, tmp_path / "a", "--overwrite").returncode == 0


def test_a_tumour_grows_in_a_scan_on_its_own_grid(tmp_path, run):
    turned = ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
    scan, labels = brain_image(Grid.make((40, 48, 28), (3.4, 3.6, 5.0), (3.1, -123.4, -67.5), turned))
    write_image(scan, tmp_path / "t1.nii.gz")
    write_image(labels, tmp_path / "labels.nii.gz")
    out = tmp_path / "out"
    ended = run(
        "phantom",
        "tumor",
        "--from",
        tmp_path / "t1.nii.gz",
        "--labels",
        tmp_path / "labels.nii.gz",
        "-o",
        out,
    )
    assert ended.returncode == 0, ended.stderr
    assert read_image(out / "target.nii.gz").grid.same_space(scan.grid)
    inputs = json.loads((out / "result.json").read_text())["inputs"]
    assert inputs["labels"]["file"].endswith("labels.nii.gz")


def test_the_toy_is_two_pictures_with_a_growth(tmp_path, run):
    ended = run("phantom", "tumor", "--toy", "-o", tmp_path / "toy")
    assert ended.returncode == 0, ended.stderr
    target = read_image(tmp_path / "toy" / "target.nii.gz")
    assert target.grid.size == (300, 300)
    assert torch.isfinite(target.data).all()
    assert sitk.ReadImage(str(tmp_path / "toy" / "growth.nii.gz")).GetSize() == (300, 300, 1, 10)


def test_what_cannot_be_is_refused_with_a_mend_and_leaves_nothing(tmp_path, run):
    for words in (
        ("--push", 0.99),
        ("--labels", "x.nii.gz"),
        ("--toy", "--from", "x.nii.gz"),
        ("--ndim", 2, "--dicom"),
    ):
        ended = run("phantom", "tumor", *words, "-o", tmp_path / "out")
        assert ended.returncode == 2, words
        assert "mend: " in ended.stderr
        assert list(tmp_path.iterdir()) == []
