"""A phantom's folder holds all that contract and judge need, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.errors import OutputError
from RegSuite.geometry import Grid
from RegSuite.io import read_image, read_label_names, read_labels
from RegSuite.io.image_header import read_nifti_header
from RegSuite.io.transforms import load_transform
from RegSuite.phantoms import brain_phantom, phantom_to_folder, shapes_phantom
from RegSuite.phantoms import write as module

GRID = Grid.make((24, 30, 24), 6.0, (1.0, 2.0, 3.0), [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])


def test_all_files_are_read_back_as_they_were(tmp_path: Path) -> None:
    phantom = brain_phantom(GRID, 6.0, seed=3)
    files = phantom_to_folder(phantom, tmp_path / "out")
    folder = tmp_path / "out"
    assert torch.equal(read_image(folder / files["moving"]).data, phantom.moving.data)
    assert phantom.moving_labels is not None
    assert torch.equal(read_labels(folder / files["moving_labels"]).data, phantom.moving_labels.data)
    assert read_label_names(folder / files["fixed_labels"])[17] == "Left-Hippocampus"
    record = json.loads((folder / "phantom.json").read_text())
    assert (record["schema"], record["seed"]) == ("regsuite.phantom/1", 3)
    assert record["parameters"]["max_displacement_mm"] == 6.0
    assert set(record["files"].values()) <= {p.name for p in folder.iterdir()}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_truth_is_a_vector_image_that_loads_as_the_same_map(tmp_path: Path) -> None:
    phantom = brain_phantom(GRID, 6.0, seed=3)
    files = phantom_to_folder(phantom, tmp_path / "out")
    path = tmp_path / "out" / files["truth_displacement"]
    loaded = load_transform(path)
    assert phantom.displacement is not None
    np.testing.assert_allclose(
        loaded.displacement(GRID).numpy(), phantom.displacement.data.numpy(), atol=1e-4
    )
    header = read_nifti_header(path)
    assert header is not None
    assert header.size[4] == 3


def test_a_phantom_without_truth_has_no_truth_file(tmp_path: Path) -> None:
    files = phantom_to_folder(shapes_phantom("j-to-v", 32), tmp_path / "deep" / "out")
    assert "truth_displacement" not in files
    assert not (tmp_path / "deep" / "out" / "truth_displacement.nii.gz").exists()


def test_a_folder_with_something_in_it_is_refused_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    phantom = shapes_phantom("c-to-disc", 32)
    with pytest.raises(OutputError, match="exists and is not empty(.|\n)*--overwrite"):
        phantom_to_folder(phantom, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").exists()
    phantom_to_folder(phantom, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "mine.txt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_error_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OutputError("the disk went away")

    monkeypatch.setattr(module, "write_image", broken)
    with pytest.raises(OutputError, match="went away"):
        phantom_to_folder(shapes_phantom("c-to-disc", 32), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
