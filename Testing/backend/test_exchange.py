"""Engine objects through a folder: what is read is what was written, bit for bit."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.backend import arrays
from RegSuite.backend.arrays import read_array, write_array_in_steps
from RegSuite.backend.content import read_content, write_content
from RegSuite.backend.exchange import finish, moved, read_item, write_item_in_steps
from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage, Grid, Image, PointSet
from RegSuite.report.result import Result
from RegSuite.transforms import (
    AffineTransform,
    BSplineTransform,
    CompositeTransform,
    DisplacementTransform,
    RigidTransform,
    TimeVaryingVelocityTransform,
    VelocityTransform,
)
from RegSuite.transforms.arrays import ArrayTransform, members_of
from RegSuite.workflows.register import WORKFLOW
from RegSuite.workflows.scene import SceneContent
from Testing.workflows.small import a_pair, grids


def through(value, folder: Path):
    return read_item(finish(write_item_in_steps(value, folder, "item")), folder)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int16, torch.uint8, torch.bool, torch.float16])
def test_an_image_keeps_its_voxels_type_mask_and_place(tmp_path, ndim, dtype):
    image = a_pair(ndim)[0]
    image = Image(
        image.data.to(dtype), image.grid, "the scan", image.data[0] > 10, modality="MR", path=Path("a/b.nrrd")
    )
    found = through(image, tmp_path)
    assert found.data.dtype == dtype
    assert torch.equal(found.data, image.data)
    assert torch.equal(found.mask, image.mask)
    assert (found.grid, found.name, found.modality, found.path) == (
        image.grid,
        "the scan",
        "MR",
        Path("a/b.nrrd"),
    )


def transforms():
    grid = grids()[0]
    generator = torch.Generator().manual_seed(1)
    field = torch.rand((3, *grid.shape), generator=generator)
    affine = AffineTransform(np.eye(3) + 0.01 * np.arange(9).reshape(3, 3), [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    return {
        "affine": affine,
        "rigid": RigidTransform.from_parameters([0.1, 0.2, 0.3, 4, 5, 6], 3),
        "displacement": DisplacementTransform(field, grid, {"mean": 0.1, "p95": 0.2, "max": 0.3}),
        "velocity": VelocityTransform(field, grid),
        "time-varying": TimeVaryingVelocityTransform(torch.stack([field, -field]), grid),
        "bspline": BSplineTransform.for_grid(grid, 20.0),
        "composite": CompositeTransform((affine, DisplacementTransform(field, grid))),
    }


@pytest.mark.parametrize("kind", transforms())
def test_a_transform_maps_points_exactly_as_before(tmp_path, kind):
    transform = transforms()[kind]
    points = torch.tensor(np.random.default_rng(0).uniform(-20, 20, (50, 3)))
    found = through(transform, tmp_path)
    assert type(found) is type(transform)
    assert torch.allclose(found.points(points), transform.points(points), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["affine", "rigid", "displacement", "bspline", "composite"])
def test_a_transform_read_as_arrays_is_the_same_map(tmp_path, kind):
    transform = transforms()[kind]
    description = finish(write_item_in_steps(transform, tmp_path, "item"))
    found = read_item(description, tmp_path, arrays=True)
    points = torch.tensor(np.random.default_rng(0).uniform(-20, 20, (50, 3)))
    again = ArrayTransform(members_of(found)).transform()
    assert torch.allclose(again.points(points), transform.points(points), rtol=0, atol=1e-12)


def test_an_image_in_a_narrower_type_arrives_in_the_type_that_is_meant(tmp_path):
    image = a_pair(3)[0]
    values = image.data.numpy().astype(np.int16)
    mask = values[0] > 10
    scan = ArrayImage(values, image.grid, "the scan", mask, "CT", type_name="float32")
    found = through(scan, tmp_path)
    assert np.load(tmp_path / "item.data.npy").dtype == np.int16
    assert found.data.dtype == torch.float32
    assert np.array_equal(found.data.numpy(), values.astype(np.float32))
    assert np.array_equal(found.mask.numpy(), mask)
    assert (found.grid, found.name, found.modality) == (image.grid, "the scan", "CT")


def test_a_result_is_read_in_a_process_without_torch(tmp_path):
    image = a_pair(3)[0]
    field = DisplacementTransform(torch.ones((3, *image.grid.shape)), image.grid)
    items = {"fixed": image, "displacement": field, "linear": transforms()["affine"]}
    write_content(
        SceneContent(WORKFLOW, Result(workflow="register", status="completed"), items), tmp_path / "c"
    )
    code = f"""
