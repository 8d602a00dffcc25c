"""An abdomen phantom's folder holds all that a registration and its judge need, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.errors import OutputError
from RegSuite.io import read_image, read_label_names, read_labels
from RegSuite.io.points import read_points
from RegSuite.io.transforms import load_transform
from RegSuite.phantoms.abdomen import AbdomenPhantom, abdomen_pair
from RegSuite.phantoms.write_abdomen import abdomen_to_folder
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.tables import read_confusion


@pytest.fixture(scope="module")
def phantom() -> AbdomenPhantom:
    return abdomen_pair(2, spacing_mm=13.0, points_apart_mm=15.0, label_error=0.2)


def test_all_files_are_read_back_as_they_were(phantom: AbdomenPhantom, tmp_path: Path) -> None:
    files = abdomen_to_folder(phantom, tmp_path / "out")
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        *files.values(),
        "source_labels.csv",
        "target_labels.csv",
        "phantom.json",
    }
    for role in ("source", "target"):
        assert torch.equal(read_image(folder / files[role]).data, getattr(phantom, role).data)
    labels = ("source_labels", "target_labels", "source_organs", "target_organs")
    for role in (*labels, "corresponds", "target_sliding"):
        assert torch.equal(read_labels(folder / files[role]).data.int(), getattr(phantom, role).data.int())
    assert bool((phantom.source_labels.data != phantom.source_organs.data).any())
    assert read_label_names(folder / files["target_labels"])[3] == "right kidney"
    for role in ("source", "target"):
        cloud = getattr(phantom.clouds, role)
        found = read_points(folder / files[f"{role}_points"])
        np.testing.assert_array_equal(found.points, cloud.points)
        np.testing.assert_array_equal(found.labels, cloud.labels)
        marks = read_points(folder / files[f"{role}_landmarks"])
        assert marks.names == getattr(phantom.clouds, f"{role}_landmarks").names
    record = json.loads((folder / "phantom.json").read_text())
    assert (record["schema"], record["seed"], record["name"]) == ("regsuite.phantom/1", 2, "abdomen")


def test_the_written_truth_carries_target_landmarks_to_the_sources(
    phantom: AbdomenPhantom, tmp_path: Path
) -> None:
    files = abdomen_to_folder(phantom, tmp_path / "out")
    truth = load_transform(tmp_path / "out" / files["truth_displacement"])
    inner = [i for i, n in enumerate(phantom.clouds.target_landmarks.names or ()) if n.endswith("centre")]
    target = torch.from_numpy(phantom.clouds.target_landmarks.points[inner])
    found = truth.points(target).numpy()
    # linear between voxels of 13 mm
    np.testing.assert_allclose(found, phantom.clouds.source_landmarks.points[inner], atol=2.5)


def test_the_table_of_mistakes_is_read_as_the_labels_transition(
    phantom: AbdomenPhantom, tmp_path: Path
) -> None:
    files = abdomen_to_folder(phantom, tmp_path / "out")
    model = OrganModel.of(phantom.clouds.organs, phantom.clouds.organs)
    found, notes = read_confusion(tmp_path / "out" / files["confusion"], model)
    np.testing.assert_allclose(found, phantom.clouds.transition, atol=0.15)
    assert found[0, 2] > 0.1
    assert notes == ()


def test_a_folder_that_is_there_is_kept(phantom: AbdomenPhantom, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        abdomen_to_folder(phantom, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
