"""`warp`: images, points and surfaces through a transform, in both directions, as SimpleITK does it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import RegSuite
from RegSuite.errors import GeometryError, InputError, OutputError, RegSuiteWarning
from RegSuite.geometry import Image, PointSet
from RegSuite.io.points import read_points
from RegSuite.io.simpleitk_bridge import image_from_sitk, image_to_sitk
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.warp_file import warp_file
from Testing.workflows.small import a_pair, grids, labels_of, landmarks, write, write_points

METHODS = {"linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor, "bspline": sitk.sitkBSpline}


def a_bend(grid):
    """A smooth displacement of some mm on `grid`, without folds."""
    d = grid.ndim
    p = torch.from_numpy(np.moveaxis(grid.all_points(), -1, 0))
    waves = [3.0 * torch.sin(p[(i + 1) % d] / 14.0) + i for i in range(d)]
    return DisplacementTransform(torch.stack(waves).float(), grid)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("interpolation", ["linear", "nearest", "bspline"])
def test_an_image_is_resampled_as_simpleitk_does(tmp_path, ndim, interpolation):
    fixed, moving = a_pair(ndim)
    bend = a_bend(fixed.grid)
    bend.save(tmp_path / "bend.nii.gz")
    ours = RegSuite.warp(moving, tmp_path / "bend.nii.gz", interpolation=interpolation)
    field = sitk.ReadImage(str(tmp_path / "bend.nii.gz"), sitk.sitkVectorFloat64)
    background = 0.0 if interpolation == "nearest" else float(moving.data.min())
    theirs = image_from_sitk(
        sitk.Resample(
            image_to_sitk(moving),
            image_to_sitk(fixed),
            sitk.DisplacementFieldTransform(field),
            METHODS[interpolation],
            background,
            sitk.sitkFloat32,
        )
    )
    difference = (ours.data - theirs.data).abs()
    if interpolation == "nearest":  # a tie between two voxels may fall either way
        assert float((difference > 1e-3).double().mean()) < 0.002
    else:
        # voxels on the moving image's outer face may count as in or out
        assert float((difference > 0.05).double().mean()) < 0.002


def test_label_interpolation_gives_labels_only_and_smoother_ones_than_nearest():
    fixed, moving = a_pair()
    bend, labels = a_bend(fixed.grid), labels_of(moving)
    smooth = RegSuite.warp(labels, bend, interpolation="label")
    nearest = RegSuite.warp(labels, bend, interpolation="nearest")
    assert set(torch.unique(smooth.data).tolist()) <= {0, 1, 2}
    assert smooth.data.dtype == labels.data.dtype
    assert float((smooth.data != nearest.data).double().mean()) < 0.1
    truth = labels_of(RegSuite.warp(moving, bend, interpolation="bspline"))
    misses = [int((found.data != truth.data).sum()) for found in (smooth, nearest)]
    assert misses[0] < misses[1]


def test_labels_of_a_file_stay_whole_numbers_and_a_scan_is_no_label_map(tmp_path):
    fixed, moving = a_pair()
    write(labels_of(moving), tmp_path / "labels.nii.gz")
    write(moving, tmp_path / "scan.nii.gz")
    bend = a_bend(fixed.grid)
    whole = RegSuite.warp(tmp_path / "labels.nii.gz", bend, interpolation="label")
    assert not whole.data.dtype.is_floating_point
    assert torch.equal(whole.data, RegSuite.warp(labels_of(moving), bend, interpolation="label").data)
    with pytest.raises(InputError, match="whole numbers"):
        RegSuite.warp(tmp_path / "scan.nii.gz", bend, interpolation="label")


def test_points_go_forward_and_come_back(tmp_path):
    fixed, _ = a_pair()
    bend = a_bend(fixed.grid)
    points = PointSet(landmarks()[0].points, labels=np.array([1, 2, 3, 4]), names=("a", "b", "c", "d"))
    there = RegSuite.warp(points, bend)
    itk = sitk.DisplacementFieldTransform(
        sitk.Cast(image_to_sitk(Image(bend.displacement_mm, bend.grid)), sitk.sitkVectorFloat64)
    )
    for ours, start in zip(there.points, points.points.tolist(), strict=True):
        assert ours == pytest.approx(itk.TransformPoint(start), abs=1e-3)
    assert there.names == points.names
    back = RegSuite.warp(there, bend, inverse=True)
    assert back.points == pytest.approx(points.points, abs=0.02)


def test_a_csv_becomes_a_csv_and_points_beyond_the_field_are_warned_of(tmp_path):
    fixed, _ = a_pair()
    a_bend(fixed.grid).save(tmp_path / "bend.nii.gz")
    points = PointSet(np.vstack([landmarks()[0].points, [[500.0, 0.0, 0.0]]]))
    source = write_points(points, tmp_path / "points.csv")
    record = warp_file(source, tmp_path / "bend.nii.gz", tmp_path / "warped.csv")
    assert any("1 of 5 points lie outside" in sentence for sentence in record.warnings)
    assert read_points(tmp_path / "warped.csv").points[-1] == pytest.approx([500.0, 0.0, 0.0])


def test_python_is_warned_of_points_beyond_the_field_in_the_words_of_the_command_line(tmp_path):
    fixed, _ = a_pair()
    bend = a_bend(fixed.grid)
    bend.save(tmp_path / "bend.nii.gz")
    points = PointSet(np.vstack([landmarks()[0].points, [[500.0, 0.0, 0.0]]]))
    record = warp_file(
        write_points(points, tmp_path / "points.csv"), tmp_path / "bend.nii.gz", tmp_path / "out.csv"
    )
    for transform in (bend, tmp_path / "bend.nii.gz"):
        with pytest.warns(RegSuiteWarning) as told:
            moved = RegSuite.warp(points, transform)
        assert [str(one.message) for one in told] == record.warnings
        assert told[0].filename == __file__
        assert moved.points[-1] == pytest.approx([500.0, 0.0, 0.0])
    listed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RegSuite.warp(landmarks()[0], bend)  # all within: not a word
        RegSuite.warp(points, bend, warnings=listed)
    assert listed == record.warnings


def test_a_linear_transform_needs_a_grid_and_takes_that_of_like(tmp_path):
    fixed, moving = a_pair()
    AffineTransform(np.eye(3), np.array([4.0, -3.0, 2.0])).save(tmp_path / "shift.tfm")
    with pytest.raises(InputError, match="--like"):
        RegSuite.warp(moving, tmp_path / "shift.tfm")
    warped = RegSuite.warp(moving, tmp_path / "shift.tfm", like=fixed)
    assert warped.grid == fixed.grid
    back = RegSuite.warp(fixed, tmp_path / "shift.tfm", inverse=True, like=moving)
    assert back.grid == moving.grid


def test_the_output_appears_whole_or_not_at_all(tmp_path):
    fixed, moving = a_pair()
    a_bend(fixed.grid).save(tmp_path / "bend.nii.gz")
    source = write(moving, tmp_path / "moving.nii.gz")
    before = sorted(p.name for p in tmp_path.iterdir())
    for target, error in (("out.xyz", InputError), ("no/folder/out.nii.gz", OutputError)):
        with pytest.raises(error):
            warp_file(source, tmp_path / "bend.nii.gz", tmp_path / target)
        assert sorted(p.name for p in tmp_path.iterdir()) == before
    warp_file(source, tmp_path / "bend.nii.gz", tmp_path / "out.nii.gz")
    with pytest.raises(OutputError, match="overwrite"):
        warp_file(source, tmp_path / "bend.nii.gz", tmp_path / "out.nii.gz")


def test_dimensions_that_do_not_go_together_are_refused():
    with pytest.raises(GeometryError, match="2D image, 3D transform"):
        RegSuite.warp(a_pair(2)[1], a_bend(grids(3)[0]))


@pytest.mark.parametrize("transform", ["nowhere.tfm", "."])
def test_a_transform_that_is_not_there_is_refused(tmp_path, transform):
    with pytest.raises(InputError, match="transform"):
        RegSuite.warp(a_pair()[1], tmp_path / transform)


@pytest.mark.parametrize("suffix", [".vtp", ".stl", ".ply"])
@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_a_surface_goes_where_its_points_go(tmp_path, suffix, space):
    vtk = pytest.importorskip("vtk", reason="vtk (extra `surfaces`) is not installed")
    from vtk.util.numpy_support import vtk_to_numpy

    from RegSuite.workflows import surfaces

    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(9.0)
    sphere.Update()
    surfaces._write(sphere.GetOutput(), tmp_path / f"in{suffix}")
    shift = np.array([4.0, -3.0, 2.0])
    AffineTransform(np.eye(3), shift).save(tmp_path / "shift.tfm")
    warp_file(
        tmp_path / f"in{suffix}", tmp_path / "shift.tfm", tmp_path / f"out{suffix}", surface_space=space
    )
    places = [
        vtk_to_numpy(surfaces.read_surface(tmp_path / name).GetPoints().GetData()).mean(axis=0)
        for name in (f"in{suffix}", f"out{suffix}")
    ]
    flip = np.array([-1.0, -1.0, 1.0]) if space == "RAS" else np.ones(3)
    assert places[1] - places[0] == pytest.approx(shift * flip, abs=1e-4)


def test_without_vtk_a_surface_is_refused_with_the_way_to_get_it(tmp_path, monkeypatch):
    from RegSuite.io import surface_file

    monkeypatch.setattr(surface_file, "find_spec", lambda name: None)
    AffineTransform(np.eye(3), np.zeros(3)).save(tmp_path / "none.tfm")
    with pytest.raises(InputError, match=r"pip install 'regsuite\[surfaces\]'"):
        warp_file(tmp_path / "in.vtp", tmp_path / "none.tfm", tmp_path / "out.vtp")
