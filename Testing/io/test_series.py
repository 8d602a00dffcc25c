"""Images over time: what is written comes back, other programs read the axes, what is none is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.io.series import read_series, series_of_sitk, write_series
from Testing.workflows.small import grids

TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)


def some_frames(grid, channels=1):
    return torch.rand((len(TIMES), channels, *grid.shape), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("ndim", [2, 3])
def test_frames_and_their_oblique_grid_come_back_as_written(tmp_path, ndim):
    grid = grids(ndim)[0]
    frames = some_frames(grid)
    write_series(frames, grid, TIMES, tmp_path / "path.nii.gz")
    found = read_series(tmp_path / "path.nii.gz", ndim)
    assert torch.equal(found.data, frames[:, 0])
    assert found.grid.same_space(grid)


def test_another_program_finds_time_on_the_fourth_axis_and_the_frame_in_its_place(tmp_path):
    grid = grids(3)[0]
    frames = some_frames(grid)
    write_series(frames, grid, TIMES, tmp_path / "path.nii.gz")
    seen = sitk.ReadImage(str(tmp_path / "path.nii.gz"))
    assert seen.GetSize() == (*grid.size, len(TIMES))
    assert seen.GetSpacing()[3] == pytest.approx(0.25)
    one = seen[:, :, :, 2]
    index = (5, 7, 3)
    assert one.TransformIndexToPhysicalPoint(index) == pytest.approx(grid.points(index), abs=1e-3)
    assert one[index] == pytest.approx(float(frames[2, 0, 3, 7, 5]))


def test_several_values_a_voxel_become_vectors(tmp_path):
    grid = grids(2)[0]
    frames = some_frames(grid, channels=2)
    write_series(frames, grid, TIMES, tmp_path / "path.nii.gz")
    seen = sitk.ReadImage(str(tmp_path / "path.nii.gz"))
    assert seen.GetNumberOfComponentsPerPixel() == 2
    assert seen[4, 6, 0, 3] == pytest.approx(frames[3, :, 6, 4].tolist())


def test_a_file_without_time_is_one_frame():
    volume = sitk.GetImageFromArray(np.zeros((4, 5, 6), np.float32))
    assert series_of_sitk(volume, 3).data.shape == (1, 4, 5, 6)


def test_a_plane_is_no_series_of_volumes():
    plane = sitk.GetImageFromArray(np.zeros((5, 6), np.float32))
    with pytest.raises(GeometryError, match="6x5 voxels of 1 value"):
        series_of_sitk(plane, 3)


def test_values_that_are_no_numbers_are_refused_with_the_file(tmp_path):
    grid = Grid.make((4, 4, 4))
    frames = torch.zeros((2, 1, 4, 4, 4))
    frames[1, 0, 2, 2, 2] = torch.inf
    write_series(frames, grid, (0.0, 1.0), tmp_path / "growth.nrrd")
    with pytest.raises(InputError, match=r"growth\.nrrd"):
        read_series(tmp_path / "growth.nrrd", 3)


def test_a_missing_file_and_another_ending_are_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_series(tmp_path / "none.nii.gz", 3)
    with pytest.raises(InputError, match=r"use \.nii\.gz"):
        write_series(torch.zeros((1, 1, 4, 4)), Grid.make((4, 4)), (0.0,), tmp_path / "film.gif")
