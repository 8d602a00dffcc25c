"""Segmentations on a grid and back: labels, names, colours, surfaces, overlap, parents."""

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.segmentations import (
    labels_from_segmentation,
    mask_from_segmentation,
    segmentation_from_labels,
)
from RegSuite.mrml.terminology import terminology_entry
from RegSuite.mrml.volumes import label_volume_from_image
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import a_grid
from Testing.mrml.through import a_linear, a_thin_plate_spline

pytestmark = pytest.mark.slicer

NAMES = {3: "Liver", 7: "Lung_L"}


def a_body() -> Grid:
    return Grid.make((32, 30, 24), (1.0, 1.25, 2.0), (12.0, -30.0, 5.0), a_grid("left-handed").direction)


def two_organs(grid: Grid | None = None) -> Image:
    """A box of label 3 and one of label 7."""
    grid = grid or a_body()
    data = torch.zeros((1, *grid.shape), dtype=torch.int32)
    data[..., 4:15, 5:16] = 3
    data[..., 18:27, 17:29] = 7
    return Image(data, grid, name="organs")


def test_labels_come_back_voxel_by_voxel_with_their_names():
    image = two_organs()
    back, names = labels_from_segmentation(segmentation_from_labels(image, NAMES), image.grid)
    assert torch.equal(back.data, image.data)
    assert back.grid == image.grid
    assert (names, back.name, back.data.dtype) == (NAMES, "organs", torch.int32)


def test_2d_labels_come_back_2d():
    grid = Grid.make((32, 30), (1.0, 1.25), (12.0, -30.0), a_grid("2D").direction)
    image = two_organs(grid)
    node = segmentation_from_labels(image, NAMES)
    for wanted in (grid, None):
        back, names = labels_from_segmentation(node, wanted)
        assert back.grid.same_space(grid)
        assert torch.equal(back.data, image.data)
        assert names == NAMES


def test_without_a_grid_the_segmentations_own_is_taken():
    image = two_organs()
    back, _ = labels_from_segmentation(segmentation_from_labels(image, NAMES), None)
    assert back.grid.same_space(image.grid, 1e-6)
    assert torch.equal(back.data, image.data)


def test_without_a_grid_and_a_source_geometry_the_segments_extent_is_taken():
    image = two_organs()
    node = segmentation_from_labels(image, NAMES)
    kept = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    node.GetSegmentation().SetConversionParameter(kept, "")
    back, names = labels_from_segmentation(node, None)
    assert names == NAMES
    assert [int((back.data == label).sum()) for label in NAMES] == [
        int((image.data == label).sum()) for label in NAMES
    ]
    corner = back.grid.points((back.data[0] == 3).nonzero()[0].flip(0).numpy())
    assert np.allclose(corner, image.grid.points((image.data[0] == 3).nonzero()[0].flip(0).numpy()))


def test_on_another_grid_each_voxel_has_the_label_of_the_nearest_one():
    image = two_organs()
    other = Grid.make((20, 28, 26), (2.0, 1.5, 1.7), (10.0, -40.0, -4.0))
    back, _ = labels_from_segmentation(segmentation_from_labels(image), other)
    index = image.grid.index(other.all_points())
    nearest = np.rint(index).astype(int)
    inside = ((nearest >= 0) & (nearest < image.grid.size)).all(-1)
    wanted = np.zeros(other.shape, dtype=int)
    x, y, z = nearest[inside].T
    wanted[inside] = image.data[0].numpy()[z, y, x]
    clear = (np.abs(index - np.floor(index) - 0.5) > 1e-3).all(-1)  # not between two voxels
    assert np.array_equal(back.data[0].numpy()[clear], wanted[clear])
    assert set(np.unique(wanted)) == {0, 3, 7}


def test_a_label_map_and_a_segmentation_show_a_label_in_one_colour():
    image = two_organs()
    table = label_volume_from_image(image, NAMES).GetDisplayNode().GetColorNode()
    segmentation = segmentation_from_labels(image, NAMES).GetSegmentation()
    for number, label in enumerate((3, 7)):
        seen = [0.0, 0.0, 0.0, 0.0]
        table.GetColor(label, seen)
        assert np.allclose(seen[:3], colour_of(label), atol=1 / 255)
        assert np.allclose(segmentation.GetNthSegment(number).GetColor(), colour_of(label))
    assert len({colour_of(label) for label in range(1, 200)}) == 199


