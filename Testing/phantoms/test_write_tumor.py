"""A tumour phantom's folder holds all that a registration and its judge need, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import OutputError
from RegSuite.io import read_image, read_label_names, read_labels
from RegSuite.io.series import read_series
from RegSuite.io.transforms import load_transform
from RegSuite.phantoms.tumor import TumorPhantom, toy_phantom, tumor_phantom
from RegSuite.phantoms.write_tumor import tumor_to_folder


@pytest.fixture(scope="module")
def phantom() -> TumorPhantom:
    return tumor_phantom(2, ndim=2, spacing_mm=3.0, growth_times=4)


def test_all_files_are_read_back_as_they_were(phantom: TumorPhantom, tmp_path: Path) -> None:
    files = tumor_to_folder(phantom, tmp_path / "out")
    folder = tmp_path / "out"
    for role in ("template", "target"):
        assert torch.equal(read_image(folder / files[role]).data, getattr(phantom, role).data)
    for role in ("template_labels", "target_labels", "tumor", "oedema", "corresponds"):
        assert torch.equal(read_labels(folder / files[role]).data.int(), getattr(phantom, role).data.int())
    assert read_label_names(folder / files["target_labels"])[4] == "Left-Lateral-Ventricle"
    assert phantom.growth is not None
    growth = read_series(folder / files["growth"], 2)
    assert growth.grid.same_space(phantom.target.grid)
    assert torch.equal(growth.data.to(torch.uint8), phantom.growth.data)
    record = json.loads((folder / "phantom.json").read_text())
    assert (record["schema"], record["seed"], record["name"]) == ("regsuite.phantom/1", 2, "tumor")
    assert tuple(record["ventricles"]) == phantom.ventricles
    assert set(record["files"].values()) <= {p.name for p in folder.iterdir()}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_truth_loads_as_a_transform_from_the_target_to_the_template(
    phantom: TumorPhantom, tmp_path: Path
) -> None:
    files = tumor_to_folder(phantom, tmp_path / "out")
    for role in ("displacement", "inverse_displacement"):
        loaded = load_transform(tmp_path / "out" / files[f"truth_{role}"])
        wanted = getattr(phantom, role)
        np.testing.assert_allclose(loaded.displacement(wanted.grid).numpy(), wanted.data.numpy(), atol=1e-4)
        by_itk = sitk.ReadImage(str(tmp_path / "out" / files[f"truth_{role}"]))
        np.testing.assert_allclose(
            np.moveaxis(sitk.GetArrayFromImage(by_itk), -1, 0), wanted.data.numpy(), atol=1e-6
        )


def test_a_toy_has_no_oedema_file(tmp_path: Path) -> None:
    files = tumor_to_folder(toy_phantom(64, growth_times=0), tmp_path / "out")
    assert "oedema" not in files
    assert "growth" not in files
    assert not (tmp_path / "out" / "oedema.nii.gz").exists()


def test_a_folder_with_something_in_it_is_refused_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    toy = toy_phantom(64)
    with pytest.raises(OutputError, match="exists and is not empty(.|\n)*--overwrite"):
        tumor_to_folder(toy, tmp_path / "out")
    tumor_to_folder(toy, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "mine.txt").exists()
