"""What goes from the engine through a node and a file of Slicer comes back the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid, Image, PointSet
from Testing.mrml.carried import carried
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import GRIDS, a_grid, counted

pytestmark = pytest.mark.slicer

MM = 1e-3
"""How far a point may be from where it was."""
SCENES = (".mrb", ".mrml")
NAMES = {2: "left lung", 5: "heart", 300: "gross tumour volume"}


def labels_on(grid: Grid) -> Image:
    """Three labels that touch, with gaps in their numbers."""
    values = torch.zeros((1, *grid.shape), dtype=torch.int32)
    values[..., :2, :3] = 2
    values[..., 2:4, 1:5] = 5
    values[..., 4:, 3:] = 300
    return Image(values, grid, name="labels")


def same_grid(found: Grid, expected: Grid) -> bool:
    return found.ndim == expected.ndim and found.same_space(expected, MM)


def assert_same_image(found: Image, expected: Image) -> None:
    """Equal values at equal places: Slicer turns the axes of a left-handed file into right-handed ones."""
    assert found.ndim == expected.ndim
    assert found.grid.voxels == expected.grid.voxels
    index = found.grid.index(expected.grid.all_points())
    nearest = np.rint(index).astype(int)
    assert np.abs((index - nearest) * found.grid.spacing).max() < MM
    axes = tuple(torch.from_numpy(nearest[..., axis]) for axis in reversed(range(found.ndim)))
    assert torch.equal(found.data[(slice(None), *axes)].double(), expected.data.double())


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", ".mrb"])
@pytest.mark.parametrize("kind", GRIDS)
def test_images_come_back_bit_for_bit_where_they_were(kind, ending, tmp_path):
    from RegSuite.mrml.volumes import image_from_volume, volume_from_image

    image = counted(a_grid(kind))
    node = carried(volume_from_image(image), ending, tmp_path)
    found = image_from_volume(node, ndim=image.ndim)
    assert_same_image(found, image)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.float32, torch.float64])
def test_every_type_of_values_is_kept_in_the_file(dtype, tmp_path):
    from RegSuite.mrml.volumes import image_from_volume, volume_from_image

    image = counted(a_grid("oblique"), dtype)
    node = carried(volume_from_image(image), ".nrrd", tmp_path)
    assert slicer.util.arrayFromVolume(node).dtype == image.data.numpy().dtype
    assert torch.equal(image_from_volume(node).data, image.data.float())


@pytest.mark.parametrize("ending", [".nrrd", ".mrb"])
def test_vectors_come_back_in_their_order(ending, tmp_path):
    from RegSuite.mrml.volumes import image_from_volume, volume_from_image

    grid = a_grid("left-handed")
    image = Image(torch.arange(3 * grid.voxels).reshape(3, *grid.shape).float(), grid, name="vectors")
    node = carried(volume_from_image(image), ending, tmp_path)
    assert_same_image(image_from_volume(node, vector=True), image)


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", *SCENES])
@pytest.mark.parametrize("kind", ["oblique", "left-handed", "2D"])
def test_label_maps_come_back_bit_for_bit(kind, ending, tmp_path):
    from RegSuite.mrml.volumes import label_volume_from_image, labels_from_volume

    image = labels_on(a_grid(kind))
    found, names = labels_from_volume(
        carried(label_volume_from_image(image, NAMES), ending, tmp_path), ndim=image.ndim
    )
    assert_same_image(found, image)
    if ending in SCENES:  # a file of voxels has no names
        assert names == NAMES


@pytest.mark.parametrize("ending", [".seg.nrrd", *SCENES])
@pytest.mark.parametrize("kind", ["oblique", "left-handed", "single slice", "2D"])
def test_segmentations_come_back_bit_for_bit_with_their_names_and_numbers(kind, ending, tmp_path):
    from RegSuite.mrml.segmentations import labels_from_segmentation, segmentation_from_labels

    image = labels_on(a_grid(kind))
    node = carried(segmentation_from_labels(image, NAMES), ending, tmp_path)
    found, names = labels_from_segmentation(node, image.grid)
    assert names == NAMES
    assert torch.equal(found.data, image.data)
    assert same_grid(found.grid, image.grid)


@pytest.mark.parametrize("ending", [".mrk.json", *SCENES])
@pytest.mark.parametrize("ndim", [2, 3])
def test_points_come_back_with_names_and_labels(ndim, ending, tmp_path):
    from RegSuite.mrml.markups import markups_from_points, points_from_markups

    places = np.random.default_rng(3).uniform(-120, 120, (5, ndim))
    points = PointSet(
        places, np.array([3, 1, 4, 1, 5]), ("apex", "base", "left", "right", "tip"), "landmarks"
    )
    node = carried(markups_from_points(points), ending, tmp_path)
    found = points_from_markups(node, ndim=ndim)
    np.testing.assert_allclose(found.points, places, rtol=0, atol=MM)
    assert found.names == points.names
    np.testing.assert_array_equal(found.labels, points.labels)


def corners(surface):
    """The corners of all triangles in their order: [3 n, 3]."""
    cells = (surface.GetCell(i) for i in range(surface.GetNumberOfCells()))
    return np.array([cell.GetPoints().GetPoint(k) for cell in cells for k in range(3)])


@pytest.mark.parametrize("ending", [".vtp", ".vtk", ".stl", ".ply", *SCENES])
def test_surfaces_come_back_where_they_were(ending, tmp_path):
    from RegSuite.mrml.models import model_from_surface, surface_from_model

    cone = vtk.vtkConeSource()
    cone.SetCenter(40.0, -25.0, 10.0)
    cone.SetDirection(1.0, 2.0, 3.0)
    cone.SetHeight(30.0)
    triangles = vtk.vtkTriangleFilter()  # all that .stl holds
    triangles.SetInputConnection(cone.GetOutputPort())
    triangles.Update()
    surface = triangles.GetOutput()
    found = surface_from_model(carried(model_from_surface(surface, name="cone"), ending, tmp_path))
    assert found.GetNumberOfCells() == surface.GetNumberOfCells()
    np.testing.assert_allclose(corners(found), corners(surface), rtol=0, atol=MM)


@pytest.mark.parametrize("ending", [".csv", ".tsv", *SCENES])
def test_tables_come_back_with_the_kinds_of_their_columns(ending, tmp_path):
    from RegSuite.mrml.tables import columns_from_table, table_from_columns

    columns = {"structure": ["heart", "lung, left"], "label": [5, 2], "dice": [0.25, 0.875]}
    node = carried(table_from_columns(columns, name="metrics"), ending, tmp_path)
    assert columns_from_table(node) == columns


@pytest.mark.parametrize("ending", [".seq.nrrd", ".mrb"])
def test_sequences_come_back_frame_by_frame(ending, tmp_path):
    from RegSuite.mrml.sequences import images_from_sequence, sequence_from_images

    image = counted(a_grid("oblique"))
    frames = [image.with_data(image.data + 1000 * phase) for phase in range(3)]
    node = sequence_from_images(frames, [0.0, 33.5, 66.0], name="phases", unit="%")
    found, values = images_from_sequence(carried(node, ending, tmp_path))
    assert values == [0.0, 33.5, 66.0]
    for one, expected in zip(found, frames, strict=True):
        assert torch.equal(one.data, expected.data)
        assert same_grid(one.grid, image.grid)