import sys
from pathlib import Path
from RegSuite.backend.content import read_content
content = read_content(Path({str(tmp_path / "c")!r}), arrays=True)
image, field, linear = (content.item(role) for role in ("fixed", "displacement", "linear"))
assert image.values.sum(dtype=float) == {float(image.data.numpy().sum(dtype=float))!r}
assert (field.displacement_mm == 1).all() and linear.matrix.shape == (3, 3)
assert not {{"torch", "numba"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_points_keep_labels_and_names(tmp_path):
    points = PointSet(np.arange(6.0).reshape(2, 3), np.array([3, 4]), ("left", "right"), "landmarks")
    found = through(points, tmp_path)
    assert np.array_equal(found.points, points.points)
    assert found.labels.tolist() == [3, 4]
    assert (found.names, found.name) == (("left", "right"), "landmarks")


@pytest.mark.parametrize("value", [None, "rigid", 3, 0.1, True, Path("a.csv"), {1: "heart", 2: "lung"}])
def test_words_numbers_paths_and_tables_come_through(tmp_path, value):
    assert through(value, tmp_path) == value


def test_what_no_process_can_be_handed_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="object cannot be handed"):
        through(object(), tmp_path)


def test_arrays_are_written_in_pieces_wherever_their_voxels_lie(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "PIECE_BYTES", 400)
    array = np.arange(3 * 5 * 7 * 11, dtype=np.float32).reshape(11, 7, 5, 3).transpose(3, 2, 1, 0)
    before = array.copy()
    steps = sum(1 for _ in write_array_in_steps(array, tmp_path / "a.npy"))
    assert steps >= array.nbytes / 400
    assert np.array_equal(np.load(tmp_path / "a.npy"), before)
    assert np.array_equal(array, before)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1, 1, 1)])
def test_arrays_of_no_or_one_number_come_through(tmp_path, shape):
    array = np.ones(shape, np.int64)
    assert np.array_equal(read_array_of(array, tmp_path), array)


def read_array_of(array, folder):
    for _ in write_array_in_steps(array, folder / "a.npy"):
        pass
    return read_array(folder / "a.npy")


def test_a_large_array_is_mapped_and_changing_it_does_not_reach_the_file(tmp_path):
    array = np.zeros((600, 600), np.float32)
    found = read_array_of(array, tmp_path)
    holder = found
    while isinstance(holder, np.ndarray):
        holder = holder.base
    assert isinstance(holder, mmap.mmap)
    found[0, 0] = 1
    assert np.load(tmp_path / "a.npy")[0, 0] == 0


def test_descriptions_can_be_read_from_the_folder_beside(tmp_path):
    for name in ("inputs", "content"):
        (tmp_path / name).mkdir()
    image = a_pair()[0]
    description = finish(write_item_in_steps(image, tmp_path / "inputs", "fixed"))
    found = read_item(moved(description, "../inputs"), tmp_path / "content")
    assert torch.equal(found.data, image.data)


def test_content_comes_through_and_makes_its_items_when_they_are_asked_for(tmp_path):
    fixed, moving = a_pair()
    made = []
    content = SceneContent(
        WORKFLOW,
        Result(workflow="register", status="completed", metrics={"dice_mean": 0.5}),
        {"fixed": fixed, "moving": lambda: made.append("moving") or moving, "warped": lambda: None},
        label_names={7: "nucleus"},
        centre_mm=(1.5, 2.5, 3.5),
        name="moving to fixed",
    )
    write_content(content, tmp_path / "content")
    found = read_content(tmp_path / "content")
    assert set(found.items) == {"fixed", "moving"}
    assert all(callable(item) for item in found.items.values())
    assert torch.equal(found.item("moving").data, moving.data)
    assert found.item("fixed").grid == fixed.grid
    assert (found.label_names, found.centre_mm, found.name) == (
        {7: "nucleus"},
        (1.5, 2.5, 3.5),
        "moving to fixed",
    )
    assert found.record.metrics == {"dice_mean": 0.5}
    assert found.workflow is WORKFLOW


def test_a_grid_keeps_every_digit(tmp_path):
    grid = Grid.make((3, 4, 5), (1 / 3, 0.1, 2 / 7), (np.pi, -np.e, 1e-17))
    assert through(grid, tmp_path) == grid


def test_a_field_is_not_searched_for_bad_values_a_second_time(tmp_path):
    grid = grids()[0]
    transform = DisplacementTransform(torch.zeros((3, *grid.shape)), grid)
    description = finish(write_item_in_steps(transform, tmp_path, "field"))
    np.save(tmp_path / description["fields"]["displacement_mm"]["file"], np.full((3, *grid.shape), np.nan))
    assert read_item(description, tmp_path).displacement_mm.isnan().all()
    assert read_item(description, tmp_path).ndim == 3
