"""`regsuite keypoints`: its files, its measures, what it refuses."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.io.points import read_points, write_points
from RegSuite.io.write_image import write_image
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.keypoints import keypoints
from Testing.cli.command import regsuite
from Testing.pointcloud.keypoints.test_match import GRIDS, bent, pair

QUICK = {"count": 120, "window_mm": 12.0, "parameters": {"distance_mm": 4.0}, "device": "cpu", "threads": 1}


@pytest.fixture(scope="module")
def scans():
    return pair(2, *GRIDS[2])


@pytest.fixture(scope="module")
def landmarks(scans):
    inside = scans[0].grid.points(np.random.default_rng(0).uniform(8, 40, (30, 2)))
    return PointSet(inside), PointSet(inside + bent(inside))


@pytest.fixture(scope="module")
def found(scans, landmarks):
    return keypoints(*scans, fixed_landmarks=landmarks[0], moving_landmarks=landmarks[1], **QUICK)


def test_the_field_of_the_keypoints_takes_landmarks_to_their_places(found):
    assert found.metrics["tre_mm"]["mean"] < 0.7
    numbers = found.metrics["keypoints"]
    assert numbers["matched"] == len(found.matches)
    assert numbers["matched_share"] == pytest.approx(len(found.matches) / numbers["searched"])
    assert numbers["agreeing"] <= numbers["matched"] <= numbers["searched"] <= 120


def test_the_folder_holds_points_that_serve_as_landmarks(found, tmp_path):
    folder = found.save(tmp_path / "out", report=False)
    files = json.loads((folder / "result.json").read_text())["files"]
    fixed, moving = (read_points(folder / files[f"{side}_points"]) for side in ("fixed", "moving"))
    np.testing.assert_array_equal(fixed.points, found.matches.fixed.points)
    np.testing.assert_array_equal(moving.points, found.matches.moving.points)
    assert fixed.names == moving.names
    with (folder / "fixed_points.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    np.testing.assert_allclose([float(r["confidence"]) for r in rows], found.matches.confidence, atol=1e-4)
    assert [r["agrees"] == "1" for r in rows] == found.field.kept.tolist()
    assert (folder / files["displacement"]).exists()


def test_refining_starts_from_the_keypoints_field(scans, landmarks, found):
    refined = keypoints(
        *scans, fixed_landmarks=landmarks[0], moving_landmarks=landmarks[1], refine=True, **QUICK
    )
    assert any("went on from the keypoints" in note for note in refined.notes)
    assert refined.metrics["tre_mm"]["mean"] < 1.0
    first, second = (r.transform.displacement(scans[0].grid) for r in (found, refined))
    assert float((first - second).abs().max()) > 0.01


def test_only_linear_starts_are_taken(scans):
    field = DisplacementTransform(torch.ones((2, *scans[0].grid.shape)), scans[0].grid)
    with pytest.raises(InputError, match="starts from a linear transform"):
        keypoints(*scans, initial=field, **QUICK)
    shift = AffineTransform(np.eye(2), np.array([1.0, -1.0]))
    assert len(keypoints(*scans, initial=shift, **QUICK).matches) > 20


def test_a_parameter_that_does_not_exist_is_refused(scans):
    with pytest.raises(InputError, match="stifness"):
        keypoints(*scans, **(QUICK | {"parameters": {"stifness": 3}}))


def test_the_command_writes_the_folder(scans, landmarks, tmp_path):
    for image, name in zip(scans, ("fixed.nii.gz", "moving.nii.gz"), strict=True):
        write_image(image, tmp_path / name)
    write_points(landmarks[0], tmp_path / "f.csv")
    write_points(landmarks[1], tmp_path / "m.csv")
    words = ("-o", tmp_path / "out", "--window-mm", 12, "--count", 120, "--set", "distance_mm=4")
    ended = regsuite(
        "keypoints", tmp_path / "fixed.nii.gz", tmp_path / "moving.nii.gz", *words, "--no-scene",
        "--fixed-landmarks", tmp_path / "f.csv", "--moving-landmarks", tmp_path / "m.csv", "--json",
        "--threads", 1,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["workflow"] == told["method"] == "keypoints"
    assert set(told["files"]) >= {"fixed_points", "moving_points", "displacement", "warped", "report"}
    assert set(told["inputs"]) == {"fixed", "moving", "fixed_landmarks", "moving_landmarks"}
    assert told["metrics"]["tre_mm"]["mean"] < 0.7
    assert all((tmp_path / "out" / name).exists() for name in told["files"].values())
