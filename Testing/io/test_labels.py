"""Label maps, their names, and masks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import read_label_names, read_labels, read_mask, write_image
from Testing.data import data_folder

GRID = Grid.make((5, 4, 3), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))


def write(path: Path, values: torch.Tensor, grid: Grid = GRID) -> Path:
    write_image(Image(values, grid), path)
    return path


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.float32, torch.int64])
def test_whole_numbers_of_any_type_are_labels(tmp_path: Path, dtype: torch.dtype) -> None:
    values = torch.arange(60).reshape(1, 3, 4, 5)
    labels = read_labels(write(tmp_path / "l.nrrd", values.to(dtype)))
    assert labels.data.dtype == torch.int32
    assert torch.equal(labels.data, values.int())


def test_labels_between_two_numbers_are_refused(tmp_path: Path) -> None:
    values = torch.zeros((1, 3, 4, 5))
    values[0, 0, 0, :2] = 1.5
    with pytest.raises(
        InputError, match="2 voxels are no whole numbers, the first is 1.5(.|\n)*nearest neighbour"
    ):
        read_labels(write(tmp_path / "l.nii.gz", values))


def test_negative_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="labels from -1 to -1"):
        read_labels(write(tmp_path / "l.nii.gz", torch.full((1, 3, 4, 5), -1, dtype=torch.int16)))


def test_several_values_a_voxel_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3 values a voxel where one label is wanted"):
        read_labels(write(tmp_path / "l.nrrd", torch.zeros((3, 3, 4, 5))))


@pytest.mark.parametrize("header", ["label,name", "value,name", "value,freesurfer_name,voxels"])
def test_names_beside_the_label_map_are_found_under_every_known_heading(tmp_path: Path, header: str) -> None:
    tail = ",9" * (header.count(",") - 1)
    (tmp_path / "seg.csv").write_text(f"{header}\n2,Left{tail}\n41,Right{tail}\n")
    assert read_label_names(tmp_path / "seg.nii.gz") == {2: "Left", 41: "Right"}


def test_a_label_map_without_a_table_has_no_names(tmp_path: Path) -> None:
    assert read_label_names(tmp_path / "seg.nii.gz") == {}


def test_only_the_rows_of_this_label_map_count(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,value,name\na.nii.gz,1,heart\nb.nii.gz,1,liver\n")
    assert read_label_names(tmp_path / "b.nii.gz", tmp_path / "t.csv") == {1: "liver"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label,title\n1,a\n", "no column 'name'.*there are label, title"),
        ("label,name\nx,a\n", "label 'x' is no whole number(.|\n)*line 2"),
        ("label,name\n1,a\n1,b\n", "label 1 has two names, 'a' and 'b'(.|\n)*line 3"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_label_names(tmp_path / "seg.nii.gz", tmp_path / "t.csv")


def test_a_table_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table of label names does not exist"):
        read_label_names(tmp_path / "seg.nii.gz", tmp_path / "t.csv")


def test_a_mask_is_true_where_it_is_not_zero(tmp_path: Path) -> None:
    values = torch.zeros((1, 3, 4, 5), dtype=torch.uint8)
    values[0, 1] = 255
    mask = read_mask(write(tmp_path / "m.nii.gz", values), GRID)
    assert mask.dtype == torch.bool
    assert torch.equal(mask, values[0] > 0)


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mask is empty: none of its 60 voxels"):
        read_mask(write(tmp_path / "m.nii.gz", torch.zeros((1, 3, 4, 5), dtype=torch.uint8)), GRID)


def test_a_mask_on_another_grid_is_refused_with_both_grids(tmp_path: Path) -> None:
    other = Grid.make((5, 4, 3), (1.0, 2.0, 3.0), (4.0, 5.0, 9.0))
    path = write(tmp_path / "m.nii.gz", torch.ones((1, 3, 4, 5), dtype=torch.uint8), other)
    with pytest.raises(
        GeometryError, match=r"mask 'm\.nii\.gz' is not on the image's grid(.|\n)*z 7\.5(.|\n)*z 4\.5"
    ):
        read_mask(path, GRID)


def test_real_label_tables_are_read() -> None:
    folder = data_folder("brain_t1")
    names = read_label_names(folder / "vxm_scan_seg.nii.gz", folder / "vxm_labels.csv")
    labels = read_labels(folder / "vxm_scan_seg.nii.gz")
    assert names[17] == "Left-Hippocampus"
    assert set(labels.data.unique().tolist()) - {0} <= set(names)


def test_a_mask_that_looks_like_a_label_map_is_warned_of(tmp_path: Path) -> None:
    values = torch.zeros((1, 3, 4, 5), dtype=torch.int16)
    values[0, 0, 0, :3] = torch.tensor([1, 2, 4], dtype=torch.int16)
    said: list[str] = []
    mask = read_mask(write(tmp_path / "seg.nii.gz", values), GRID, warnings=said)
    assert int(mask.sum()) == 3
    assert "seg.nii.gz holds the values 1, 2, 4: all count" in said[0]


@pytest.mark.parametrize("high", [1.0, 255.0])
def test_a_mask_of_two_values_or_of_probabilities_is_not_warned_of(tmp_path: Path, high: float) -> None:
    said: list[str] = []
    values = torch.zeros((1, 3, 4, 5))
    values[0, 0, 0, :3] = high
    read_mask(write(tmp_path / "two.nii.gz", values), GRID, warnings=said)
    values[0, 1, 0, :2] = torch.tensor([0.6, 0.7])
    read_mask(write(tmp_path / "soft.nii.gz", values), GRID, warnings=said)
    assert said == []
