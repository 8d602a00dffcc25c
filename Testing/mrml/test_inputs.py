"""Nodes as inputs of a workflow: by kind, on the right grid, told or refused before anything runs."""

import numpy as np
import pytest
import torch

import RegSuite
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Image, PointSet
from RegSuite.io.write_image import write_image
from RegSuite.mrml.inputs import engine_inputs, engine_object, is_node
from RegSuite.mrml.markups import markups_from_points
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.sequences import sequence_from_images
from RegSuite.mrml.tables import table_from_columns
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import label_volume_from_image, volume_from_image
from RegSuite.transforms import AffineTransform, DisplacementTransform, RigidTransform
from RegSuite.workflows.register import WORKFLOW
from Testing.mrml.gate import slicer
from Testing.mrml.through import a_linear
from Testing.transforms.samples import smooth_field
from Testing.workflows.small import SHIFT_MM, a_pair, labels_of

pytestmark = pytest.mark.slicer


@pytest.fixture
def pair():
    """Fixed and moving image and their nodes."""
    fixed, moving = a_pair()
    return fixed, moving, volume_from_image(fixed), volume_from_image(moving)


def test_what_is_no_node_passes_through_unchanged(pair):
    fixed, moving, *_ = pair
    given = {"fixed": "fixed.nii.gz", "moving": moving, "initial": "center-of-mass", "fixed_mask": None}
    assert engine_inputs(WORKFLOW, given) == {
        "fixed": "fixed.nii.gz",
        "moving": moving,
        "initial": "center-of-mass",
    }
    marker = object()
    assert engine_object(marker, "image", "fixed") is marker
    assert not is_node(fixed)
    assert is_node(pair[2])


def test_every_kind_of_node_becomes_its_engine_object(pair):
    fixed, moving, fixed_node, moving_node = pair
    labels = label_volume_from_image(labels_of(fixed), {1: "blob", 2: "core"})
    points = PointSet(fixed.grid.points([[3, 4, 5], [10, 8, 6]]), names=("a", "b"))
    found = engine_inputs(
        WORKFLOW,
        {
            "fixed": fixed_node,
            "moving": moving_node,
            "fixed_mask": labels,
            "fixed_labels": labels,
            "moving_labels": segmentation_from_labels(labels_of(moving), {1: "blob", 2: "core"}),
            "fixed_points": markups_from_points(points),
            "initial": node_from_transform(RigidTransform(np.eye(3), np.ones(3))),
        },
    )
    assert torch.equal(found["fixed"].data, fixed.data)
    assert found["moving"].grid == moving.grid
    assert torch.equal(found["fixed_mask"].data, (labels_of(fixed).data > 0).to(torch.uint8))
    assert torch.equal(found["fixed_labels"].data, labels_of(fixed).data)
    assert torch.equal(found["moving_labels"].data, labels_of(moving).data)
    assert found["moving_labels"].grid == moving.grid
    assert np.array_equal(found["fixed_points"].points, points.points)
    assert isinstance(found["initial"], RigidTransform)
    assert found["label_names"] == {1: "blob", 2: "core"}


def test_label_names_that_were_given_are_kept(pair):
    fixed, _, fixed_node, moving_node = pair
    labels = label_volume_from_image(labels_of(fixed), {1: "blob"})
    table = table_from_columns({"label": [1], "name": ["mine"]})
    given = {"fixed": fixed_node, "moving": moving_node, "fixed_labels": labels}
    assert engine_inputs(WORKFLOW, {**given, "label_names": table})["label_names"] == {1: "mine"}
    assert engine_inputs(WORKFLOW, {**given, "label_names": "n.csv"})["label_names"] == "n.csv"


def test_a_segmentation_takes_the_grid_of_its_image(pair):
    fixed, moving, fixed_node, moving_node = pair
    drawn_on_fixed = segmentation_from_labels(labels_of(fixed))
    found = engine_inputs(
        WORKFLOW,
        {
            "fixed": fixed_node,
            "moving": moving_node,
            "moving_labels": drawn_on_fixed,
            "fixed_mask": drawn_on_fixed,
        },
    )
    assert found["moving_labels"].grid == moving.grid
    assert found["fixed_mask"].grid == fixed.grid
    assert torch.equal(found["fixed_mask"].data[0] > 0, labels_of(fixed).data[0] > 0)


