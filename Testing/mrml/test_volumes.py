"""Images as volume nodes and back: values, types, names, time and memory, what is refused."""

import gc
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io.images import read_image
from RegSuite.io.write_image import write_image
from RegSuite.mrml.space import to_ras
from RegSuite.mrml.volumes import (
    image_from_volume,
    label_volume_from_image,
    labels_from_volume,
    volume_from_image,
)
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import GRIDS, a_grid, counted

pytestmark = pytest.mark.slicer


@pytest.mark.parametrize("kind", GRIDS)
def test_an_image_comes_back_from_its_volume_value_by_value(kind):
    image = counted(a_grid(kind))
    back = image_from_volume(volume_from_image(image))
    assert back.grid == image.grid
    assert torch.equal(back.data, image.data)
    assert (back.name, back.data.dtype) == ("scan", torch.float32)


def test_a_marked_voxel_is_at_its_place_in_slicer():
    image = counted(a_grid("left-handed"))
    image.data[0, 3, 1, 2] = 9999.0
    node = volume_from_image(image)
    ras = to_ras(image.grid.points([2, 1, 3]))
    matrix = vtk.vtkMatrix4x4()
    node.GetRASToIJKMatrix(matrix)
    index = [round(i) for i in matrix.MultiplyPoint((*ras, 1.0))[:3]]
    assert node.GetImageData().GetScalarComponentAsDouble(*index, 0) == 9999.0


@pytest.mark.parametrize("kind", ["oblique", "left-handed"])
def test_simpleitk_reads_the_volume_that_slicer_saves_where_it_is(kind, tmp_path):
    image = counted(a_grid(kind))
    path = str(tmp_path / "scan.nrrd")
    assert slicer.util.saveNode(volume_from_image(image), path)
    read = sitk.ReadImage(path)
    assert np.array_equal(sitk.GetArrayFromImage(read), image.data[0].numpy())
    for index in ((0, 0, 0), (6, 5, 4)):
        assert np.abs(read.TransformIndexToPhysicalPoint(index) - image.grid.points(index)).max() < 1e-4


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", ".mha"])
@pytest.mark.parametrize("kind", ["oblique", "left-handed"])
def test_slicer_and_the_engine_read_a_file_as_one_image(kind, ending, tmp_path):
    path = tmp_path / f"scan{ending}"
    write_image(counted(a_grid(kind)), path)
    ours, theirs = read_image(path), image_from_volume(slicer.util.loadVolume(str(path)))
    order = np.arange(ours.grid.size[2])
    if kind == "left-handed":  # Slicer turns the slices round to make the axes right-handed
        order = order[::-1]
    assert torch.equal(theirs.data, ours.data[:, order.copy()])
    for index in ((0, 0, 0), (6, 5, 4), (2, 1, 3)):
        place = theirs.grid.points((*index[:2], int(order[index[2]])))
        assert np.abs(place - ours.grid.points(index)).max() < 1e-4


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        (torch.bool, "unsigned char"),
        (torch.uint8, "unsigned char"),
        (torch.int16, "short"),
        (torch.int64, "int"),
        (torch.float16, "float"),
        (torch.bfloat16, "float"),
        (torch.float64, "double"),
    ],
)
def test_a_type_that_slicer_does_not_show_becomes_the_next_that_it_does(dtype, stored):
    image = Image((torch.arange(210).reshape(1, 5, 6, 7) % 2).to(dtype), a_grid("oblique"))
    node = volume_from_image(image)
    assert node.GetImageData().GetScalarTypeAsString() == stored
    assert torch.equal(image_from_volume(node).data, image.data.float())


def test_whole_numbers_beyond_int32_are_kept():
    image = Image(torch.full((1, 5, 6, 7), 2**40), a_grid("oblique"))
    node = volume_from_image(image)
    assert node.GetImageData().GetScalarComponentAsDouble(0, 0, 0, 0) == 2.0**40


@pytest.mark.parametrize("type_name", ["uint16", "uint32", "int8", "float64"])
def test_every_type_that_slicer_loads_is_read(type_name):
    values = np.arange(24).reshape(2, 3, 4).astype(type_name)
    node = slicer.util.addVolumeFromArray(values, nodeClassName="vtkMRMLScalarVolumeNode")
    assert np.array_equal(image_from_volume(node).data[0].numpy(), values.astype(np.float32))