def test_an_organs_name_finds_its_terminology_and_side():
    assert "SCT^10200004^Liver" in terminology_entry("liver")
    left = terminology_entry("Lung_L")
    assert "SCT^39607008^Lung" in left
    assert "SCT^7771000^Left" in left
    assert "SCT^24028007^Right" in terminology_entry("right kidney")
    assert "SCT^85756007^Tissue" in terminology_entry("label 12")
    segmentation = segmentation_from_labels(two_organs(), NAMES).GetSegmentation()
    entry = vtk.reference("")
    assert segmentation.GetNthSegment(0).GetTag("TerminologyEntry", entry)
    assert entry.get() == terminology_entry("Liver")


def test_surfaces_alone_are_voxelised_and_the_node_stays_as_it_was():
    image = two_organs()
    node = segmentation_from_labels(image, NAMES)
    node.CreateClosedSurfaceRepresentation()
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName("Closed surface")
    segmentation.RemoveRepresentation("Binary labelmap")
    back, names = labels_from_segmentation(node, image.grid)
    assert names == NAMES
    for label in NAMES:
        ours, theirs = back.data == label, image.data == label
        assert 2 * int((ours & theirs).sum()) / int(ours.sum() + theirs.sum()) > 0.9
    assert not segmentation.ContainsRepresentation("Binary labelmap")


def test_a_segmentation_of_a_user_is_numbered_in_its_order():
    grid = a_body()
    node = _drawn(grid, {"b": np.s_[2:6, 2:8, 2:9], "a": np.s_[10:14, 12:20, 12:20]})
    back, names = labels_from_segmentation(node, grid)
    assert names == {1: "b", 2: "a"}
    assert int(back.data[0, 3, 3, 3]) == 1
    assert int(back.data[0, 12, 15, 15]) == 2
    assert int((back.data > 0).sum()) == 4 * 6 * 7 + 4 * 8 * 8


def test_a_name_that_has_a_number_already_keeps_it():
    grid = a_body()
    node = _drawn(
        grid, {"b": np.s_[2:6, 2:8, 2:9], "a": np.s_[10:14, 12:20, 12:20], "c": np.s_[20:22, :3, :3]}
    )
    _, names = labels_from_segmentation(node, grid, numbers={"a": 1, "b": 4})
    assert names == {1: "a", 4: "b", 3: "c"}


def test_a_segment_that_was_edited_and_one_that_was_added_keep_labels_apart():
    image = two_organs()
    node = segmentation_from_labels(image, NAMES)
    _draw(node, image.grid, "new", np.s_[0:3, 0:3, 0:3])
    back, names = labels_from_segmentation(node, image.grid)
    assert names == {**NAMES, 8: "new"}
    assert int(back.data[0, 1, 1, 1]) == 8
    assert torch.equal(back.data == 3, image.data == 3)


def test_much_overlap_is_refused_with_names_and_percent():
    grid = a_body()
    node = _drawn(grid, {"body": np.s_[1:20, 1:28, 1:30], "target": np.s_[5:10, 5:10, 5:10]})
    with pytest.raises(InputError, match=r"overlap: 'body' and 'target' \(100 % of the smaller") as caught:
        labels_from_segmentation(node, grid, "fixed labels")
    assert "segmentation of their own" in caught.value.mend
    mask = mask_from_segmentation(node, grid)
    assert int(mask.data.sum()) == 19 * 27 * 29


def test_a_little_overlap_is_told_and_the_later_segment_stands():
    grid = a_body()
    node = _drawn(grid, {"a": np.s_[0:20, 0:20, 0:15], "b": np.s_[0:20, 19:28, 14:30]})
    told = []
    back, _ = labels_from_segmentation(node, grid, warnings=told)
    assert int(back.data[0, 5, 19, 14]) == 2
    assert len(told) == 1
    assert "'a' and 'b'" in told[0]


