"""`RegSuite.organs`: organs that moved on their own are brought back, from any kind of segmentation."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy.spatial import cKDTree

import RegSuite
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Image, PointSet
from RegSuite.io.points import read_points
from RegSuite.workflows.evaluate import evaluate
from RegSuite.workflows.organs_names import doubles, match_organs
from RegSuite.workflows.warp import warp
from Testing.workflows import small_organs
from Testing.workflows.small_organs import ORGANS, QUICK, places

NAMES = tuple(ORGANS)


@pytest.fixture(scope="module")
def a_run():
    return RegSuite.organs(**small_organs.inputs(), **QUICK)


@pytest.fixture(scope="module")
def a_folder(a_run, tmp_path_factory):
    return a_run.save(tmp_path_factory.mktemp("organs") / "result", report=False)


def test_each_organ_moves_by_its_own_shift(a_run):
    for name in NAMES:
        label = small_organs.TARGET_NUMBERS[name]
        centre = places([name], moved=False)
        moved = a_run.drift.points(centre, np.array([label]))
        assert np.linalg.norm(moved - places([name], moved=True)) < 1.5  # voxels of 3 mm


def test_displacement_leads_from_target_to_source_and_its_inverse_back(a_run):
    target, source = places(NAMES, moved=True), places(NAMES, moved=False)
    back = a_run.transform.points(torch.from_numpy(target)).numpy()
    forth = a_run.outputs.inverse.points(torch.from_numpy(source)).numpy()
    assert np.linalg.norm(back - source, axis=1).max() < 1.5
    assert np.linalg.norm(forth - target, axis=1).max() < 1.5


def test_organs_that_lie_alike_are_not_doubted(a_run):
    assert not any("the other way round" in w or "was not matched" in w for w in a_run.warnings)


def test_organs_are_matched_by_name_and_keep_the_targets_numbers(a_run):
    assert any("matched by name" in note for note in a_run.notes)
    assert set(a_run.metrics["dice"]) == set(small_organs.TARGET_NUMBERS.values())
    assert a_run.metrics["dice_mean"] > 0.9
    assert set(np.unique(a_run.images["warped_labels"].data)) == {0, 1, 5, 9}
    organs = a_run.metrics["organs"]
    assert {organs[str(v)]["name"] for v in (1, 5, 9)} == {"spleen", "liver", "kidney_left"}


def test_landmarks_are_measured_in_both_directions(a_run):
    m = a_run.metrics
    shifts = [np.linalg.norm(blob.shift) for blob in ORGANS.values()]
    assert m["tre_before_mm"]["mean"] == pytest.approx(np.mean(shifts))
    assert m["tre_mm"]["mean"] < 1.2
    assert m["tre_source_mm"]["mean"] < 1.2
    assert m["tre_mm"]["n"] == 3


def test_distances_of_surfaces_fall_organ_by_organ(a_run):
    for label in ("1", "5", "9"):
        entry = a_run.metrics["organs"][label]
        assert entry["distance_before_mm"]["mean"] > 1.5
        assert entry["distance_after_mm"]["mean"] < 1.2
        assert entry["points_source"] > 50
        assert entry["magnitude_mm"] == 6


def test_the_scan_is_warped_as_itk_does_it(a_run, a_folder):
    field = sitk.ReadImage(str(a_folder / "displacement.nii.gz"), sitk.sitkVectorFloat64)
    moving = small_organs.write(a_run.prepared.source.side.image, a_folder.parent / "scan.nii.gz")
    warped = sitk.ReadImage(str(a_folder / "warped.nii.gz"))
    theirs = sitk.Warp(
        sitk.ReadImage(str(moving)), field, outputSize=warped.GetSize(), outputSpacing=warped.GetSpacing(),
        outputOrigin=warped.GetOrigin(), outputDirection=warped.GetDirection(),
    )  # fmt: skip
    assert np.abs(sitk.GetArrayFromImage(warped) - sitk.GetArrayFromImage(theirs)).max() < 0.05


def test_a_result_folder_holds_what_the_contract_says(a_folder):
    record = json.loads((a_folder / "result.json").read_text())
    wanted = {
        "displacement", "inverse_displacement", "linear", "warped", "warped_labels", "jacobian",
        "uncertainty", "registered", "correspondences", "organs", "label_names", "moved_points",
    }  # fmt: skip
    assert wanted <= set(record["files"])
    assert all((a_folder / name).is_file() for name in record["files"].values())
    assert record["files"]["uncertainty"] == "uncertainty_mm.nii.gz"
    assert (record["workflow"], record["method"]) == ("organs", "mo-bcpd")
    rows = list(csv.DictReader((a_folder / "correspondences.csv").open()))
    assert len(rows) == record["metrics"]["drift"]["points_source"]
    probability = [float(row["probability"]) for row in rows if row["probability"]]
    assert 0 < min(probability) <= max(probability) <= 1
    moved = np.array([[float(row[f"moved_{a}"]) for a in "xyz"] for row in rows])
    assert np.abs(moved - read_points(a_folder / "registered.csv").points).max() < 1e-3


def test_the_linear_part_leads_from_target_to_source(a_run, a_folder):
    linear = sitk.ReadTransform(str(a_folder / "linear.tfm"))
    source = a_run.drift.source.points[:5]
    there = a_run.drift.start.points(torch.from_numpy(source.copy())).numpy()
    back = np.array([linear.TransformPoint(p.tolist()) for p in there])
    assert np.abs(back - source).max() < 1e-6


def test_warp_takes_points_both_ways_through_the_folder(a_folder):
    source, target = places(NAMES, moved=False), places(NAMES, moved=True)
    forth = warp(PointSet(source), a_folder, inverse=True).points
    back = warp(PointSet(target), a_folder).points
    assert np.linalg.norm(forth - target, axis=1).max() < 1.5
    assert np.linalg.norm(back - source, axis=1).max() < 1.5


def test_the_caller_gets_the_same_bits_again_and_keeps_its_data(a_run):
    given = small_organs.inputs()
    before = given["source_labels"].data.clone()
    again = RegSuite.organs(**given, **QUICK)
    assert np.array_equal(again.drift.moved_mm, a_run.drift.moved_mm)
    assert torch.equal(again.images["displacement"].data, a_run.images["displacement"].data)
    assert torch.equal(given["source_labels"].data, before)


def test_slices_are_registered_like_volumes():
    found = RegSuite.organs(**small_organs.inputs(2), **{**QUICK, "points": 150})
    assert found.transform.ndim == 2
    assert found.metrics["tre_mm"]["mean"] < 1.2
    assert found.metrics["dice_mean"] > 0.9


def test_an_organ_of_one_side_is_said_and_stands_in_the_table(tmp_path):
    given = small_organs.inputs()
    there = small_organs.inputs(organs=("liver", "spleen"))
    given |= {"target_labels": there["target_labels"], "target_names": there["target_names"]}
    given = {k: v for k, v in given.items() if not k.endswith("_points")}
    found = RegSuite.organs(**given, **QUICK)
    assert any("Left Kidney" in w and "missing in the target" in w for w in found.warnings)
    missing = [entry for entry in found.metrics["organs"].values() if "missing" in entry]
    assert missing == [{"name": "Left Kidney", "missing": "target"}]
    assert len(found.drift.model.organs) == 2
    found.save(tmp_path / "out", report=False)
    rows = list(csv.DictReader((tmp_path / "out" / "organs.csv").open()))
    assert [row["missing"] for row in rows if row["name"] == "Left Kidney"] == ["target"]


def test_an_organ_at_the_edge_of_the_scan_is_said_and_still_brought_home():
    given = small_organs.inputs()
    labels, image = given["target_labels"], given["target_image"]
    cut = 5  # through all three
    grid = type(labels.grid).make((*labels.grid.size[:2], labels.grid.size[2] - cut), labels.grid.spacing,
        labels.grid.points((0, 0, cut)).tolist(), labels.grid.direction)  # fmt: skip
    given |= {
        "target_labels": Image(labels.data[:, cut:].contiguous(), grid, name="part"),
        "target_image": Image(image.data[:, cut:].contiguous(), grid, name="part"),
    }
    found = RegSuite.organs(**given, **QUICK)
    assert any("cuts off" in w and "inferior" in w for w in found.warnings)
    assert "target" in found.metrics["organs"]["5"]["cut_off"]
    assert found.metrics["tre_source_mm"]["mean"] < 4.0
    cut = [k for k, entry in found.metrics["organs"].items() if "sd_mm" not in entry]
    assert any("uncertainty of" in w and "not stated" in w for w in found.warnings)
    assert "5" in cut
    sd, labels = found.images["uncertainty"].data[0], found.prepared.target.labels.data[0]
    assert bool(sd[labels == 5].isnan().all())
    assert np.isnan(found.drift.point_sd_mm[found.drift.source.labels == 5]).all()


def test_left_and_right_mixed_up_on_one_side_is_said():
    given = small_organs.inputs()
    names = {1: "liver", 3: "spleen", 2: "left kidney"}  # spleen and kidney the wrong way round
    given["source_names"] = names
    given = {k: v for k, v in given.items() if not k.endswith("_points")}
    found = RegSuite.organs(**given, **QUICK, parameters={"iterations": 5})
    said = [w for w in found.warnings if "the other way round" in w]
    assert len(said) == 1
    assert "spleen and kidney_left" in said[0]
    assert found.metrics["other_way_round"] == ["spleen and kidney_left"]


@pytest.mark.parametrize(("name", "doubted"), [("lung", True), ("lung_{}", True), ("lung {} b", False)])
def test_surfaces_in_ras_on_both_sides_show_by_left_and_right(name, doubted):
    given = small_organs.inputs(organs=("liver", "spleen"))  # the liver lies at smaller x: on the right
    sides = ("left", "right") if "{}" not in name else ("L", "R") if doubted else ("right", "left")
    called = [name.format(s) if "{}" in name else f"{s} {name}" for s in sides]
    given |= {"source_names": dict(zip((1, 2), called, strict=True)),
        "target_names": dict(zip((5, 1), called, strict=True))}  # fmt: skip
    given = {k: v for k, v in given.items() if not k.endswith(("_points", "_image"))}
    found = RegSuite.organs(**given, **QUICK, parameters={"iterations": 5})
    said = [w for w in found.warnings if "patient's right" in w]
    assert len(said) == (2 if doubted else 0)


def test_a_table_of_organs_that_calls_a_label_otherwise_is_refused(tmp_path):
    given = small_organs.inputs()
    table = tmp_path / "organs.csv"
    table.write_text("label,name,magnitude_mm\n5,Spleen,3\n")  # the target's 5 is the liver
    with pytest.raises(InputError, match="label 5 is 'liver' in the target, and the table calls it 'Spleen'"):
        RegSuite.organs(**given, organs_table=table, **QUICK)


def test_names_that_differ_in_other_scripts_alone_are_other_organs():
    found = match_organs({1: "左肾1", 2: "Milz ä"}, {4: "脾1", 5: "milz Ä"})
    assert found.source[2] == 5
    assert found.common == (5,)


def test_organs_of_one_name_are_told_as_such():
    assert doubles("source", {1: "Lesion", 2: "liver", 5: "lesion", 7: None, 8: None}) == (
        "several organs of the source have one name and were paired in the order of their numbers, which may "
        "be wrong: Lesion (1, 5); give each its own name"
    )
    assert not doubles("target", {1: "liver", 2: "spleen"})


def test_surfaces_and_contours_guide_as_label_maps_do():
    given = {
        "source_labels": [small_organs.surface_of(name, moved=False) for name in NAMES],
        "target_labels": [small_organs.contours_of(name, moved=True) for name in NAMES],
    }
    marks = small_organs.inputs()
    given |= {role: marks[role] for role in ("source_points", "target_points")}
    found = RegSuite.organs(**given, **QUICK, grid_mm=3.0)
    assert found.metrics["tre_source_mm"]["mean"] < 1.5
    assert found.metrics["dice_mean"] > 0.9
    assert "warped" not in found.images


def test_points_with_labels_guide_as_well():
    map_ = small_organs.inputs()
    from RegSuite.pointcloud.sampling import surface_cloud

    clouds = [
        surface_cloud(map_[f"{side}_labels"], map_[f"{side}_names"], count=500)
        for side in ("source", "target")
    ]
    found = RegSuite.organs(*clouds, **QUICK)
    for name in NAMES:
        label = np.array([small_organs.TARGET_NUMBERS[name]])
        moved = found.drift.points(places([name], moved=False), label)
        assert np.linalg.norm(moved - places([name], moved=True)) < 2.0


def test_settings_of_organs_coherence_and_trust_reach_the_model():
    given = small_organs.inputs()
    found = RegSuite.organs(
        **given,
        **QUICK,
        organs={"Liver": {"magnitude_mm": 6}, "9": {"bandwidth_mm": 22}},
        trust={"spleen": 0.8},
        coherence={
            "names": ["spleen", "liver", "kidney left"],
            "values": [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]],
        },
    )
    model = found.drift.model
    by_name = {organ.label: organ for organ in model.organs}
    assert (by_name[5].magnitude_mm, by_name[9].bandwidth_mm) == (6, 22)
    labels = model.labels.tolist()
    assert model.coherence[labels.index(1), labels.index(5)] == 0.5
    assert model.transition[labels.index(1), labels.index(1)] == pytest.approx(0.8)
    assert by_name[1].outliers == pytest.approx(0.2)


def test_refining_by_the_scans_starts_from_the_organs():
    found = RegSuite.organs(**small_organs.inputs(), **QUICK, refine=True)
    assert any("refined by" in note for note in found.notes)
    assert found.metrics["tre_mm"]["mean"] < 1.5
    assert found.metrics["dice_mean"] > 0.9
    own = found.prepared.source.dense(9)  # distances are those of the transform that is handed over
    there = found.prepared.target.dense(9)
    moved = found.found.inverse.points(torch.from_numpy(np.array(own))).numpy()
    expected = np.concatenate([cKDTree(there).query(moved)[0], cKDTree(moved).query(there)[0]]).mean()
    assert found.metrics["organs"]["9"]["distance_after_mm"]["mean"] == pytest.approx(expected, abs=1e-3)


def test_evaluate_measures_the_folder_again_with_the_results_own_inputs(tmp_path):
    files = small_organs.write_organs(tmp_path)
    found = RegSuite.organs(**files, **QUICK)
    folder = found.save(tmp_path / "out", report=False)
    again = evaluate(folder)
    assert again.metrics["dice"] == {k: pytest.approx(v) for k, v in found.metrics["dice"].items()}
    assert again.metrics["tre_mm"]["mean"] == pytest.approx(found.metrics["tre_mm"]["mean"], abs=1e-3)


def with_labels(given, change):
    labels = given["source_labels"]
    return {**given, "source_labels": labels.with_data(change(labels.data))}


def in_metres(image):
    grid = image.grid
    small = type(grid).make(grid.size, [s / 1000 for s in grid.spacing], [o / 1000 for o in grid.origin])
    return Image(image.data, small, name=image.name)


def cropped(image):
    grid = image.grid
    part = type(grid).make((grid.size[0] - 1, *grid.size[1:]), grid.spacing, grid.origin, grid.direction)
    return Image(image.data[..., :-1].contiguous(), part, name="part")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: with_labels(g, torch.zeros_like), r"every voxel is 0(.|\n)*source_labels"),
        (lambda g: {**g, "source_labels": cropped(g["source_labels"])}, r"on the image's grid|grid"),
        (lambda g: {**g, "source_names": {1: "a", 2: "b", 3: "c"}}, r"share no organ(.|\n)*same names"),
        (lambda g: {**g, "source_points": PointSet(np.zeros((2, 3)))}, r"2 moving|landmarks"),
        (lambda g: {**g, "only": ["heart"]}, r"no organ 'heart'"),
        (lambda g: {**g, "elasticity": "lvier"}, r"no elasticity preset"),
        (lambda g: {**g, "organs": {"heart": {}}}, r"called 'heart'"),
        (lambda g: {**g, "organs": {"liver": {"stiffness": 1}}}, r"'stiffness'(.|\n)*magnitude_mm"),
        (lambda g: {**g, "trust": {"liver": 1.5}}, r"trust of 1.5"),
        (lambda g: {**g, "coherence": "nowhere.csv"}, r"neither a file nor a word"),
        (lambda g: {**g, "coherence": [[1, 0.5, 0], [0.2, 1, 0], [0, 0, 1]]}, r"not symmetric"),
        (lambda g: {**g, "coherence": [[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]}, r"semidefinite"),
        (lambda g: {**g, "parameters": {"bandwith": 3}}, r"'bandwith'"),
    ],
)
def test_what_cannot_be_right_is_refused_with_words(change, words):
    given = change(small_organs.inputs())
    with pytest.raises(InputError, match=words):
        RegSuite.organs(**given, **QUICK)


def test_a_confusion_matrix_that_lacks_an_organ_is_refused(tmp_path):
    table = tmp_path / "confusion.csv"
    table.write_text(",liver,spleen\nliver,90,2\nspleen,3,95\n")
    with pytest.raises(InputError, match=r"kidney_left(.|\n)*confusion.csv"):
        RegSuite.organs(**small_organs.inputs(), **QUICK, confusion=table)


def test_label_maps_in_metres_are_asked_back():
    given = small_organs.inputs()
    labels = {f"{side}_labels": in_metres(given[f"{side}_labels"]) for side in ("source", "target")}
    names = {role: given[role] for role in ("source_names", "target_names")}
    with pytest.raises(InputError, match="metres"):
        RegSuite.organs(**labels, **names, **QUICK)


def test_refining_without_scans_and_mixed_dimensions_are_refused():
    given = small_organs.inputs()
    names = {role: given[role] for role in ("source_names", "target_names")}
    with pytest.raises(InputError, match="both are needed"):
        RegSuite.organs(given["source_labels"], given["target_labels"], **names, **QUICK, refine=True)
    with pytest.raises(GeometryError, match=r"2D(.|\n)*3D"):
        RegSuite.organs(small_organs.inputs(2)["source_labels"], given["target_labels"], **QUICK)