def test_image_and_node_share_no_memory():
    image = counted(a_grid("oblique"))
    node = volume_from_image(image)
    back = image_from_volume(node)
    slicer.util.arrayFromVolume(node)[:] = -1
    assert float(image.data.min()) == 0
    assert float(back.data.min()) == 0
    slicer.mrmlScene.RemoveNode(node)
    del node
    gc.collect()
    assert float(back.data.max()) == image.grid.voxels - 1
    back.data.zero_()


def test_a_non_contiguous_image_is_stored_as_it_reads():
    grid = a_grid("oblique")
    whole = torch.arange(2.0 * grid.voxels).reshape(1, 5, 6, 14)
    image = Image(whole[..., ::2], grid)
    assert torch.equal(image_from_volume(volume_from_image(image)).data, image.data)


def test_vectors_come_back_and_are_refused_as_a_scan():
    grid = a_grid("oblique")
    image = Image(torch.arange(3.0 * grid.voxels).reshape(3, *grid.shape), grid, name="field")
    node = volume_from_image(image)
    assert node.IsA("vtkMRMLVectorVolumeNode")
    assert torch.equal(image_from_volume(node, vector=True).data, image.data)
    with pytest.raises(InputError, match="has 3 values a voxel") as caught:
        image_from_volume(node, "fixed")
    assert "Vector to Scalar Volume" in caught.value.mend


def test_an_output_node_is_filled_in_the_world_and_keeps_its_name():
    node = volume_from_image(counted(a_grid("oblique")), name="mine")
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(parent.GetID())
    before = image_from_volume(node)
    assert volume_from_image(counted(a_grid("2D")), node=node) is node
    assert (node.GetName(), node.GetParentTransformNode()) == ("mine", None)
    assert image_from_volume(node).grid == a_grid("2D")
    assert before.grid == a_grid("oblique")
    volume_from_image(counted(a_grid("single slice")), node=node)
    assert image_from_volume(node).ndim == 3


def test_a_label_map_as_output_for_a_scan_is_refused():
    labels = label_volume_from_image(counted(a_grid("oblique"), torch.int32), name="organs")
    with pytest.raises(InputError, match="'organs' is a label map"):
        volume_from_image(counted(a_grid("oblique")), node=labels)


def test_the_modality_is_found_in_the_subject_hierarchy_and_in_the_units():
    node = volume_from_image(counted(a_grid("oblique")))
    assert image_from_volume(node).modality is None
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("[hnsf'U]", "UCUM", "Hounsfield unit")
    node.SetVoxelValueUnits(units)
    assert image_from_volume(node).modality == "CT"
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(node), "DICOM.Modality", "MR")
    assert image_from_volume(node).modality == "MR"
    other = volume_from_image(Image(counted(a_grid("oblique")).data, a_grid("oblique"), modality="PT"))
    assert image_from_volume(other).modality == "PT"


def test_labels_come_back_with_their_names_in_a_small_type():
    grid = a_grid("left-handed")
    data = torch.zeros((1, *grid.shape), dtype=torch.int32)
    data[0, 1:3, 2:5, 1:4] = 5
    data[0, 3:, 3:, 4:] = 210
    node = label_volume_from_image(Image(data, grid, name="organs"), {5: "liver"})
    assert node.GetImageData().GetScalarTypeAsString() == "short"
    back, names = labels_from_volume(node)
    assert torch.equal(back.data, data)
    assert back.data.dtype == torch.int32
    assert names == {5: "liver"}
    assert node.GetDisplayNode().GetColorNode().GetColorName(210) == "label 210"


def test_labels_of_slicers_own_colour_table_have_no_names():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "loaded")
    slicer.util.updateVolumeFromArray(node, np.arange(24, dtype=np.int16).reshape(2, 3, 4) % 4)
    node.CreateDefaultDisplayNodes()
    assert labels_from_volume(node)[1] == {}


@pytest.mark.parametrize("largest", [40_000, 3_000_000])
def test_large_labels_are_kept(largest):
    grid = a_grid("oblique")
    data = torch.zeros((1, *grid.shape), dtype=torch.int64)
    data[0, 2, 2, 2] = largest
    node = label_volume_from_image(Image(data, grid))
    assert int(labels_from_volume(node)[0].data.max()) == largest


