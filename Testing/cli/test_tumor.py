"""`regsuite tumor`: files, options, exit status, and what is refused with what, where and the mend."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from RegSuite.io.series import write_series
from Testing.workflows import small_tumor

QUICK = ("--set", "levels=2", "--set", "iterations=[15,5]", "--set", "time_steps=6", "--threads", 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{role: file} of the small problem in the plane."""
    return small_tumor.write_tumor(tmp_path_factory.mktemp("tumor"))


def rewritten(source, path, change):
    """The image of `source` with other values, as another file."""
    image = sitk.ReadImage(str(source))
    out = sitk.GetImageFromArray(change(sitk.GetArrayFromImage(image)))
    out.CopyInformation(image)
    sitk.WriteImage(out, str(path))
    return path


def test_tumor_writes_what_the_contract_says(run, files, tmp_path):
    out = tmp_path / "out"
    ended = run(
        "tumor", files["template"], files["target"], "-o", out, "--tumor-mask", files["tumor_mask"],
        "--template-labels", files["template_labels"], "--target-labels", files["target_labels"],
        "--no-scene", "--json", *QUICK,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["schema"], found["workflow"], found["method"]) == ("regsuite.result/1", "tumor", "weighted")
    wanted = {
        "displacement", "inverse_displacement", "linear", "warped", "deformed", "intensity_change",
        "matched_target", "mask", "path", "warped_labels", "jacobian", "report",
    }  # fmt: skip
    assert set(found["files"]) == wanted
    assert all((out / name).is_file() for name in found["files"].values())
    assert set(found["metrics"]["dice"]) == {"1", "2", "3"}
    assert found["metrics"]["tumor"]["ssd_final"] < found["metrics"]["tumor"]["ssd_before"]
    seen = {name: sitk.GetArrayFromImage(sitk.ReadImage(str(out / f"{name}.nii.gz"))) for name in (
        "warped", "deformed", "intensity_change"
    )}  # fmt: skip
    assert np.abs(seen["warped"] - seen["deformed"] - seen["intensity_change"]).max() < 1e-4
    assert sitk.ReadImage(str(out / "path.nii.gz")).GetSize()[3] == 7
    page = (out / "report.html").read_text()
    assert "ventricle" in page


def test_a_4d_growth_and_the_weights_are_taken_from_files(run, files, tmp_path):
    growth = small_tumor.growth(2)
    write_series(growth.data[:, None], growth.grid, np.linspace(0, 1, 5).tolist(), tmp_path / "growth.nii.gz")
    ended = run(
        "tumor", files["template"], files["target"], "-o", tmp_path / "out", "--growth",
        tmp_path / "growth.nii.gz", "--no-report", "--no-scene", "--json", *QUICK,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["inputs"]["growth"]["file"].endswith("growth.nii.gz")
    assert found["metrics"]["tumor"]["mask_area_mm2"] > 100
    assert "report" not in found["files"]


def empty(values):
    return np.zeros_like(values)


def everything(values):
    return np.ones_like(values)


def in_a_corner(values):
    out = np.zeros_like(values)
    out[2:5, 2:5] = 1
    return out


def constant(values):
    return np.full_like(values, 7)


def constant_but_for_the_tumor(values):
    return np.where(values > 120, values, 7).astype(values.dtype)


def cropped(source, path):
    image = sitk.ReadImage(str(source))
    sitk.WriteImage(image[1:, :], str(path))
    return path


@pytest.mark.parametrize(
    ("role", "change", "words"),
    [
        ("tumor_mask", empty, ("the mask is empty", "tumor_mask", "draw the mask anew")),
        ("tumor_mask", everything, ("covers", "nothing is left to register by", "tumor_mask", "inverse")),
        ("tumor_mask", in_a_corner, ("100 % of the tumour lies outside", "tumor_mask", "is the target's")),
        ("target", constant, ("constant", "target", "check that the right file")),
        ("template", constant, ("constant", "template", "check that the right file")),
        ("target", constant_but_for_the_tumor, ("100 % of the content", "nothing is left", "tumor_mask")),
    ],
)
def test_images_and_masks_that_cannot_be_right_end_with_status_2(run, files, tmp_path, role, change, words):
    given = {**files, role: rewritten(files[role], tmp_path / f"{role}.nii.gz", change)}
    ended = run(
        "tumor", given["template"], given["target"], "-o", tmp_path / "out", "--tumor-mask",
        given["tumor_mask"], *QUICK,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    for word in words:
        assert word in ended.stderr
    assert "mend:" in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("role", ["tumor_mask", "oedema_mask", "template_labels", "target_labels"])
def test_a_mask_or_labels_on_another_grid_are_refused(run, files, tmp_path, role):
    source = files.get(role, files["tumor_mask"])
    ended = run(
        "tumor", files["template"], files["target"], "-o", tmp_path / "out",
        "--" + role.replace("_", "-"), cropped(source, tmp_path / "part.nii.gz"), *QUICK,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "on the image's grid" in ended.stderr
    assert "part.nii.gz" in ended.stderr
    assert "resample onto the image's grid" in ended.stderr
    assert not (tmp_path / "out").exists()


def a_growth(path, change=lambda growth: growth):
    growth = change(small_tumor.growth(2))
    times = np.linspace(0, 1, growth.channels).tolist()
    write_series(growth.data[:, None], growth.grid, times, path)
    return path


def too_bright(growth):
    return growth.with_data(100 * growth.data)


def backwards(growth):
    data = growth.data.flip(0)
    data[-1] = 0
    return growth.with_data(data)


def smaller(growth):
    from dataclasses import replace

    grid = growth.grid
    return replace(
        growth, data=growth.data[..., 1:], grid=replace(grid, size=(grid.size[0] - 1, *grid.size[1:]))
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (too_bright, ("a weight is 0 to 1", "growth", "divide by the largest")),
        (backwards, ("ends without a tumour", "growth", "time is the last axis")),
        (smaller, ("on the image's grid", "growth", "resample")),
    ],
)
def test_a_growth_that_is_none_is_refused(run, files, tmp_path, change, words):
    growth = a_growth(tmp_path / "growth.nii.gz", change)
    ended = run(
        "tumor", files["template"], files["target"], "-o", tmp_path / "out", "--growth", growth, *QUICK
    )
    assert ended.returncode == 2
    for word in words:
        assert word in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_plane_and_a_volume_are_refused(run, files, tmp_path):
    volume = small_tumor.images(3)["template"]
    path = small_tumor.write(volume, tmp_path / "volume.nii.gz")
    ended = run("tumor", path, files["target"], "-o", tmp_path / "out", "--tumor-mask", files["tumor_mask"])
    assert ended.returncode == 2
    assert "2D" in ended.stderr
    assert "3D" in ended.stderr
    assert "give two volumes or two slices" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_kernel_below_a_voxel_is_refused(run, files, tmp_path):
    ended = run(
        "tumor", files["template"], files["target"], "-o", tmp_path / "out", "--tumor-mask",
        files["tumor_mask"], *QUICK, "--set", "kernels_mm=[0.4]",
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "smaller than a voxel" in ended.stderr
    assert "mm or more" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--method", "wighted"), "wighted"),
        (("--set", "kernels=3"), "kernels"),
        (("--core-weight", 2), "2.0"),
        (("--initial", "nowhere"), "neither a file nor a word"),
        (("--preset", "ct-lnug"), "did you mean"),
    ],
)
def test_options_that_do_not_fit_are_refused(run, files, tmp_path, options, words):
    ended = run("tumor", files["template"], files["target"], "-o", tmp_path / "out", *options)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert not (tmp_path / "out").exists()
