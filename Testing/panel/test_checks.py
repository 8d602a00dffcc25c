"""What is said of the chosen nodes before Apply: what, where and the mend; cheap, and nothing is changed."""

import re
import time

import numpy as np
import pytest

from RegSuite.workflows.register import WORKFLOW
from Testing.panel import nodes


def findings(**given):
    from RegSuite.panel.checks import check_inputs

    parameters = {"preset": given.pop("preset", None)}
    return check_inputs(WORKFLOW, given, parameters)


def the_one(found, severity="error"):
    assert len(found) == 1, found
    assert found[0].severity == severity
    assert found[0].what
    assert found[0].where
    return found[0]


@pytest.fixture
def pair(scene):
    return {"fixed": nodes.a_volume("scan"), "moving": nodes.a_volume("atlas", origin=(6.0, -9.0, 12.0))}


def test_a_good_pair_gives_no_findings(pair):
    marks = {"fixed_points": nodes.landmarks("a", 3), "moving_points": nodes.landmarks("b", 3)}
    labels = {"fixed_labels": nodes.a_label_map("l"), "moving_labels": nodes.a_segmentation()}
    assert findings(**pair, **marks, **labels, fixed_mask=nodes.a_label_map("m"), initial="rigid") == []


def test_a_missing_image_is_asked_for_by_its_title(pair):
    found = the_one(findings(fixed=pair["fixed"]))
    assert found.what == "no moving image is chosen"
    assert found.mend == "choose one under 'Moving image'"
    assert found.roles == ("moving",)


def test_the_same_volume_twice_is_refused(pair):
    found = the_one(findings(fixed=pair["fixed"], moving=pair["fixed"]))
    assert found.what == "'scan' was chosen twice: as fixed image and as moving image"
    assert found.roles == ("fixed", "moving")


def test_a_label_map_is_no_scan(pair):
    found = the_one(findings(fixed=pair["fixed"], moving=nodes.a_label_map("organs")))
    assert found.what == "'organs' is a label map where a scan is wanted"
    assert found.where == "Moving image"


def test_a_volume_without_voxels_is_refused(pair, scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing")
    assert the_one(findings(fixed=pair["fixed"], moving=empty)).what == "'nothing' has no voxels"


def test_a_volume_under_a_deforming_transform_is_refused(pair):
    pair["moving"].SetAndObserveTransformNodeID(nodes.a_transform("bend", "BSpline").GetID())
    found = the_one(findings(**pair))
    assert "'atlas' is under a non-linear transform, 'bend'" in found.what
    assert "harden" in found.mend


def test_a_moving_image_under_the_initial_transform_itself_is_all_right(pair):
    bend = nodes.a_transform("bend", "BSpline")
    pair["moving"].SetAndObserveTransformNodeID(bend.GetID())
    assert findings(**pair, initial=bend) == []


def test_a_frame_of_a_sequence_is_said_to_be_one(pair, scene):
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "breathing")
    for value in ("0", "1", "2"):
        sequence.SetDataNodeAtValue(pair["moving"], value)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "player")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.AddProxyNode(pair["moving"], sequence, False)
    found = the_one(findings(**pair), "warning")
    assert "'atlas' is frame 1 of 3 of a sequence" in found.what


def test_several_values_a_voxel_are_refused(pair, scene):
    colours = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    nodes.filled(colours, np.zeros((4, 5, 6, 3), np.uint8), (1, 1, 1), (0, 0, 0))
    found = the_one(findings(fixed=pair["fixed"], moving=colours))
    assert found.what == "'photo' has 3 values a voxel (colours or vectors) where one is wanted"


@pytest.mark.parametrize("value", [0, 7])
def test_a_constant_image_is_refused(pair, scene, value):
    flat = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "flat")
    nodes.filled(flat, np.full((50, 60, 70), value, np.int16), (1, 1, 1), (0, 0, 0))
    found = the_one(findings(fixed=pair["fixed"], moving=flat))
    assert found.what == f"the image is constant: every voxel of 'flat' is {value}"


def test_one_voxel_that_differs_is_no_constant_image(scene):
    image = np.zeros((90, 100, 110), np.int16)
    image[47, 33, 71] = 1  # no sampled voxel
    volumes = [nodes.a_volume(name, image.shape) for name in ("a", "b")]
    for volume in volumes:
        nodes.filled(volume, image, (1, 1, 1), (-50, -50, -50))
    assert findings(fixed=volumes[0], moving=volumes[1]) == []