def test_a_scalar_volume_of_whole_numbers_is_a_label_map_and_one_of_fractions_is_not():
    grid = a_grid("oblique")
    whole = volume_from_image(Image((counted(grid).data % 3), grid))
    assert sorted(labels_from_volume(whole)[0].data.unique().tolist()) == [0, 1, 2]
    broken = volume_from_image(Image(counted(grid).data / 4, grid, name="probability"))
    with pytest.raises(InputError, match="no whole numbers, the first is 0.25") as caught:
        labels_from_volume(broken, "fixed labels")
    assert "probability" in caught.value.where
    negative = volume_from_image(Image(counted(grid).data - 4, grid))
    with pytest.raises(InputError, match="values from -4"):
        labels_from_volume(negative)


def test_no_volume_is_refused():
    with pytest.raises(InputError, match="no fixed was chosen") as caught:
        image_from_volume(None, "fixed")
    assert caught.value.mend


def test_a_label_map_is_refused_where_a_scan_is_wanted():
    labels = label_volume_from_image(counted(a_grid("oblique"), torch.int32), name="organs")
    with pytest.raises(InputError, match="'organs' is a label map where a scan is wanted"):
        image_from_volume(labels, "moving")


def test_a_volume_without_voxels_is_refused():
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(InputError, match="'empty' has no voxels"):
        image_from_volume(empty, "fixed")


def test_a_node_whose_scene_is_gone_is_refused():
    node = volume_from_image(counted(a_grid("oblique")))
    slicer.mrmlScene.RemoveNode(node)
    with pytest.raises(InputError, match="no longer in a scene"):
        image_from_volume(node, "fixed")


def test_another_class_of_node_is_refused_in_its_words():
    markups = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "points")
    with pytest.raises(InputError, match="'points' is a point list"):
        image_from_volume(markups, "fixed")


def test_a_multi_volume_is_refused_with_its_frames():
    if not hasattr(slicer, "vtkMRMLMultiVolumeNode"):
        frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", "series")
    else:
        frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMultiVolumeNode", "series")
    image = vtk.vtkImageData()
    image.SetDimensions(3, 3, 3)
    image.AllocateScalars(vtk.VTK_SHORT, 7)
    image.GetPointData().GetScalars().Fill(0)
    frames.SetAndObserveImageData(image)
    with pytest.raises(InputError, match="of 7 frames|7 values|is a diffusion") as caught:
        image_from_volume(frames, "moving")
    assert caught.value.mend


def test_a_slice_off_the_plane_is_refused_where_2d_is_wanted():
    node = volume_from_image(counted(a_grid("single slice")))
    with pytest.raises(GeometryError, match="no single slice in the plane z = 0"):
        image_from_volume(node, "fixed", ndim=2)


def test_the_brightness_leaves_the_rarest_values_out():
    grid = Grid.make((60, 50, 40))
    values = torch.linspace(0, 100, grid.voxels).reshape(1, *grid.shape)
    values[0, 0, 0, :3] = 1e6
    display = volume_from_image(Image(values, grid)).GetDisplayNode()
    assert -1 < display.GetWindowLevelMin() < 1
    assert 99 < display.GetWindowLevelMax() < 101


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.int16])
def test_a_large_volume_goes_there_and_back_in_under_a_second_without_a_third_copy(dtype):
    grid = Grid.make((512, 512, 300), (0.7, 0.7, 1.5))
    image = Image(torch.ones((1, *grid.shape), dtype=dtype), grid)
    stored = image.data.element_size() * grid.voxels / 2**20
    seconds, mebibytes, node = _cost(lambda: volume_from_image(image))
    assert mebibytes < stored + 60
    assert seconds < 1.0
    seconds, mebibytes, back = _cost(lambda: image_from_volume(node))
    assert mebibytes < 4 * grid.voxels / 2**20 + 60
    assert seconds < 1.0
    assert float(back.data[0, 299, 511, 511]) == 1.0


def _cost(function):
    """Seconds (of the better of two) and peak memory in MiB above the start."""
    best, peak, made = np.inf, 0.0, None
    for _ in range(2):
        del made
        gc.collect()
        _reset_peak()
        before, begun = _memory("VmRSS"), time.perf_counter()
        made = function()
        best = min(best, time.perf_counter() - begun)
        peak = max(peak, _memory("VmHWM") - before)
    return best, peak, made


def _reset_peak():
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("the peak of memory cannot be reset on this system")


def _memory(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))
