"""warp, evaluate, phantom and demo from the command line."""

from __future__ import annotations

import json

import pytest
import SimpleITK as sitk

from RegSuite.methods import method_names
from RegSuite.mrml import at_hand
from RegSuite.report.result import Result as ResultRecord
from Testing.workflows.small import write_pair


@pytest.fixture
def a_result(tmp_path, run):
    """The small pair's files, and the folder of a run with the true translation."""
    pair = write_pair(tmp_path)
    words = ("--method", "shift", "--set", "shift_mm=4,-3,2", "--no-report")
    assert run("register", pair["fixed"], pair["moving"], "-o", tmp_path / "out", *words).returncode == 0
    return pair, tmp_path / "out"


def test_warp_of_the_moving_image_is_the_runs_own_warped_image(a_result, tmp_path, run):
    pair, out = a_result
    ended = run("warp", pair["moving"], "--transform", out, "-o", tmp_path / "w.nii.gz", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["files"] == {"warped": str(tmp_path / "w.nii.gz")}
    images = [sitk.ReadImage(str(path)) for path in (tmp_path / "w.nii.gz", out / "warped.nii.gz")]
    difference = sitk.GetArrayFromImage(images[0]) - sitk.GetArrayFromImage(images[1])
    assert abs(difference).max() < 1e-4


def test_warp_takes_points_to_the_moving_space_and_with_inverse_back(a_result, tmp_path, run):
    pair, out = a_result
    there, back = tmp_path / "there.csv", tmp_path / "back.csv"
    assert run("warp", pair["fixed_points"], "--transform", out, "-o", there).returncode == 0
    assert run("warp", there, "--transform", out, "--inverse", "-o", back).returncode == 0
    rows = [
        [[float(v) for v in line.split(",")] for line in path.read_text().splitlines()[1:]]
        for path in (pair["moving_points"], there, pair["fixed_points"], back)
    ]
    for wanted, found in ((rows[0], rows[1]), (rows[2], rows[3])):
        for a, b in zip(wanted, found, strict=True):
            assert b == pytest.approx(a, abs=2e-3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--interpolation", "sinc"), "linear, nearest, bspline, label"),
        (("--like", "nowhere.nii.gz"), "nowhere.nii.gz"),
    ],
)
def test_warp_refuses_what_does_not_exist(a_result, tmp_path, run, words, told):
    pair, out = a_result
    ended = run("warp", pair["moving"], "--transform", out, "-o", tmp_path / "w.nii.gz", *words)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert not (tmp_path / "w.nii.gz").exists()


def test_evaluate_writes_evaluation_json_alone_and_says_the_verdicts(a_result, run):
    pair, out = a_result
    before = {path.name for path in out.iterdir()}
    words = ("--fixed-labels", pair["fixed_labels"], "--moving-labels", pair["moving_labels"], "--json")
    ended = run("evaluate", out, *words)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in out.iterdir()} == before | {"evaluation.json"}
    assert json.loads(ended.stdout) == json.loads((out / "evaluation.json").read_text())
    assert "dice_mean" in ended.stderr
    assert "pass" in ended.stderr


def test_evaluate_of_a_folder_without_a_result_leaves_status_2(tmp_path, run):
    ended = run("evaluate", tmp_path)
    assert ended.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [("shapes", "--shape", "j-to-v"), ("brain", "--spacing", "8", "--ndim", "2")]
)
def test_a_phantom_is_a_folder_that_can_be_registered(tmp_path, run, words):
    ended = run("phantom", *words, "-o", tmp_path / "phantom", "--json")
    assert ended.returncode == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert record["workflow"] == "phantom"
    for file in record["files"].values():
        assert (tmp_path / "phantom" / file).exists()
    folder = tmp_path / "phantom"
    again = run("phantom", *words, "-o", folder)
    assert again.returncode == 2
    (folder / "mine.txt").write_text("mine")
    assert run("phantom", *words, "-o", folder, "--overwrite").returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"


def test_a_phantom_from_a_scan_is_the_same_for_the_same_seed(tmp_path, run):
    pair = write_pair(tmp_path)
    words = ("--from", pair["fixed"], "--labels", pair["fixed_labels"], "--max-displacement", 3)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        ended = run("phantom", "brain", *words, "--seed", seed, "-o", tmp_path / name)
        assert ended.returncode == 0, ended.stderr
    truth = [(tmp_path / name / "truth_displacement.nii.gz").read_bytes() for name in "abc"]
    assert truth[0] == truth[1] != truth[2]
    field = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a" / "truth_displacement.nii.gz")))
    assert (field**2).sum(axis=-1).max() ** 0.5 == pytest.approx(3.0, rel=0.3)


@pytest.mark.parametrize(
    "words", [("liver",), ("shapes", "--shape", "o-to-i"), ("brain", "--labels", "x.nii.gz")]
)
def test_a_phantom_that_does_not_exist_is_refused(tmp_path, run, words):
    ended = run("phantom", *words, "-o", tmp_path / "phantom")
    assert ended.returncode == 2
    assert "mend: " in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_demo_comes_close_to_the_truth_and_says_so(tmp_path, run):
    if "deformable" not in method_names():
        pytest.skip("the method deformable is not in this installation")
    ended = run("demo", "-o", tmp_path / "demo")
    assert ended.returncode == 0, ended.stderr
    record = ResultRecord.read(tmp_path / "demo")
    # half a voxel of 1.5 mm, as TG-132 asks of phantoms
    assert record.metrics["truth_error_mm"]["mean"] < 0.75
    assert record.metrics["jacobian"]["percent_nonpositive"] == 0
    assert "mean distance from the true deformation" in ended.stderr
    assert (tmp_path / "demo" / "truth_displacement.nii.gz").exists()
    assert ("scene" in record.files) == at_hand(), record.warnings