def test_values_that_are_not_finite_are_refused(pair, scene):
    values = np.ones((4, 5, 6), np.float32)
    values[0, 0, :2] = np.nan, 3
    broken = nodes.filled(nodes.a_volume("broken"), values, (1, 2, 3), (5, -7, 11))
    assert (
        "'broken' holds values that are not finite"
        in the_one(findings(fixed=pair["fixed"], moving=broken)).what
    )


def test_images_apart_are_told_with_their_places_and_the_start_that_mends_it(pair):
    far = nodes.a_volume("far", origin=(5.0, -7.0, 2000.0))
    found = the_one(findings(fixed=pair["fixed"], moving=far))
    assert "overlap by 0 % of their volume: fixed covers" in found.what
    assert "\n" not in found.what
    assert "z 1998..2016 mm" in found.what
    assert "centers of mass" in found.mend
    for word in ("center", "center-of-mass"):
        assert findings(fixed=pair["fixed"], moving=far, initial=word) == []
    assert the_one(findings(fixed=pair["fixed"], moving=far, initial="rigid"))


def test_a_shift_as_initial_transform_is_taken_into_the_overlap(pair):
    far = nodes.a_volume("far", origin=(5.0, -7.0, 2011.0))
    right, wrong = nodes.a_transform(shift=(0, 0, 2000)), nodes.a_transform(shift=(0, 0, -2000))
    assert findings(fixed=pair["fixed"], moving=far, initial=right) == []
    assert the_one(findings(fixed=pair["fixed"], moving=far, initial=wrong))


def test_parents_that_are_rigid_count_for_the_overlap(pair):
    pair["moving"].SetAndObserveTransformNodeID(nodes.a_transform(shift=(0, 500, 0)).GetID())
    assert "overlap by 0 %" in the_one(findings(**pair)).what


def test_a_small_overlap_is_a_warning_with_its_percentage(pair):
    edge = nodes.a_volume("edge", origin=(5.0, -7.0, 11.0 + 15.0))
    found = the_one(findings(fixed=pair["fixed"], moving=edge), "warning")
    assert re.search(r"overlap by only 1\d %", found.what)  # 3 of 18 mm, to 5 %


@pytest.mark.parametrize(
    ("factor", "words"),
    [(0.001, "may be in metres"), (0.1, "may be in centimetres"), (0.18, "check the spacing")],
)
def test_an_image_of_a_far_other_size_is_doubted(pair, factor, words):
    spacing = [factor * s for s in (1.0, 2.0, 3.0)]
    small = nodes.a_volume("small", spacing=spacing, origin=(9.0, -3.0, 15.0))
    found = the_one(findings(fixed=pair["fixed"], moving=small), "warning")
    assert "'small'" in found.what
    assert words in found.mend


def test_a_spacing_of_one_at_the_origin_looks_like_none(scene):
    scan = nodes.a_volume("scan", spacing=(3.0, 3.0, 3.0), origin=(0.0, 0.0, 0.0))
    bare = nodes.a_volume("bare", spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0))
    found = the_one(findings(fixed=scan, moving=bare), "warning")
    assert "'bare' has a spacing of 1 x 1 x 1 mm and its origin at 0" in found.what


def test_much_finer_voxels_are_doubted(scene):
    fine = nodes.a_volume("fine", (4, 200, 5), spacing=(6.0, 0.1, 5.0), origin=(0, 0, 0))
    coarse = nodes.a_volume("coarse", (4, 9, 5), spacing=(6.0, 3.0, 5.0), origin=(0, 0, 0))
    found = the_one(findings(fixed=coarse, moving=fine), "warning")
    assert "the voxels differ by a factor of 30" in found.what


@pytest.mark.parametrize("role", ["fixed_mask", "fixed_labels", "moving_labels"])
def test_regions_off_their_images_grid_are_refused(pair, role):
    off = nodes.a_label_map("off", origin=(5.5, -7.0, 13.0))
    found = next(f for f in findings(**pair, **{role: off}) if f.severity == "error")
    assert "'off'" in found.what
    assert "not on the image's grid" in found.what
    assert found.roles == (role,)


def test_regions_that_move_with_their_image_stay_on_its_grid(pair):
    mask = nodes.a_label_map("mask", origin=(6.0, -9.0, 12.0))
    together = nodes.a_transform("couch", shift=(1.0, 2.0, 0.0)).GetID()
    pair["moving"].SetAndObserveTransformNodeID(together)
    assert "not on the image's grid" in the_one(findings(**pair, moving_mask=mask)).what
    mask.SetAndObserveTransformNodeID(together)
    assert findings(**pair, moving_mask=mask) == []