def test_a_segmentation_beside_an_image_from_elsewhere_takes_that_ones_grid(pair):
    fixed, _, _, moving_node = pair
    segmentation = segmentation_from_labels(labels_of(fixed))
    found = engine_inputs(WORKFLOW, {"fixed": fixed, "moving": moving_node, "fixed_labels": segmentation})
    assert found["fixed"] is fixed
    assert torch.equal(found["fixed_labels"].data, labels_of(fixed).data)


def test_a_segmentation_beside_a_file_takes_the_files_grid(pair, tmp_path):
    fixed, _, _, moving_node = pair
    path = tmp_path / "fixed.nii.gz"
    write_image(fixed, path)
    segmentation = segmentation_from_labels(labels_of(fixed))
    given = {"fixed": path, "moving": moving_node, "fixed_labels": segmentation}
    found = engine_inputs(WORKFLOW, given)
    assert found["fixed"] is path
    assert found["fixed_labels"].grid.same_space(fixed.grid)
    assert float((found["fixed_labels"].data != labels_of(fixed).data).float().mean()) < 0.001


def test_labels_of_one_name_get_one_number(pair):
    fixed, moving, fixed_node, moving_node = pair
    ours = segmentation_from_labels(labels_of(fixed), {1: "blob", 2: "core"})
    swapped = labels_of(moving).data
    swapped = torch.where(swapped == 1, 2, torch.where(swapped == 2, 1, swapped))
    for make in (segmentation_from_labels, label_volume_from_image):
        theirs = make(moving.with_data(swapped), {1: "core", 2: "blob"})
        found = engine_inputs(
            WORKFLOW,
            {"fixed": fixed_node, "moving": moving_node, "fixed_labels": ours, "moving_labels": theirs},
        )
        assert torch.equal(found["moving_labels"].data, labels_of(moving).data)
        assert found["label_names"] == {1: "blob", 2: "core"}


def test_labels_without_names_keep_their_numbers(pair):
    fixed, moving, fixed_node, moving_node = pair
    ours = segmentation_from_labels(labels_of(fixed), {1: "blob", 2: "core"})
    theirs = volume_from_image(Image(labels_of(moving).data, moving.grid, name="numbers"))
    given = {"fixed": fixed_node, "moving": moving_node, "fixed_labels": ours, "moving_labels": theirs}
    assert torch.equal(engine_inputs(WORKFLOW, given)["moving_labels"].data, labels_of(moving).data)


def test_a_label_that_steps_aside_does_not_meet_one_without_a_name(pair):
    fixed, moving, fixed_node, moving_node = pair
    ours = label_volume_from_image(labels_of(fixed), {1: "blob"})
    theirs = label_volume_from_image(labels_of(moving), {1: "core", 2: "blob"})
    given = {"fixed": fixed_node, "moving": moving_node, "fixed_labels": ours, "moving_labels": theirs}
    found = engine_inputs(WORKFLOW, given)
    unnamed = int(found["fixed_labels"].data.max())
    core = next(label for label, name in found["label_names"].items() if name == "core")
    assert unnamed > 1
    assert core > unnamed


def test_no_volume_chosen_is_refused_with_the_selectors_title(pair):
    with pytest.raises(InputError, match="no moving image was chosen") as caught:
        engine_inputs(WORKFLOW, {"fixed": pair[2], "moving": None})
    assert caught.value.where == "Moving image"
    assert caught.value.mend == "choose the moving image"


def test_the_same_volume_twice_is_refused_in_words(pair):
    with pytest.raises(
        InputError, match="'fixed' was chosen twice: as fixed image and as moving image"
    ) as caught:
        engine_inputs(WORKFLOW, {"fixed": pair[2], "moving": pair[2]})
    assert caught.value.where == "Fixed image, Moving image"


