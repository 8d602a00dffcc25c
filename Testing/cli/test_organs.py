"""`regsuite organs` and `regsuite points`: files, options, exit status, and what is refused in words."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from RegSuite.geometry import PointSet
from RegSuite.io.points import read_points, write_points
from Testing.workflows import small_organs
from Testing.workflows.test_points import a_cloud, moved

QUICK = ("--points", 400, "--no-scene", "--threads", 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{role: file} of the small organs."""
    return small_organs.write_organs(tmp_path_factory.mktemp("organs"))


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    """{role: file} of two clouds."""
    folder = tmp_path_factory.mktemp("clouds")
    for name, points in (("source", a_cloud(300)), ("target", moved(a_cloud(300, seed=1)))):
        write_points(PointSet(points), folder / f"{name}.csv")
    return {name: folder / f"{name}.csv" for name in ("source", "target")}


def test_organs_writes_what_the_contract_says_and_its_folder_is_a_transform(run, files, tmp_path):
    out = tmp_path / "out"
    table = tmp_path / "organs.csv"
    table.write_text("label,name,magnitude_mm,bandwidth_mm\n5,liver,8,35\n")
    ended = run(
        "organs", files["source_labels"], files["target_labels"], "-o", out, "--source-image",
        files["source_image"], "--target-image", files["target_image"], "--source-points",
        files["source_points"], "--target-points", files["target_points"], "--organs-table", table,
        "--coherence", "global", "--json", *QUICK,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["schema"], found["workflow"]) == ("regsuite.result/1", "organs")
    assert all((out / name).is_file() for name in found["files"].values())
    assert {"uncertainty", "registered", "report", "warped", "warped_labels"} <= set(found["files"])
    assert found["metrics"]["organs"]["5"]["magnitude_mm"] == 8
    assert found["inputs"]["organs_table"]["sha256"]
    assert found["metrics"]["tre_mm"]["mean"] < found["metrics"]["tre_before_mm"]["mean"]
    unknown = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "uncertainty_mm.nii.gz")))
    assert np.nanmax(unknown) < 20
    assert "liver" in (out / "report.html").read_text()
    warped = run(
        "warp", files["source_points"], "--transform", out, "--inverse", "-o", tmp_path / "marks.csv"
    )
    assert warped.returncode == 0, warped.stderr
    error = read_points(tmp_path / "marks.csv").points - read_points(files["target_points"]).points
    assert np.linalg.norm(error, axis=1).mean() < found["metrics"]["tre_before_mm"]["mean"]


def test_points_writes_registered_points_and_any_image_goes_through_the_folder(run, clouds, files, tmp_path):
    out = tmp_path / "out"
    ended = run(
        "points", clouds["source"], clouds["target"], "-o", out, "--no-report", "--no-scene", "--json"
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["method"] == "bcpd"
    rows = list(csv.DictReader((out / "registered.csv").open()))
    assert len(rows) == 300
    there = run("warp", clouds["source"], "--transform", out, "--inverse", "-o", tmp_path / "moved.csv")
    assert there.returncode == 0, there.stderr
    moved_by_warp = read_points(tmp_path / "moved.csv").points
    assert np.abs(moved_by_warp - read_points(out / "registered.csv").points).max() < 0.3
    image = run("warp", files["source_image"], "--transform", out, "-o", tmp_path / "warped.nii.gz")
    assert image.returncode == 0, image.stderr
    grid = sitk.ReadImage(str(out / "displacement.nii.gz"))
    assert sitk.ReadImage(str(tmp_path / "warped.nii.gz")).GetSize() == grid.GetSize()


def test_label_maps_on_another_grid_than_their_scan_end_with_status_2(run, files, tmp_path):
    image = sitk.ReadImage(str(files["source_labels"]))
    sitk.WriteImage(image[1:, :, :], str(tmp_path / "part.nii.gz"))
    ended = run(
        "organs", tmp_path / "part.nii.gz", files["target_labels"], "-o", tmp_path / "out", "--source-image",
        files["source_image"], *QUICK,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "part.nii.gz" in ended.stderr
    assert "resample onto the image's grid" in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "out").exists()


BAD_CLOUDS = {
    "empty": ("x,y,z\n", "no points"),
    "one": ("x,y,z\n1,2,3\n", "one point"),
    "equal": ("x,y,z\n" + "1,2,3\n" * 5, "all 5 points are equal"),
    "nan": ("x,y,z\n1,2,3\n1,nan,4\n2,2,2\n", "not finite"),
    "words": ("x,y,z\n1,2,left\n", "not a number"),
}


@pytest.mark.parametrize("name", ["nan"])
def test_clouds_that_cannot_be_right_end_with_status_2(run, clouds, tmp_path, name):
    text, words = BAD_CLOUDS[name]
    (tmp_path / "bad.csv").write_text(text)
    ended = run("points", tmp_path / "bad.csv", clouds["target"], "-o", tmp_path / "out")
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr
    assert "mend:" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", list(BAD_CLOUDS))
def test_bad_clouds_are_refused_from_python_as_well(clouds, tmp_path, name):
    import RegSuite
    from RegSuite.errors import InputError

    text, words = BAD_CLOUDS[name]
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        RegSuite.points(tmp_path / "bad.csv", clouds["target"])
