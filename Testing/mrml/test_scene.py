"""scene.mrb holds the whole result, opens as it should be seen, and leaves the user's scene alone."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.geometry import Image
from RegSuite.mrml import scene_at_hand
from RegSuite.mrml.bundle import write_field
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.scene import MrmlScene
from RegSuite.workflows.scene import SceneError
from Testing.mrml.gate import slicer
from Testing.mrml.marked import BODY, MARKERS, MIDDLE, RIGHT, oblique_left_handed, upright
from Testing.mrml.small_result import FLAT, a_result, displacement

pytestmark = pytest.mark.slicer


def _state(scene):
    """All nodes of a scene with the time of their last change."""
    return {
        scene.GetNthNode(i).GetID(): scene.GetNthNode(i).GetMTime() for i in range(scene.GetNumberOfNodes())
    }


def _open(path):
    slicer.util.loadScene(str(path))
    return slicer.util.getNode


@pytest.fixture
def written(tmp_path):
    """The small result as scene.mrb."""
    assert MrmlScene().write(a_result(), tmp_path / "scene.mrb")
    return tmp_path / "scene.mrb"


def test_scenes_are_at_hand_under_slicer_core():
    assert isinstance(scene_at_hand(), MrmlScene)


def test_writing_leaves_the_users_scene_untouched(scene, tmp_path):
    mine = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "mine")
    before = _state(scene)
    MrmlScene().write(a_result(), tmp_path / "scene.mrb")
    assert slicer.mrmlScene is scene
    assert _state(scene) == before
    assert mine.GetScene() is scene


def test_only_the_scene_is_left_in_the_folder_and_readable_for_others(written):
    assert [path.name for path in written.parent.iterdir()] == ["scene.mrb"]
    umask = os.umask(0)
    os.umask(umask)
    assert written.stat().st_mode & 0o777 == 0o666 & ~umask


def test_everything_of_the_result_is_in_the_file(written):
    node = _open(written)
    for name in (
        "first",
        "second",
        "first labels",
        "second to first: transform",
        "second to first: linear part",
        "second to first: warped image",
        "second to first: warped labels",
        "second to first: jacobian",
        "second to first: measures",
    ):
        assert node(name) is not None
    warped = node("second to first: warped image")
    assert slicer.util.arrayFromVolume(warped) == pytest.approx(a_result().items["warped"].data[0].numpy())
    assert warped.GetNodeReference("RegSuite.fixed").GetName() == "first"
    assert node("first labels").GetSegmentation().GetNthSegment(0).GetName() == "right marker"
    assert node("second to first: measures").GetCellText(0, 0) == "TRE, mean"


def test_segmentations_of_the_file_know_their_volume(written):
    node = _open(written)
    for name, labels in (
        ("first labels", "fixed_labels"),
        ("second to first: warped labels", "warped_labels"),
    ):
        voxels = slicer.util.arrayFromSegmentBinaryLabelmap(node(name), "label_2")
        assert np.array_equal(voxels != 0, a_result().items[labels].data[0].numpy() == 2)


def test_the_users_selection_and_units_are_not_in_the_file(written):
    with zipfile.ZipFile(written) as bundle:
        text = bundle.read("scene/scene.mrml").decode()
    assert "<Selection" not in text
    assert "<Unit" not in text


def test_the_scene_opens_with_the_marked_side_on_the_screens_left(written, four_up):
    _open(written)
    red = four_up.red
    red.logic.ResizeSliceNode(*red.window.GetSize())
    picture = red.image()
    row, column = red.pixel(MARKERS[RIGHT] * (-1, -1, 1))
    assert column < picture.shape[1] / 2 - 40
    assert (
        picture[row, column].min() > picture[red.pixel(MIDDLE * (-1, -1, 1))].mean()
    )  # brighter than the body
    assert picture[5, 5] == pytest.approx(0, abs=2)
    assert (picture.max(-1) > 20).any(axis=1).sum() > 0.6 * picture.shape[0]  # it fills the view


def test_outlines_and_areas_of_the_labels_are_seen_in_their_colours(written, four_up):
    node = _open(written)
    colour = 255 * np.array(node("first labels").GetSegmentation().GetNthSegment(0).GetColor())
    picture = four_up.red.image().astype(int)
    outline = (np.abs(picture - colour).max(-1) < 30).sum()
    node("first labels").GetDisplayNode().SetVisibility(False)
    assert outline > 50
    assert (np.abs(four_up.red.image().astype(int) - colour).max(-1) < 30).sum() < outline / 5


def test_the_three_planes_stand_in_the_3d_view(written, four_up):
    empty = four_up.three_d.image()
    _open(written)
    picture = four_up.three_d.image()
    assert (picture != empty).any(-1).mean() > 0.1
    assert (np.abs(picture.astype(int) - BODY).max(-1) < 12).sum() > 500


@pytest.mark.parametrize("grid", [upright(), oblique_left_handed()], ids=["upright", "oblique"])
def test_the_transform_moves_points_as_the_engine_does_after_the_file(grid, tmp_path):
    from RegSuite.mrml.transforms import transform_from_node

    MrmlScene().write(a_result(grid), tmp_path / "scene.mrb")
    node = _open(tmp_path / "scene.mrb")("second to first: transform")
    picked = np.random.default_rng(1)
    centres = grid.points(np.stack([picked.integers(3, n - 3, 200) for n in grid.size], axis=1))
    between = MIDDLE + picked.uniform(-30, 30, (200, 3))
    for points, within_mm in (
        (centres, 1e-3),
        (between, 0.03),
    ):  # between voxels Slicer bends lines, ITK does not
        wanted = displacement(grid).points(torch.from_numpy(points)).numpy()
        moved = [node.GetTransformFromParent().TransformPoint(*(p * (-1, -1, 1))) for p in points]
        assert np.array(moved) * (-1, -1, 1) == pytest.approx(wanted, abs=within_mm)
        assert transform_from_node(node).points(torch.from_numpy(points)).numpy() == pytest.approx(
            wanted, abs=1e-3
        )


def test_a_field_that_is_given_as_an_image_is_the_transform_that_it_is():
    field = displacement(upright())
    image = Image(field.displacement_mm, field.grid, name="field")
    content = replace(a_result(upright()), items={"displacement": image})
    node = nodes_of(content)["displacement"]
    moved = [0.0, 0.0, 0.0]
    node.GetTransformFromParent().TransformPoint((0.0, 0.0, 0.0), moved)
    expected = field.points(torch.zeros((1, 3), dtype=torch.float64))[0].numpy() * (-1, -1, 1)
    np.testing.assert_allclose(moved, expected, atol=1e-3)


def test_a_2d_result_is_seen_in_its_plane(tmp_path, four_up):
    MrmlScene().write(a_result(FLAT), tmp_path / "scene.mrb")
    _open(tmp_path / "scene.mrb")
    red = four_up.red
    red.logic.ResizeSliceNode(*red.window.GetSize())
    body, outside = red.pixel((-FLAT.centre[0] + 10, -FLAT.centre[1], 0)), red.pixel((24, -12, 0))
    assert red.image()[body].min() > 100
    assert red.image()[outside].max() < 5


def test_a_field_is_written_as_other_programs_read_it(tmp_path):
    import SimpleITK as sitk

    field = displacement(oblique_left_handed())
    write_field(field.displacement_mm.numpy(), field.grid, tmp_path / "u.nrrd")
    image = sitk.ReadImage(str(tmp_path / "u.nrrd"))
    assert np.moveaxis(sitk.GetArrayFromImage(image), -1, 0) == pytest.approx(
        field.displacement_mm.numpy(), abs=0
    )
    assert image.GetSpacing() == pytest.approx(field.grid.spacing)
    assert image.GetOrigin() == pytest.approx(field.grid.origin)
    assert image.GetDirection() == pytest.approx(np.ravel(field.grid.direction))


def test_nodes_of_the_users_scene_are_written_where_they_stand_in_the_world(scene, tmp_path):
    from Testing.mrml.on_screen import a_volume

    fixed = a_volume(upright())
    shift = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    matrix = np.eye(4)
    matrix[:3, 3] = (5, 6, 7)
    slicer.util.updateTransformMatrixFromArray(shift, matrix)
    fixed.SetAndObserveTransformNodeID(shift.GetID())
    content = a_result()
    labels = nodes_of(content)["fixed_labels"]
    items = {**content.items, "fixed": fixed, "fixed_labels": labels}
    MrmlScene().write(replace(content, items=items), tmp_path / "scene.mrb")
    assert fixed.GetTransformNodeID() == shift.GetID()
    scene.Clear(0)
    node = _open(tmp_path / "scene.mrb")("phantom")
    assert node.GetOrigin() == pytest.approx(np.array(upright().origin) * (-1, -1, 1) + (5, 6, 7))


@pytest.mark.parametrize("name", ["missing/scene.mrb", "a file/scene.mrb"])
def test_a_place_that_cannot_be_written_is_a_scene_error_with_words(name, tmp_path, scene):
    (tmp_path / "a file").write_text("")
    with pytest.raises(SceneError, match="does not exist") as error:
        MrmlScene().write(a_result(), tmp_path / name)
    assert error.value.mend
    assert slicer.mrmlScene is scene
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_a_full_disk_is_a_scene_error_and_leaves_nothing(tmp_path, monkeypatch):
    import errno

    from RegSuite.mrml import bundle

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle, "write_field", full)
    with pytest.raises(SceneError, match="disk is full"):
        MrmlScene().write(a_result(), tmp_path / "scene.mrb")
    assert not list(tmp_path.iterdir())


def test_a_node_that_slicer_does_not_write_is_a_scene_error_with_its_name(tmp_path, monkeypatch, watch):
    from RegSuite.mrml import bundle

    monkeypatch.setattr(bundle, "_ending", lambda *_: "no-such-format")
    with pytest.raises(SceneError, match="was not written"):
        MrmlScene().write(a_result(), tmp_path / "scene.mrb")
    assert not list(tmp_path.iterdir())
    watch.words.clear()  # Slicer's own words about it


def test_an_item_that_cannot_become_a_node_is_a_scene_error(tmp_path, scene):
    content = a_result()
    two = replace(content.items["fixed_labels"], data=torch.zeros((2, *upright().shape), dtype=torch.int32))
    with pytest.raises(SceneError):
        MrmlScene().write(
            replace(content, items={**content.items, "fixed_labels": two}), tmp_path / "scene.mrb"
        )
    assert slicer.mrmlScene is scene


def test_nothing_is_shown_where_there_is_no_window(scene, monkeypatch):
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None)
    before = _state(scene)
    assert MrmlScene().show(a_result()) is False
    assert _state(scene) == before


def test_in_a_window_the_result_is_shown_and_inputs_are_not_doubled(scene, monkeypatch):
    content = a_result()
    first = nodes_of(content)["fixed"]
    first.SetName("first")
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: object())
    before = len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))
    assert MrmlScene().show(content) is True
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert layers.GetBackgroundVolumeID() == first.GetID()
    added = len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) - before
    assert added == 2  # warped and Jacobian


def test_a_volume_of_the_same_name_but_other_voxels_is_not_taken_for_the_input(scene, monkeypatch):
    content = a_result()
    first = nodes_of(content)["fixed"]
    slicer.util.arrayFromVolume(first)[0, 0, 0] += 1
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: object())
    MrmlScene().show(content)
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert layers.GetBackgroundVolumeID() != first.GetID()


def _count(scene):
    """Nodes of inputs by class: volumes, label maps, segmentations, points, transforms."""
    kinds = ("ScalarVolume", "Segmentation", "MarkupsFiducial", "Transform")
    return [scene.GetNumberOfNodesByClass(f"vtkMRML{kind}Node") for kind in kinds]


def test_shown_again_no_input_is_doubled(scene, monkeypatch):
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: object())
    MrmlScene().show(a_result())
    before = _count(scene)
    assert MrmlScene().show(a_result()) is True
    added = [after - b for after, b in zip(_count(scene), before, strict=True)]
    assert added == [2, 1, 0, 2]  # warped and Jacobian, warped labels, displacement and linear part


@pytest.mark.parametrize("kind", ["label map", "segmentation"])
def test_labels_and_points_of_the_users_scene_are_taken_where_they_are_the_same(scene, kind):
    from RegSuite.mrml.markups import markups_from_points
    from RegSuite.mrml.same import with_nodes_at_hand
    from RegSuite.mrml.segmentations import segmentation_from_labels
    from RegSuite.mrml.volumes import label_volume_from_image

    content = a_result()
    make = label_volume_from_image if kind == "label map" else segmentation_from_labels
    labels = make(content.items["fixed_labels"], content.label_names, name="first labels")
    marks = markups_from_points(content.items["fixed_points"], name="first")
    moved = markups_from_points(content.items["moving_points"], name="second")
    found = with_nodes_at_hand(content).items
    assert (found["fixed_labels"], found["fixed_points"], found["moving_points"]) == (labels, marks, moved)
    moved.SetNthControlPointPosition(0, 1.0, 2.0, 3.0)
    marks.SetNthControlPointLabel(0, "another")
    other = content.items["fixed_labels"].data.clone()
    other[0, 0, 0, 0] = 2
    items = {**content.items, "fixed_labels": replace(content.items["fixed_labels"], data=other)}
    found = with_nodes_at_hand(replace(content, items=items)).items
    assert not {labels, marks, moved} & {found[r] for r in ("fixed_labels", "fixed_points", "moving_points")}
    labels.SetName("labels of somebody else")
    assert with_nodes_at_hand(content).items["fixed_labels"] is content.items["fixed_labels"]


def test_a_transform_of_the_users_scene_is_taken_where_it_is_the_same_map(scene):
    from RegSuite.mrml.same import with_nodes_at_hand
    from RegSuite.mrml.transforms import node_from_transform

    content = a_result()
    bent = content.items["displacement"]
    for item, other in ((bent, content.items["linear"]), (content.items["linear"], bent)):
        node = node_from_transform(item, name="Initial transform")
        given = replace(content, items={**content.items, "initial": item})
        assert with_nodes_at_hand(given).items["initial"] is node
        given = replace(content, items={**content.items, "initial": other})
        assert with_nodes_at_hand(given).items["initial"] is other
        scene.RemoveNode(node)
