"""A written image is there whole or not at all."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import DiskFull, InputError, OutputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import write_image

GRID = Grid.make((5, 4, 3), (1.0, 2.0, 3.0))
IMAGE = Image(torch.arange(60.0).reshape(1, 3, 4, 5), GRID)
Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.float32, torch.bool])
def test_simpleitk_reads_the_values_in_their_own_type(
    tmp_path: Path, suffix: str, dtype: torch.dtype
) -> None:
    data = (torch.arange(60).reshape(1, 3, 4, 5) % 2).to(dtype)
    write_image(Image(data, GRID), tmp_path / f"a{suffix}")
    back = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"a{suffix}")))
    assert back.dtype.itemsize == data.element_size()
    assert (back == data[0].numpy()).all()


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ending of 'a.foo'(.|\n)*use .nii.gz"):
        write_image(IMAGE, tmp_path / "a.foo")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        write_image(IMAGE, tmp_path / "nowhere" / "a.nii.gz")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_full_disk_leaves_nothing_and_the_old_file_as_it_was(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def half_written(image: sitk.Image, name: str, **_: object) -> None:
        Path(name).write_bytes(b"half")
        if not name.endswith(".nii"):  # ITK's NIfTI writer is silent on a full disk
            raise RuntimeError("ITK ERROR: could not write")

    monkeypatch.setattr(sitk, "WriteImage", half_written)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))
    with pytest.raises(DiskFull, match="the disk is full"):
        write_image(IMAGE, path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"


def test_a_type_the_format_cannot_hold_is_refused_with_a_mend(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="SimpleITK cannot write it(.|\n)*mend: use .nii.gz"):
        write_image(Image(torch.rand((1, 4, 5)), Grid.make((5, 4))), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