def test_the_same_labels_twice_are_refused_but_a_mask_may_serve_both(pair):
    fixed, _, fixed_node, moving_node = pair
    shared = segmentation_from_labels(labels_of(fixed))
    images = {"fixed": fixed_node, "moving": moving_node}
    with pytest.raises(InputError, match="as fixed labels and as moving labels"):
        engine_inputs(WORKFLOW, {**images, "fixed_labels": shared, "moving_labels": shared})
    found = engine_inputs(WORKFLOW, {**images, "fixed_mask": shared, "moving_mask": shared})
    assert found["moving_mask"].grid == found["moving"].grid


def test_a_node_of_a_scene_that_is_gone_is_refused(pair):
    fixed_node, moving_node = pair[2:]
    slicer.mrmlScene.Clear(0)
    with pytest.raises(InputError, match="'fixed' is no longer in a scene"):
        engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": moving_node})


def test_a_label_map_as_a_scan_is_refused_by_its_role(pair):
    fixed, _, fixed_node, _ = pair
    labels = label_volume_from_image(labels_of(fixed), name="organs")
    with pytest.raises(InputError, match="'organs' is a label map where a scan is wanted") as caught:
        engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": labels})
    assert caught.value.where == "moving 'organs'"


def test_a_sequence_is_refused_and_its_shown_frame_taken_with_a_warning(pair):
    _, moving, fixed_node, _ = pair
    sequence = sequence_from_images([moving, moving, moving], [0, 1, 2], name="breathing")
    with pytest.raises(InputError, match="'breathing' is a sequence") as caught:
        engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": sequence})
    assert "volume" in caught.value.mend
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    proxy = browser.GetProxyNode(sequence)
    browser.SetSelectedItemNumber(1)
    told = []
    found = engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": proxy}, told)
    assert torch.equal(found["moving"].data, moving.data)
    assert told == [f"moving '{proxy.GetName()}' is frame 2 of 3 of a sequence: only this one is used"]


def test_a_moving_image_under_the_initial_transform_is_not_moved_twice(pair):
    _, moving, fixed_node, moving_node = pair
    initial = node_from_transform(RigidTransform(np.eye(3), np.asarray(SHIFT_MM)), name="initial")
    moving_node.SetAndObserveTransformNodeID(initial.GetID())
    labels = segmentation_from_labels(labels_of(moving))
    labels.SetAndObserveTransformNodeID(initial.GetID())
    points = markups_from_points(PointSet(moving.grid.points([[3, 4, 5]])))
    points.SetAndObserveTransformNodeID(initial.GetID())
    given = {"fixed": fixed_node, "moving": moving_node, "moving_labels": labels, "moving_points": points}
    found = engine_inputs(WORKFLOW, {**given, "initial": initial})
    assert found["moving"].grid == moving.grid
    assert torch.equal(found["moving_labels"].data, labels_of(moving).data)
    assert np.allclose(found["moving_points"].points, moving.grid.points([[3, 4, 5]]))
    assert np.allclose(found["initial"].offset, SHIFT_MM)
    alone = engine_inputs(WORKFLOW, given)
    assert np.allclose(alone["moving"].grid.origin, np.asarray(moving.grid.origin) - SHIFT_MM)


def test_a_non_linear_parent_is_refused_until_it_is_the_initial_transform(pair):
    fixed, moving, fixed_node, moving_node = pair
    field = DisplacementTransform(smooth_field(fixed.grid, 2.0), fixed.grid)
    bend = node_from_transform(field, name="bend")
    moving_node.SetAndObserveTransformNodeID(bend.GetID())
    with pytest.raises(GeometryError, match="moving 'moving' is under a non-linear transform, 'bend'"):
        engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": moving_node})
    found = engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": moving_node, "initial": bend})
    assert found["moving"].grid == moving.grid
    voxels = torch.from_numpy(fixed.grid.points([[3, 4, 5], [20, 10, 9]]))
    assert float((found["initial"].points(voxels) - field.points(voxels)).abs().max()) < 1e-3