def test_empty_regions_are_refused(pair, scene):
    empty = nodes.a_label_map("blank")
    nodes.filled(empty, np.zeros((6, 8, 10), np.uint8), (1, 2, 3), (5, -7, 11))
    bare = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "bare")
    assert the_one(findings(**pair, fixed_mask=empty)).what == "'blank' is empty: no voxel is above 0"
    assert the_one(findings(**pair, moving_mask=bare)).what == "'bare' has no segments"


def test_labels_or_landmarks_of_one_side_measure_nothing(pair):
    found = the_one(findings(**pair, moving_labels=nodes.a_segmentation()), "warning")
    assert found.what == "labels were given of the moving image only: nothing is measured from them"
    assert found.mend == "choose fixed labels as well, or neither"
    found = the_one(findings(**pair, fixed_points=nodes.landmarks("marks", 2)), "warning")
    assert found.where == "Moving landmarks"


def test_landmarks_in_unequal_numbers_make_no_pairs(pair):
    marks = {"fixed_points": nodes.landmarks("a", 3), "moving_points": nodes.landmarks("b", 4)}
    assert the_one(findings(**pair, **marks)).what == "3 fixed and 4 moving landmarks do not make pairs"
    marks["moving_points"] = nodes.landmarks("none", 0)
    assert the_one(findings(**pair, **marks)).what == "'none' has no points"


def test_landmarks_whose_names_are_no_pairs_are_told_in_the_words_of_the_run(pair):
    from RegSuite.errors import GeometryError
    from RegSuite.mrml.markups import points_from_markups
    from RegSuite.quality import tre_mm
    from RegSuite.transforms import AffineTransform

    marks = {"fixed_points": nodes.landmarks("a", 3), "moving_points": nodes.landmarks("b", 3)}
    for node, names in zip(marks.values(), (("AC", "PC", "left"), ("AC", "left", "PC")), strict=True):
        for row, name in enumerate(names):
            node.SetNthControlPointLabel(row, name)
    found = the_one(findings(**pair, **marks))
    with pytest.raises(GeometryError) as refused:
        tre_mm(AffineTransform.identity(3), *map(points_from_markups, marks.values()))
    assert (found.what, found.mend) == (refused.value.what, refused.value.mend)
    assert found.where == "Fixed landmarks, Moving landmarks"
    for row, name in enumerate(("AC", "PC", "left")):
        marks["moving_points"].SetNthControlPointLabel(row, name)
    assert findings(**pair, **marks) == []


def test_a_preset_for_another_modality_is_doubted(pair):
    pair["fixed"].SetAttribute("DICOM.Modality", "MR")
    found = the_one(findings(**pair, preset="ct-lung"), "warning")
    assert "is made for CT, and fixed 'scan' is MR" in found.what
    assert findings(**pair, preset="brain-mri") == []
    assert the_one(findings(**pair, preset="no-such")).what == "there is no preset 'no-such'"


def test_images_beyond_the_machines_memory_are_refused(pair, monkeypatch):
    monkeypatch.setenv("REGSUITE_MEMORY_MB", "100")
    found = the_one(findings(**pair))
    assert "100 MB are available" in found.what
    assert "crop" in found.mend


def test_errors_come_before_warnings(pair):
    found = findings(fixed=pair["fixed"], fixed_labels=nodes.a_label_map())
    assert [f.severity for f in found] == ["error", "warning"]


def test_large_volumes_are_checked_in_less_than_50_ms_and_left_alone(scene):
    rows = np.arange(512, dtype=np.uint8)
    values = np.broadcast_to(rows, (512, 512, 512))
    spacing = (0.7, 0.7, 1.0)
    given = {
        "fixed": nodes.filled(nodes.a_volume("a"), values, spacing, (0, 0, 0)),
        "moving": nodes.filled(nodes.a_volume("b"), values, spacing, (9, 9, 9)),
        "fixed_mask": nodes.a_label_map("m"),
    }
    nodes.filled(given["fixed_mask"], values, spacing, (0, 0, 0))
    before = {role: node.GetMTime() for role, node in given.items()}
    findings(**given)  # imports
    begun = time.process_time()
    assert findings(**given) == []
    assert time.process_time() - begun < 0.05
    assert {role: node.GetMTime() for role, node in given.items()} == before