def test_rigid_parents_are_taken_in_and_others_refused():
    image = two_organs()
    node = segmentation_from_labels(image, NAMES)
    turn = vtk.vtkTransform()
    turn.Translate(4.0, -7.0, 2.0)
    turn.RotateZ(30)
    values = np.array([[turn.GetMatrix().GetElement(i, j) for j in range(4)] for i in range(4)])
    parent = a_linear(values)
    node.SetAndObserveTransformNodeID(parent.GetID())
    back, _ = labels_from_segmentation(node, None)
    assert torch.equal(back.data, image.data)
    signs = np.diag([-1.0, -1.0, 1.0, 1.0])
    wanted = signs @ values @ signs @ np.array([*image.grid.points([3, 4, 5]), 1.0])
    assert np.allclose(back.grid.points([3, 4, 5]), wanted[:3], atol=1e-6)
    again, _ = labels_from_segmentation(node, back.grid)
    assert torch.equal(again.data, image.data)
    inside, _ = labels_from_segmentation(node, image.grid, inside=parent)
    assert torch.equal(inside.data, image.data)
    node.SetAndObserveTransformNodeID(a_thin_plate_spline("bend").GetID())
    with pytest.raises(GeometryError, match="non-linear transform, 'bend'"):
        labels_from_segmentation(node, image.grid)


def test_an_output_segmentation_is_filled_anew():
    node = segmentation_from_labels(two_organs(), NAMES, name="mine")
    other = Image((two_organs().data == 3).int(), a_body(), name="other")
    assert segmentation_from_labels(other, {1: "Heart"}, node=node) is node
    assert node.GetName() == "mine"
    assert labels_from_segmentation(node, a_body())[1] == {1: "Heart"}


@pytest.mark.parametrize("largest", [200, 3000, 70_000])
def test_large_labels_come_back(largest):
    image = two_organs()
    data = torch.where(image.data == 7, largest, image.data)
    back, names = labels_from_segmentation(segmentation_from_labels(image.with_data(data)), image.grid)
    assert torch.equal(back.data, data)
    assert names == {}


def test_segments_that_nobody_named_have_no_names():
    grid = a_body()
    node = _drawn(grid, {"Segment_1": np.s_[2:6, 2:8, 2:9], "Segment_2": np.s_[10:14, 12:20, 12:20]})
    back, names = labels_from_segmentation(node, grid, numbers={"Segment_1": 9})
    assert names == {}
    assert sorted(back.data.unique().tolist()) == [0, 1, 2]


def test_a_segmentation_survives_slicers_file(tmp_path):
    image = two_organs()
    path = str(tmp_path / "organs.seg.nrrd")
    assert slicer.util.saveNode(segmentation_from_labels(image, NAMES), path)
    back, names = labels_from_segmentation(slicer.util.loadSegmentation(path), image.grid)
    assert torch.equal(back.data, image.data)
    assert names == NAMES


def test_no_segments_are_refused():
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    with pytest.raises(InputError, match="'empty' has no segments"):
        labels_from_segmentation(empty, a_body(), "fixed labels")


def test_a_cleared_segment_is_no_error():
    image = two_organs()
    node = segmentation_from_labels(image, NAMES)
    node.GetSegmentation().AddEmptySegment("nothing", "nothing")
    back, names = labels_from_segmentation(node, image.grid)
    assert torch.equal(back.data, image.data)
    assert sorted(names.values()) == ["Liver", "Lung_L", "nothing"]


def _drawn(grid, boxes):
    """A segmentation as a user draws it: a label map a segment, label value 1 each."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    for name, box in boxes.items():
        _draw(node, grid, name, box)
    return node


def _draw(node, grid, name, box):
    data = torch.zeros((1, *grid.shape), dtype=torch.uint8)
    data[0][box] = 1
    labels = label_volume_from_image(Image(data, grid, name=name), {1: name})
    logic = slicer.modules.segmentations.logic()
    assert logic.ImportLabelmapToSegmentationNode(labels, node)
    last = node.GetSegmentation().GetNumberOfSegments() - 1
    node.GetSegmentation().GetNthSegment(last).SetName(name)
    slicer.mrmlScene.RemoveNode(labels)
