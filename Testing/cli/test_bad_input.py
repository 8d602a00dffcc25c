"""Each input that cannot be right: status 2, what, where and the mend on stderr, and nothing written."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from Testing.workflows.small import a_pair, write, write_pair


def image(values, spacing=(2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0)):
    out = sitk.GetImageFromArray(np.asarray(values, dtype=np.float32))
    out.SetSpacing(spacing[: out.GetDimension()])
    out.SetOrigin(origin[: out.GetDimension()])
    return out


def noise(shape=(12, 14, 16)):
    return np.random.default_rng(0).random(shape)


def patched(source: Path, target: Path, place: int, floats):
    """A copy of an uncompressed NIfTI with other floats in its header."""
    data = bytearray(gzip.decompress(source.read_bytes()))
    data[place : place + 4 * len(floats)] = np.asarray(floats, "<f4").tobytes()
    target.write_bytes(data)
    return target


def missing(folder, pair):
    return [folder / "nowhere.nii.gz", pair["moving"]], "does not exist"


def cut_short(folder, pair):
    file = folder / "short.nii"
    file.write_bytes(gzip.decompress(pair["moving"].read_bytes())[:3000])
    return [pair["fixed"], file], "short.nii"


def no_overlap(folder, pair):
    sitk.WriteImage(image(noise(), origin=(900.0, 0.0, 0.0)), str(folder / "far.nii.gz"))
    return [pair["fixed"], folder / "far.nii.gz"], "overlap by 0 %"


def unequal_dimensions(folder, pair):
    return [pair["fixed"], write(a_pair(2)[1], folder / "slice.nii.gz")], "2D"


def four_dimensions(folder, pair):
    frames = sitk.JoinSeries([image(noise()), image(noise())])
    sitk.WriteImage(frames, str(folder / "series.nii.gz"))
    return [pair["fixed"], folder / "series.nii.gz"], "2 frames"


def nan(folder, pair):
    values = noise()
    values[3, 4, 5] = np.nan
    sitk.WriteImage(image(values), str(folder / "nan.nii.gz"))
    return [folder / "nan.nii.gz", pair["moving"]], "1 NaN"


def infinity(folder, pair):
    values = noise()
    values[3, 4, 5] = np.inf
    sitk.WriteImage(image(values), str(folder / "inf.nii.gz"))
    return [folder / "inf.nii.gz", pair["moving"]], "1 infinite"


def constant(folder, pair):
    sitk.WriteImage(image(np.full((12, 14, 16), 7.0)), str(folder / "flat.nii.gz"))
    return [folder / "flat.nii.gz", pair["moving"]], "constant"


def empty_mask(folder, pair):
    fixed = sitk.ReadImage(str(pair["fixed"]))
    sitk.WriteImage(sitk.Cast(fixed * 0, sitk.sitkUInt8), str(folder / "mask.nii.gz"))
    return [pair["fixed"], pair["moving"], "--fixed-mask", folder / "mask.nii.gz"], "mask is empty"


def mask_on_another_grid(folder, pair):
    return [pair["fixed"], pair["moving"], "--fixed-mask", pair["moving_labels"]], "not on the image's grid"


def labels_that_do_not_fit(folder, pair):
    return [pair["fixed"], pair["moving"], "--moving-labels", pair["fixed_labels"]], "not on the image's grid"


def labels_that_are_no_whole_numbers(folder, pair):
    return [pair["fixed"], pair["moving"], "--fixed-labels", pair["fixed"]], "no whole numbers"


def negative_spacing(folder, pair):
    return [patched(pair["fixed"], folder / "spacing.nii", 80, [-2.0]), pair["moving"]], "spacing"


def sheared_direction(folder, pair):
    file = patched(pair["fixed"], folder / "sheared.nii", 280 + 4, [1.5])
    data = bytearray(file.read_bytes())
    data[252:254] = b"\0\0"  # no qform to take instead
    file.write_bytes(data)
    return [file, pair["moving"]], "sheared.nii"


def points_without_partner(folder, pair):
    (folder / "two.csv").write_text("x,y,z\n1,2,3\n4,5,6\n")
    words = ["--fixed-points", pair["fixed_points"], "--moving-points", folder / "two.csv"]
    return [pair["fixed"], pair["moving"], *words], "4 fixed and 2 moving"


def points_that_are_no_numbers(folder, pair):
    (folder / "words.csv").write_text("x,y,z\n1,2,three\n")
    return [pair["fixed"], pair["moving"], "--fixed-points", folder / "words.csv"], "three"


def empty_dicom_folder(folder, pair):
    (folder / "dicom").mkdir()
    return [folder / "dicom", pair["moving"]], "dicom"


CASES = (
    missing, cut_short, no_overlap, unequal_dimensions, four_dimensions, nan, infinity, constant, empty_mask,
    mask_on_another_grid, labels_that_do_not_fit, labels_that_are_no_whole_numbers, negative_spacing,
    sheared_direction, points_without_partner, points_that_are_no_numbers, empty_dicom_folder,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_is_refused_with_what_where_and_the_mend_and_nothing_is_written(case, tmp_path, run):
    pair = write_pair(tmp_path)
    words, told = case(tmp_path, pair)
    before = sorted(path.name for path in tmp_path.iterdir())
    ended = run("register", *words, "-o", tmp_path / "out", "--method", "shift")
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert told in ended.stderr
    assert "where: " in ended.stderr
    assert "mend: " in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before