def test_a_parent_that_exchanges_left_and_right_is_refused(pair):
    _, _, fixed_node, moving_node = pair
    moving_node.SetAndObserveTransformNodeID(a_linear(np.diag([-1.0, 1, 1, 1])).GetID())
    with pytest.raises(GeometryError, match="moving 'moving' is under a transform that mirrors it"):
        engine_inputs(WORKFLOW, {"fixed": fixed_node, "moving": moving_node})


def test_2d_images_stay_2d_with_all_that_belongs_to_them():
    fixed, moving = a_pair(2)
    by_hand = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "by hand")
    x, y = fixed.grid.points([4, 5])
    by_hand.AddControlPoint(-x, -y, 0.0)
    found = engine_inputs(
        WORKFLOW,
        {
            "fixed": volume_from_image(fixed),
            "moving": volume_from_image(moving),
            "fixed_labels": segmentation_from_labels(labels_of(fixed)),
            "moving_labels": label_volume_from_image(labels_of(moving)),
            "fixed_points": by_hand,
            "initial": a_linear(np.eye(4)),
        },
    )
    assert found["fixed"].grid == fixed.grid
    assert torch.equal(found["moving"].data, moving.data)
    assert torch.equal(found["fixed_labels"].data, labels_of(fixed).data)
    assert torch.equal(found["moving_labels"].data, labels_of(moving).data)
    assert np.allclose(found["fixed_points"].points, [[x, y]])
    assert isinstance(found["initial"], AffineTransform)
    assert found["initial"].ndim == 2


def test_a_2d_image_beside_a_loaded_slice_is_a_slice_too():
    fixed, moving = a_pair(2)
    loaded = volume_from_image(moving)
    loaded.RemoveAttribute("RegSuite.Dimension")
    found = engine_inputs(WORKFLOW, {"fixed": volume_from_image(fixed), "moving": loaded})
    assert (found["fixed"].ndim, found["moving"].ndim) == (3, 3)


def test_the_users_nodes_are_not_changed(pair):
    fixed, _, fixed_node, moving_node = pair
    segmentation = segmentation_from_labels(labels_of(fixed))
    initial = a_linear(np.eye(4))
    nodes = (fixed_node, moving_node, segmentation, segmentation.GetSegmentation(), initial)
    before = [node.GetMTime() for node in nodes], slicer.mrmlScene.GetNumberOfNodes()
    engine_inputs(
        WORKFLOW,
        {"fixed": fixed_node, "moving": moving_node, "fixed_labels": segmentation, "initial": initial},
    )
    assert ([node.GetMTime() for node in nodes], slicer.mrmlScene.GetNumberOfNodes()) == before


def test_nodes_are_registered_from_the_console_as_images_are(pair):
    fixed, moving, fixed_node, moving_node = pair
    options = {"method": "rigid", "device": "cpu", "seed": 1}
    by_node = RegSuite.register(fixed_node, moving_node, **options)
    by_image = RegSuite.register(fixed, moving, **options)
    points = torch.from_numpy(fixed.grid.points([[3, 4, 5], [20, 10, 9]]))
    assert torch.equal(by_node.transform.points(points), by_image.transform.points(points))
    assert float((by_node.transform.points(points) - points - torch.tensor(SHIFT_MM)).abs().max()) < 0.5


def test_a_node_is_warped_from_the_console(pair):
    fixed, moving, fixed_node, moving_node = pair
    shift = node_from_transform(RigidTransform(np.eye(3), np.asarray(SHIFT_MM)))
    by_node = RegSuite.warp(moving_node, shift, like=fixed_node)
    by_image = RegSuite.warp(moving, RigidTransform(np.eye(3), np.asarray(SHIFT_MM)), like=fixed)
    assert torch.equal(by_node.data, by_image.data)
    points = PointSet(fixed.grid.points([[3, 4, 5]]))
    moved = RegSuite.warp(markups_from_points(points), shift)
    assert np.allclose(moved.points, points.points + SHIFT_MM)
