"""A template brought to a tumour: shape and appearance apart, on oblique anisotropic grids in 2D and 3D."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import MethodFailed
from RegSuite.geometry import Image
from RegSuite.io.series import read_series
from RegSuite.io.simpleitk_bridge import image_from_sitk, image_to_sitk
from RegSuite.transforms import AffineTransform
from RegSuite.workflows.outputs import warp_image
from RegSuite.workflows.tumor import tumor
from Testing.workflows import small_tumor

QUICK = {
    "kernels_mm": (6, 12, 24),
    "smoothness": 5e-4,
    "levels": 2,
    "iterations": (15, 5),
    "time_steps": 6,
}
VOLUME = {**QUICK, "mu": 0.3, "levels": 1, "iterations": (30,)}
IMAGES = ("template", "target")


def brought(ndim=2, method="weighted", without=(), **options):
    """The small problem through the workflow; options replace inputs and parameters."""
    given = {**small_tumor.images(ndim), "label_names": small_tumor.NAMES, "threads": 1}
    own = {"mu": 0.3} if method in ("weighted", "metamorphosis") else {}
    given |= {"parameters": {**QUICK, **own}, "scene": False, **options}
    given = {role: item for role, item in given.items() if role not in without}
    return tumor(given.pop("template"), given.pop("target"), method, **given)


@pytest.fixture(scope="module")
def weighted():
    return brought()


@pytest.fixture(scope="module")
def volume():
    return brought(3, parameters=VOLUME)


def squares(image, other, where):
    return float((image.data - other.data).square().sum(0)[where].sum())


@pytest.mark.parametrize("found", ["weighted", "volume"])
def test_the_final_image_is_the_deformed_template_and_the_intensity_change(found, request):
    images = request.getfixturevalue(found).images
    whole = images["deformed"].data + images["intensity_change"].data
    assert torch.equal(images["warped"].data, whole)


@pytest.mark.parametrize("found", ["weighted", "volume"])
def test_the_deformation_brings_tissue_about_the_tumour_nearer_to_where_it_was_pushed(found, request):
    result = request.getfixturevalue(found)
    grid = result.pair.fixed.grid
    points = grid.all_points()
    about = np.linalg.norm(points - np.asarray(small_tumor.CENTRE_MM)[: grid.ndim], axis=-1)
    near = (about > small_tumor.RADIUS_MM) & (about < 20) & (small_tumor.anatomy(points) > 30)
    truth = small_tumor.pulled(points)[near]
    got = result.transform.points(torch.from_numpy(points[near])).numpy()
    before, after = (np.linalg.norm(p - truth, axis=-1).mean() for p in (points[near], got))
    assert after < 0.8 * before
    assert result.metrics["jacobian"]["percent_nonpositive"] == 0


def test_another_program_makes_the_deformed_template_of_the_written_displacement(volume, tmp_path):
    out = volume.save(tmp_path / "out", report=False)
    field = sitk.Cast(sitk.ReadImage(str(out / "displacement.nii.gz")), sitk.sitkVectorFloat64)
    template = image_to_sitk(volume.pair.moving)
    theirs = sitk.Resample(
        template, image_to_sitk(volume.pair.fixed), sitk.DisplacementFieldTransform(field), sitk.sitkLinear
    )
    ours = sitk.ReadImage(str(out / "deformed.nii.gz"))
    a, b = (sitk.GetArrayFromImage(image) for image in (ours, theirs))
    inside = small_tumor.anatomy(volume.pair.fixed.grid.all_points()) > 1
    assert np.abs(a - b)[inside].max() < 0.05


def test_intensity_changes_where_the_tumour_is_and_nowhere_far_from_it(weighted):
    grid = weighted.pair.fixed.grid
    away = np.linalg.norm(grid.all_points() - np.asarray(small_tumor.CENTRE_MM)[:2], axis=-1)
    change = weighted.images["intensity_change"].data[0].abs().numpy()
    assert change[away < 0.5 * small_tumor.RADIUS_MM].mean() > 10
    assert change[away > 3 * small_tumor.RADIUS_MM].max() < 0.5


def test_lddmm_changes_no_intensity_and_metamorphosis_changes_it_elsewhere_too(weighted):
    kept, free = brought(method="lddmm"), brought(method="metamorphosis")
    assert float(kept.images["intensity_change"].data.abs().max()) == 0
    assert kept.metrics["tumor"]["shape_share"] == 1
    assert kept.metrics["tumor"]["appearance_share"] == 0
    share = "appearance_outside_share"
    assert free.metrics["tumor"][share] > 2 * weighted.metrics["tumor"][share]


def test_masked_does_not_look_into_the_tumour():
    """Whatever stands in the tumour, the deformation is the same to the last bit."""
    images = small_tumor.images(2)
    inside = images["tumor_mask"].data > 0
    other = replace(images["target"], data=images["target"].data.masked_fill(inside, 20.0))
    fields = [
        brought(method="masked", target=target).images["displacement"].data
        for target in (images["target"], other)
    ]
    assert torch.equal(*fields)


def test_shares_are_the_squares_of_both_parts_of_the_change(weighted):
    images, found = weighted.images, weighted.metrics["tumor"]
    before = warp_image(weighted.pair.moving, weighted.pair.fixed.grid, None)
    every = weighted.prepared.covered
    shape = squares(images["deformed"], before, every)
    appearance = squares(images["warped"], images["deformed"], every)
    assert found["shape_share"] == pytest.approx(shape / (shape + appearance), rel=1e-5)
    assert found["shape_share"] + found["appearance_share"] == pytest.approx(1)
    assert "sum of squares" in found["shares_are"]


def test_misfits_are_counted_in_the_templates_range_inside_and_outside(weighted):
    found = weighted.metrics["tumor"]
    for name in ("ssd_before", "ssd_deformed", "ssd_final"):
        assert found[name] == pytest.approx(found[name + "_inside"] + found[name + "_outside"])
    values = weighted.pair.moving.data.numpy()
    low, high = np.percentile(values, [0.1, 99.9])
    by_hand = squares(weighted.images["matched_target"], weighted.images["warped"], weighted.prepared.covered)
    assert found["ssd_final"] == pytest.approx(by_hand / (high - low) ** 2, rel=1e-4)
    assert found["ssd_final"] < 0.2 * found["ssd_before"]
    assert found["ssd_deformed_outside"] < 0.5 * found["ssd_before_outside"]


def test_the_mask_is_measured_and_written(volume, tmp_path):
    mask = small_tumor.images(3)["tumor_mask"]
    voxels = float(mask.data.sum())
    assert volume.metrics["tumor"]["mask_volume_cc"] == pytest.approx(voxels * mask.grid.voxel_volume / 1000)
    assert torch.equal(volume.images["mask"].data, mask.data)


def test_labels_are_measured_and_what_lies_in_the_tumour_is_said():
    images = small_tumor.images(2)
    tumor_at = images["tumor_mask"].data[0] > 0
    labels = images["template_labels"]
    points = labels.grid.all_points() - np.asarray(small_tumor.CENTRE_MM)[:2]
    under = torch.from_numpy(np.linalg.norm(points, axis=-1) < 4)
    marked = replace(labels, data=labels.data.masked_fill(under, 7))
    result = brought(template_labels=marked, label_names={**small_tumor.NAMES, 7: "insula"})
    found = result.metrics["tumor"]["labels"]
    assert found[7]["tumor_percent"] > 90
    assert found[2]["tumor_percent"] == 0
    warped = result.images["warped_labels"].data[0]
    share = 100 * float(((warped == 1) & tumor_at).sum() / (warped == 1).sum())
    assert found[1]["tumor_percent"] == pytest.approx(share)
    assert any("not to be trusted" in w and "insula" in w for w in result.warnings)
    assert set(result.metrics["tumor"]["dice_outside"]) == {1, 2, 3}
    assert result.metrics["dice"][2] > 0.8


def test_the_path_leads_from_the_template_at_the_start_to_the_final_image(weighted):
    film = weighted.film
    assert len(film) == QUICK["time_steps"] + 1
    before = warp_image(weighted.pair.moving, film[0].grid, None)
    assert torch.allclose(film[0].data, before.data, atol=1e-3)
    assert torch.allclose(film[-1].data, weighted.images["warped"].data, atol=0.5)
    assert weighted.metrics["tumor"]["path_times"][-1] == 1


def test_the_folder_holds_what_the_contract_says(weighted, tmp_path):
    out = weighted.save(tmp_path / "out")
    record = json.loads((out / "result.json").read_text())
    assert (record["workflow"], record["method"], record["status"]) == ("tumor", "weighted", "completed")
    wanted = {
        "displacement", "inverse_displacement", "linear", "warped", "deformed", "intensity_change",
        "matched_target", "mask", "path", "warped_labels", "jacobian", "report",
    }  # fmt: skip
    assert set(record["files"]) == wanted
    assert all((out / name).is_file() for name in record["files"].values())
    assert set(record["inputs"]) == {
        "template", "target", "tumor_mask", "template_labels", "target_labels"
    }  # fmt: skip
    assert {"ssd_before", "ssd_final", "shape_share", "energy"} <= set(record["metrics"]["tumor"])
    film = read_series(out / "path.nii.gz", 2)
    assert torch.allclose(film.data[-1], weighted.film[-1].data[0], atol=1e-4)
    labels = image_from_sitk(sitk.ReadImage(str(out / "warped_labels.nii.gz")))
    assert torch.equal(labels.data.int(), weighted.images["warped_labels"].data.int())


def test_the_callers_images_are_not_changed():
    images = small_tumor.images(2)
    before = {role: image.data.clone() for role, image in images.items()}
    brought(**images)
    assert all(torch.equal(images[role].data, before[role]) for role in images)


def test_the_same_run_gives_the_same_bits(weighted):
    again = brought()
    for role in ("displacement", "warped", "intensity_change"):
        assert torch.equal(again.images[role].data, weighted.images[role].data)


def test_the_templates_units_are_kept_whatever_the_targets_are(weighted):
    target = small_tumor.images(2)["target"]
    scaled = replace(target, data=7 * target.data + 300)
    found = brought(target=scaled)
    assert torch.allclose(found.images["warped"].data, weighted.images["warped"].data, atol=0.2)
    assert torch.allclose(found.images["displacement"].data, weighted.images["displacement"].data, atol=0.02)


def moved(image, turn_degrees=15.0, shift_mm=(20.0, -12.0)):
    """The image elsewhere in space: turned about its middle and shifted, by its header alone."""
    a = np.deg2rad(turn_degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    grid = image.grid
    origin = turn @ (np.asarray(grid.origin) - grid.centre) + grid.centre + np.asarray(shift_mm)
    direction = tuple(map(tuple, turn @ np.asarray(grid.direction)))
    return replace(image, grid=replace(grid, origin=tuple(origin), direction=direction))


def test_a_template_elsewhere_in_space_gets_a_start_and_it_is_said(weighted):
    images = small_tumor.images(2)
    images |= {role: moved(images[role]) for role in ("template", "template_labels")}
    result = brought(**images)
    assert any("start was made by rigid registration" in w for w in result.warnings)
    assert result.record.parameters["start_from"] == "made"
    assert isinstance(result.linear, AffineTransform)
    assert result.metrics["dice"][2] > 0.75
    share = result.metrics["tumor"]["surrounding_displacement_mm"]["max"]
    assert share < 8  # the start is no part of the deformation


def test_a_start_that_was_given_is_taken_as_it_is():
    shift = AffineTransform(np.eye(2), np.array([3.0, -2.0]))
    images = small_tumor.images(2)
    grid = images["template"].grid
    there = replace(grid, origin=tuple(np.asarray(grid.origin) + shift.offset))
    images |= {role: replace(images[role], grid=there) for role in ("template", "template_labels")}
    result = brought(**images, initial=shift)
    assert result.record.parameters["start_from"] == "given"
    assert np.allclose(result.linear.offset, shift.offset)
    assert result.metrics["dice"][2] > 0.8


def test_a_growth_model_is_followed():
    """Where the model holds no weight, no intensity is added, whatever the target shows there."""
    result = brought(growth=small_tumor.growth(2), without=("tumor_mask",))
    away = np.linalg.norm(
        result.pair.fixed.grid.all_points() - np.asarray(small_tumor.CENTRE_MM)[:2], axis=-1
    )
    change = result.images["intensity_change"].data[0].abs().numpy()
    assert change[away < 4].mean() > 10
    assert change[away > 3 * small_tumor.RADIUS_MM].max() < 0.5
    weight = result.path.weight
    assert float(weight[-1].sum()) > 2 * float(weight[0].sum()) > 0


def test_the_oedema_has_its_own_weight():
    images = small_tumor.images(2)
    points = images["target"].grid.all_points() - np.asarray(small_tumor.CENTRE_MM)[:2]
    whole = torch.from_numpy(np.linalg.norm(points, axis=-1) < 12)
    oedema = Image(whole[None].byte(), images["target"].grid, name="oedema")
    result = brought(oedema_mask=oedema, oedema_weight=0.05, weight="constant")
    mask = result.images["mask"].data[0]
    core = images["tumor_mask"].data[0] > 0
    assert torch.equal(mask == 1, core)
    assert torch.equal(mask == 2, whole & ~core)
    r = np.linalg.norm(points, axis=-1)
    weight = result.path.weight[-1].numpy()
    assert weight[r < 4].min() > 0.9
    assert weight[(r > 10) & (r < 10.5)].mean() == pytest.approx(0.05, abs=0.03)
    assert weight[r > 20].max() == 0


def test_a_tumour_without_a_mask_is_found_and_the_mask_is_a_result(weighted):
    result = brought(without=("tumor_mask",))
    truth = small_tumor.images(2)["tumor_mask"].data[0] > 0
    found = result.images["mask"].data[0] > 0
    overlap = 2 * float((found & truth).sum()) / float(found.sum() + truth.sum())
    assert overlap > 0.6
    assert any("estimated with the registration" in w for w in result.warnings)
    assert result.mask_origin == "estimated"
    assert weighted.mask_origin == "given"


def test_where_nothing_differs_no_tumour_is_made_up():
    template = small_tumor.images(2)["template"]
    with pytest.raises(MethodFailed, match="none was found"):
        tumor(template, replace(template, name="same"), threads=1, scene=False, parameters=QUICK)


def test_variational_gets_a_straight_path_and_says_so():
    result = brought(method="variational", parameters={})
    assert any("straight path" in note for note in result.notes)
    assert float(result.images["intensity_change"].data.abs().max()) == 0
    assert result.metrics["tumor"]["ssd_deformed_outside"] < result.metrics["tumor"]["ssd_before_outside"]


def test_a_scene_is_given_inputs_results_and_the_film(weighted):
    content = weighted.scene_content(weighted.record)
    assert {"template", "target", "tumor_mask", "template_labels", "target_labels"} <= set(content.items)
    assert len(content.item("path")) == len(content.item("path_times")) == QUICK["time_steps"] + 1
    assert len(content.item("energies")["data"]) == len(weighted.shot.energies)
    assert np.allclose(content.centre_mm, np.asarray(small_tumor.CENTRE_MM)[:2], atol=1.0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_the_gpu_finds_the_cpus_deformation(volume):
    there = brought(3, parameters=VOLUME, device="cuda")
    for role, tolerance in (("displacement", 0.2), ("warped", 3.0)):
        difference = (there.images[role].data - volume.images[role].data).abs()
        assert float(difference.mean()) < 0.1 * tolerance
        assert float(difference.max()) < tolerance
