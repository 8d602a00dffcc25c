"""`register` from Python: what comes out is what the method found, in the words of the contract."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import RegSuite
from RegSuite.errors import Cancelled, GeometryError, InputError, MethodFailed, OutOfMemory, OutputError
from RegSuite.geometry import Grid, Image
from RegSuite.io.simpleitk_bridge import image_to_sitk
from RegSuite.transforms import AffineTransform
from Testing import needs
from Testing.workflows.small import SHIFT_MM, a_pair, blobs, grids, labels_of, landmarks

pytestmark = pytest.mark.usefixtures("local_methods")

FILES = (
    "displacement.nii.gz",
    "inverse_displacement.nii.gz",
    "linear.tfm",
    "warped.nii.gz",
    "warped_labels.nii.gz",
    "jacobian.nii.gz",
    "report.html",
    "result.json",
)


def the_result(ndim=3, scene=None, **more):
    """A registration whose outcome is known; without MRML unless `scene` hands it in."""
    fixed, moving = a_pair(ndim)
    points = landmarks(ndim)
    given = {
        "fixed_labels": labels_of(fixed),
        "moving_labels": labels_of(moving),
        "fixed_points": points[0],
        "moving_points": points[1],
        "shift_mm": SHIFT_MM,
    } | more
    return RegSuite.register(fixed, moving, "shift", scene=scene, **given)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_truth_gives_a_warped_image_that_is_the_fixed_one(ndim):
    result = the_result(ndim)
    fixed, moving = grids(ndim)
    inside = moving.contains(fixed.all_points() + np.asarray(SHIFT_MM)[:ndim])
    found = result.images["warped"].data[0].numpy()[inside]
    # linear interpolation between samples 2 to 3.5 mm apart of blobs of 4.5 mm sd errs by some percent
    assert np.abs(found - blobs(fixed.all_points())[inside]).mean() < 1.0
    assert np.abs(found - blobs(fixed.all_points())[inside]).max() < 12.0


@pytest.mark.parametrize("ndim", [2, 3])
def test_metrics_of_the_true_translation_are_those_of_a_perfect_registration(ndim):
    metrics = the_result(ndim).metrics
    assert metrics["tre_mm"]["max"] < 1e-3
    assert metrics["jacobian"]["percent_nonpositive"] == 0
    assert metrics["jacobian"]["min"] == pytest.approx(1.0, abs=1e-4)
    assert metrics["jacobian"]["max"] == pytest.approx(1.0, abs=1e-4)
    assert metrics["inverse_residual_mm"]["max"] < 1e-3
    assert metrics["dice_mean"] > 0.85
    assert metrics["similarity"]["name"] == "mi"
    assert metrics["similarity"]["after"] > metrics["similarity"]["before"]


def test_metrics_that_were_not_computed_are_absent():
    fixed, moving = a_pair()
    metrics = RegSuite.register(fixed, moving, "shift").metrics
    assert not {"tre_mm", "dice", "dice_mean", "hd95_mm", "msd_mm", "inverse_consistency_mm"} & set(metrics)


def test_the_displacement_on_disk_warps_in_simpleitk_as_it_did_here(tmp_path):
    the_result().save(tmp_path / "out", report=False)
    field = sitk.ReadImage(str(tmp_path / "out" / "displacement.nii.gz"), sitk.sitkVectorFloat64)
    fixed, moving = a_pair()
    transform = sitk.DisplacementFieldTransform(field)
    background = float(moving.data.min())
    warped = sitk.Resample(
        image_to_sitk(moving), image_to_sitk(fixed), transform, sitk.sitkLinear, background, sitk.sitkFloat32
    )
    ours = sitk.ReadImage(str(tmp_path / "out" / "warped.nii.gz"))
    theirs = sitk.GetArrayFromImage(warped)
    assert np.abs(sitk.GetArrayFromImage(ours) - theirs).max() < 0.02


def test_the_inverse_displacement_leads_moving_points_back(tmp_path):
    the_result().save(tmp_path / "out", report=False)
    field = sitk.ReadImage(str(tmp_path / "out" / "inverse_displacement.nii.gz"), sitk.sitkVectorFloat64)
    back = sitk.DisplacementFieldTransform(field)
    fixed, moving = landmarks()
    for a, b in zip(fixed.points.tolist(), moving.points.tolist(), strict=True):
        assert back.TransformPoint(b) == pytest.approx(a, abs=1e-3)


def test_a_result_folder_holds_what_the_contract_lists(tmp_path):
    the_result().save(tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(FILES)
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["schema"] == "regsuite.result/1"
    assert record["status"] == "completed"
    assert record["method"] == "shift"
    for file in record["files"].values():
        assert (tmp_path / "out" / file).stat().st_size > 0
    for measure in ("tre_mm.mean", "dice_mean", "jacobian.percent_nonpositive"):
        assert any(v["measure"] == measure and v["verdict"] != "not measured" for v in record["verdicts"])
    assert any(v["verdict"] == "not measured" for v in record["verdicts"])
    assert {"read", "register", "quality", "write", "report"} <= set(record["seconds"])
    assert record["peak_memory_mb"] > 10
    assert any("scene.mrb" in sentence for sentence in record["warnings"])
    assert "it was told where to go" in record["notes"]


@pytest.mark.slicer
def test_with_mrml_at_hand_the_folder_holds_the_scene_too(tmp_path):
    needs.slicer_core()
    from RegSuite.mrml import scene_at_hand

    the_result(scene=scene_at_hand()).save(tmp_path / "out", report=False)
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["files"]["scene"] == "scene.mrb"
    assert (tmp_path / "out" / "scene.mrb").stat().st_size > 0
    assert not any("scene.mrb" in sentence for sentence in record.get("warnings", ()))


def test_a_scene_that_cannot_be_written_is_a_warning_and_the_result_stays(tmp_path):
    from RegSuite.workflows.scene import SceneError

    class Broken:
        def write(self, content, path):
            raise SceneError("the warped image was not written")

    the_result(scene=Broken()).save(tmp_path / "out", report=False)
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["status"] == "completed"
    assert "scene" not in record["files"]
    assert "scene.mrb was not written: the warped image was not written" in record["warnings"]


def test_scenes_call_a_result_by_its_files_without_endings(tmp_path):
    from Testing.workflows.small import write_pair

    pair = write_pair(tmp_path)
    result = RegSuite.register(pair["fixed"], pair["moving"], "shift", shift_mm=SHIFT_MM, scene=None)
    assert result.scene_content(result.record).name == "moving to fixed"


def test_linear_tfm_holds_the_linear_part(tmp_path):
    the_result().save(tmp_path / "out", report=False)
    linear = sitk.ReadTransform(str(tmp_path / "out" / "linear.tfm"))
    assert linear.TransformPoint((0.0, 0.0, 0.0)) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_a_folder_with_a_result_is_refused_unless_it_may_be_replaced(tmp_path):
    result = the_result()
    result.save(tmp_path / "out", report=False)
    with pytest.raises(OutputError, match="overwrite"):
        result.save(tmp_path / "out", report=False)
    result.save(tmp_path / "out", overwrite=True, report=False)
    assert (tmp_path / "out" / "result.json").exists()


def test_inputs_may_be_files_images_or_simpleitk_images(a_pair_on_disk):
    fixed, moving = a_pair()
    ours = RegSuite.register(fixed, moving, "shift", shift_mm=SHIFT_MM)
    files = RegSuite.register(
        a_pair_on_disk["fixed"], str(a_pair_on_disk["moving"]), "shift", shift_mm=SHIFT_MM
    )
    theirs = RegSuite.register(image_to_sitk(fixed), image_to_sitk(moving), "shift", shift_mm=SHIFT_MM)
    assert torch.allclose(files.images["warped"].data, ours.images["warped"].data, atol=1e-2)
    assert torch.equal(theirs.images["warped"].data, ours.images["warped"].data)
    assert files.record.inputs["fixed"].sha256
    assert files.record.inputs["moving"].size == (24, 28, 22)


def test_the_callers_arrays_are_not_changed():
    fixed, moving = a_pair()
    before = fixed.data.clone(), moving.data.clone()
    RegSuite.register(fixed, moving, "shift", shift_mm=SHIFT_MM)
    assert torch.equal(fixed.data, before[0])
    assert torch.equal(moving.data, before[1])


def test_the_callers_threads_and_random_state_come_back():
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    fixed, moving = a_pair()
    RegSuite.register(fixed, moving, "shift", threads=1, seed=5)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_seed_of_the_run_reaches_a_method_that_takes_one():
    fixed, moving = a_pair()
    runs = [RegSuite.register(fixed, moving, "shift", seed=s, random_mm=5.0) for s in (1, 1, 2)]
    fields = [run.images["displacement"].data for run in runs]
    assert torch.equal(fields[0], fields[1])
    assert not torch.equal(fields[0], fields[2])
    assert runs[2].record.seed == 2


def test_an_initial_transform_is_where_the_method_starts(tmp_path):
    fixed, moving = a_pair()
    start = AffineTransform(np.eye(3), np.asarray(SHIFT_MM))
    start.save(tmp_path / "start.tfm")
    for given in (start, tmp_path / "start.tfm"):
        result = RegSuite.register(fixed, moving, "shift", initial=given)
        assert result.images["displacement"].data.amin(dim=(1, 2, 3)).tolist() == pytest.approx(
            SHIFT_MM, abs=1e-3
        )
        assert result.linear is not None
        assert result.metrics["similarity"]["before"] == pytest.approx(result.metrics["similarity"]["after"])


def test_center_lays_the_volumes_on_each_other_even_without_overlap():
    fixed, moving = a_pair()
    far = Image(moving.data, Grid.make(moving.grid.size, moving.grid.spacing, (1000.0, 0.0, 0.0)), name="far")
    with pytest.raises(GeometryError, match=r"overlap by 0 %(.|\n)*--initial"):
        RegSuite.register(fixed, far, "shift")
    result = RegSuite.register(fixed, far, "shift", initial="center")
    moved = result.transform.points(torch.tensor(fixed.grid.centre)[None])[0].numpy()
    assert moved == pytest.approx(far.grid.centre, abs=1e-6)


def test_center_of_mass_lays_bright_places_on_each_other():
    fixed, moving = a_pair()
    result = RegSuite.register(fixed, moving, "shift", initial="center-of-mass")
    found = result.images["displacement"].data[:, 9, 12, 13].numpy()
    # the fields of view cut other parts of the blobs, hence not to the last tenth of a millimetre
    assert np.abs(found - SHIFT_MM).max() < 2.0


@pytest.mark.parametrize("word", ["middle", "nowhere.tfm"])
def test_an_initial_that_is_neither_word_nor_file_is_refused(word):
    fixed, moving = a_pair()
    with pytest.raises(InputError, match=word.split(".")[0]):
        RegSuite.register(fixed, moving, "shift", initial=word)


def test_unknown_parameters_are_refused_with_those_that_exist():
    fixed, moving = a_pair()
    with pytest.raises(InputError, match=r"shift_m(.|\n)*did you mean 'shift_mm'(.|\n)*random_mm"):
        RegSuite.register(fixed, moving, "shift", shift_m=3)
    with pytest.raises(InputError, match=r"random_mm(.|\n)*given: 99"):
        RegSuite.register(fixed, moving, "shift", random_mm=99)
    with pytest.raises(InputError, match=r"random_mm(.|\n)*given: 'much'"):
        RegSuite.register(fixed, moving, "shift", random_mm="much")


def test_landmarks_that_are_no_pairs_are_refused_before_the_method_runs():
    fixed, moving = a_pair()
    points = landmarks()
    fewer = RegSuite.PointSet(points[1].points[:2])
    told = []
    with pytest.raises(GeometryError, match="4 fixed and 2 moving"):
        RegSuite.register(
            fixed,
            moving,
            "shift",
            fixed_points=points[0],
            moving_points=fewer,
            progress=lambda f, s, m: told.append(s),
        )
    assert "shifting" not in told


def test_labels_on_another_grid_are_refused():
    fixed, moving = a_pair()
    with pytest.raises(GeometryError, match="grid"):
        RegSuite.register(fixed, moving, "shift", fixed_labels=labels_of(moving))


def test_a_mask_on_the_wrong_grid_is_refused():
    fixed, moving = a_pair()
    with pytest.raises(GeometryError, match="grid"):
        RegSuite.register(fixed, moving, "shift", fixed_mask=labels_of(moving))


def test_progress_rises_to_the_end_and_may_cancel():
    fixed, moving = a_pair()
    seen = []
    RegSuite.register(fixed, moving, "shift", progress=lambda f, s, m: seen.append(f))
    assert seen == sorted(seen)

    def cancel(fraction, stage, metrics):
        if stage == "shifting":
            raise Cancelled

    with pytest.raises(Cancelled):
        RegSuite.register(fixed, moving, "shift", progress=cancel)


def test_a_defect_in_a_method_becomes_words_that_say_where():
    fixed, moving = a_pair()
    with pytest.raises(MethodFailed, match=r"IndexError(.|\n)*breaks(.|\n)*defect"):
        RegSuite.register(fixed, moving, "breaks")


def test_a_run_that_needs_more_memory_than_there_is_does_not_start():
    fixed, moving = a_pair()
    with pytest.raises(OutOfMemory, match=r"needs about 1000000000 MB(.|\n)*available"):
        RegSuite.register(fixed, moving, "greedy-for-memory")


def test_the_memory_that_may_be_used_can_be_set(monkeypatch):
    monkeypatch.setenv("REGSUITE_MEMORY_MB", "10")
    fixed, moving = a_pair()
    with pytest.raises(OutOfMemory, match="10 MB are available"):
        RegSuite.register(fixed, moving, "shift")


def test_memory_that_runs_out_inside_is_said_so():
    fixed, moving = a_pair()
    with pytest.raises(OutOfMemory, match="memory ran out"):
        RegSuite.register(fixed, moving, "out-of-memory")


def test_what_is_no_input_is_refused_by_its_type():
    _, moving = a_pair()
    with pytest.raises(InputError, match="ndarray"):
        RegSuite.register(np.zeros((3, 3, 3)), moving, "shift")


def test_show_opens_the_report(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url))
    path = the_result().show()
    assert opened == [path.as_uri()]
    assert "<html" in path.read_text(encoding="utf-8")
