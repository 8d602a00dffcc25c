"""Nodes to a worker and back without torch: what arrives is what the engine would have read."""

import numpy as np
import pytest
import torch

from RegSuite.backend.exchange import finish as write_all
from RegSuite.backend.exchange import read_item, write_item_in_steps
from RegSuite.geometry import Grid
from RegSuite.mrml import slabs
from RegSuite.mrml.inputs import engine_inputs, engine_inputs_in_steps
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.transforms import arrays_of_transform, node_from_transform, transform_from_node
from RegSuite.mrml.volume_reading import scan_of_volume
from RegSuite.mrml.volumes import image_from_volume, label_volume_from_image, volume_from_image
from RegSuite.workflows.register import WORKFLOW
from Testing.mrml.gate import slicer
from Testing.mrml.grids import GRIDS, a_grid, counted
from Testing.mrml.through import a_thin_plate_spline
from Testing.transforms.samples import oblique_grid, points_in, transform_of_kind


def through(value, folder, **how):
    return read_item(write_all(write_item_in_steps(value, folder, "item")), folder, **how)


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    """Slabs of one slice, so that small images are cut as large ones are."""
    monkeypatch.setattr(slabs, "SLAB_VOXELS", 40)


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("dtype", [torch.int16, torch.float32, torch.float64])
def test_a_worker_reads_the_image_that_the_engine_reads_from_the_node(kind, dtype, tmp_path):
    node = volume_from_image(counted(a_grid(kind), dtype))
    wanted, found = image_from_volume(node), through(scan_of_volume(node), tmp_path)
    assert found.data.dtype == torch.float32
    assert torch.equal(found.data, wanted.data)
    assert (found.grid, found.name, found.modality) == (wanted.grid, wanted.name, wanted.modality)


def test_a_scan_is_written_from_the_nodes_own_voxels_in_their_own_type(tmp_path):
    node = volume_from_image(counted(a_grid("oblique"), torch.int16))
    scan = scan_of_volume(node)
    assert np.shares_memory(scan.values, slicer.util.arrayFromVolume(node))
    again = through(scan, tmp_path, arrays=True)
    assert (again.values.dtype, again.dtype) == (np.int16, np.float32)


def test_an_image_made_of_a_scan_has_voxels_of_its_own():
    node = volume_from_image(counted(a_grid("oblique")))
    image = scan_of_volume(node).image()
    slicer.util.arrayFromVolume(node)[:] = -1
    assert int(image.data.min()) == 0


def test_a_scan_outlives_its_node(scene):
    node = volume_from_image(counted(a_grid("oblique")))
    scan = scan_of_volume(node)
    node.SetAndObserveImageData(None)
    scene.RemoveNode(node)
    assert np.array_equal(scan.values, counted(a_grid("oblique")).data.numpy())


def nodes_for_inputs():
    """Two scans, labels whose names agree and whose numbers do not, a segmentation as mask, a start."""
    grid = oblique_grid(3)
    labels = counted(grid, torch.int32)
    other = labels.with_data(labels.data % 3)
    labels = labels.with_data(labels.data % 4)
    mask = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "inside")
    source = label_volume_from_image(labels, {1: "a", 2: "b", 3: "c"}, name="labels")
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(source, mask)
    return {
        "fixed": volume_from_image(counted(grid, torch.int16), name="fixed"),
        "moving": volume_from_image(counted(grid), name="moving"),
        "fixed_labels": source,
        "moving_labels": label_volume_from_image(other, {1: "c", 2: "a"}, name="others"),
        "fixed_mask": mask,
        "initial": node_from_transform(transform_of_kind("composite", grid), name="start"),
    }


def test_a_worker_gets_of_all_inputs_what_the_engine_gets(tmp_path):
    given = nodes_for_inputs()
    wanted = engine_inputs(WORKFLOW, given)
    steps = engine_inputs_in_steps(WORKFLOW, given, arrays=True)
    found = through(finish(steps), tmp_path)
    points = points_in(oblique_grid(3), margin_voxels=3)
    assert found.keys() == wanted.keys()
    assert found["label_names"] == wanted["label_names"]
    assert torch.equal(found["initial"].transform().points(points), wanted["initial"].points(points))
    for role in ("fixed", "moving", "fixed_labels", "moving_labels", "fixed_mask"):
        assert torch.equal(found[role].data, wanted[role].data), role
        assert found[role].data.dtype == wanted[role].data.dtype, role
        assert found[role].grid == wanted[role].grid, role


def backwards(kind, grid):
    """A node whose map to its parent is a field or spline: what is wanted of it is the inverse."""
    node = node_from_transform(transform_of_kind(kind, grid), name="backwards")
    node.Inverse()
    return node


STARTS = {
    "rigid": lambda grid: node_from_transform(transform_of_kind("rigid", grid)),
    "displacement": lambda grid: node_from_transform(transform_of_kind("displacement", grid)),
    "B-spline": lambda grid: node_from_transform(transform_of_kind("bspline", grid)),
    "field backwards": lambda grid: backwards("displacement", grid),
    "B-spline backwards": lambda grid: backwards("bspline", grid),
    "thin plate spline": lambda _grid: a_thin_plate_spline(),
}


def wider(grid, voxels=4):
    """A grid over which the fields on `grid` do not reach."""
    origin = grid.points([-voxels] * grid.ndim).tolist()
    return Grid.make([n + 2 * voxels for n in grid.size], grid.spacing, origin, grid.direction)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("place", ["within", "beyond"])
def test_a_worker_builds_the_start_that_the_engine_reads_from_the_node(start, place, tmp_path):
    grid = oblique_grid(3)
    node, seen = STARTS[start](grid), grid if place == "within" else wider(grid)
    wanted = transform_from_node(node, grid=seen)
    found = through(finish(arrays_of_transform(node, grid=seen)), tmp_path).transform()
    points = points_in(grid, margin_voxels=2)
    assert type(found) is type(wanted)
    assert torch.allclose(found.points(points), wanted.points(points), rtol=0, atol=1e-6)


def test_a_start_that_is_badly_inverted_is_told_by_who_builds_it():
    grid = oblique_grid(3)
    field = transform_of_kind("displacement", grid)
    folded = type(field)(
        30 * torch.randn(field.field.shape, generator=torch.Generator().manual_seed(0)), grid
    )
    node = node_from_transform(folded, name="folded")
    node.Inverse()
    told = []
    finish(arrays_of_transform(node, grid=grid)).transform(told.append)
    assert len(told) == 1
    assert "misses by up to" in told[0]


def test_a_field_that_runs_backwards_is_saved_in_a_scene_as_the_map_it_is(tmp_path):
    from RegSuite.io.transforms import load_transform
    from RegSuite.mrml.bundle import _write_grid

    grid = oblique_grid(3)
    node = backwards("displacement", grid)
    _write_grid(node, tmp_path / "u.nrrd")
    points = points_in(grid, margin_voxels=3)
    wanted = transform_from_node(node, grid=grid).points(points)
    assert torch.allclose(load_transform(tmp_path / "u.nrrd").points(points), wanted, rtol=0, atol=1e-2)
