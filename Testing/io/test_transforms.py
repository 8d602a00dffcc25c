"""What is written is applied by SimpleITK as we apply it, and is read back as what it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError, InputError, OutputError
from RegSuite.geometry import Grid
from RegSuite.io.transforms import load_transform, save_transform
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform
from Testing.transforms.samples import KINDS, oblique_grid, points_in, smooth_field, transform_of_kind

GRIDS = {"3d": oblique_grid(3), "2d": oblique_grid(2), "one voxel thick": oblique_grid(3, thin=True)}


def applied_by_sitk(path: Path, points: torch.Tensor) -> np.ndarray:
    transform = sitk.ReadTransform(str(path))
    return np.array([transform.TransformPoint(p) for p in points.tolist()])


def field_applied_by_sitk(path: Path, points: torch.Tensor) -> np.ndarray:
    field = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    transform = sitk.DisplacementFieldTransform(field)
    return np.array([transform.TransformPoint(p) for p in points.tolist()])


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [(k, s) for k in KINDS for s in (".tfm", ".h5")] + [("composite", ".txt"), ("composite", ".hdf5")],
)
@pytest.mark.parametrize("where", GRIDS)
def test_simpleitk_applies_the_file_to_random_points_as_we_do(
    tmp_path: Path, where: str, kind: str, suffix: str
) -> None:
    transform = transform_of_kind(kind, GRIDS[where])
    points = points_in(GRIDS[where])
    path = tmp_path / f"map{suffix}"
    transform.save(path)
    np.testing.assert_allclose(applied_by_sitk(path, points), transform.points(points), atol=1e-3)
    back = load_transform(path, transform.ndim)
    np.testing.assert_allclose(back.points(points), transform.points(points), atol=1e-3)


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine"])
@pytest.mark.parametrize("suffix", [".tfm", ".h5", ".mat"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_a_linear_transform_keeps_its_kind_centre_and_digits(
    tmp_path: Path, ndim: int, suffix: str, kind: str
) -> None:
    transform = transform_of_kind(kind, oblique_grid(ndim))
    assert isinstance(transform, AffineTransform)
    transform.save(tmp_path / f"map{suffix}")
    back = load_transform(tmp_path / f"map{suffix}")
    assert type(back) is type(transform)
    np.testing.assert_allclose(back.homogeneous, transform.homogeneous, atol=1e-9)
    np.testing.assert_allclose(back.centre_mm, transform.centre_mm, atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [(k, ".nii.gz") for k in KINDS] + [("composite", s) for s in (".nii", ".nrrd", ".mha")],
)
@pytest.mark.parametrize("where", GRIDS)
def test_the_displacement_image_is_applied_by_simpleitk_as_the_sampled_map(
    tmp_path: Path, where: str, kind: str, suffix: str
) -> None:
    grid = GRIDS[where]
    transform = transform_of_kind(kind, grid)
    path = tmp_path / f"map{suffix}"
    save_transform(transform, path, grid)
    sampled = DisplacementTransform(transform.displacement(grid), grid)
    # headers hold float32 quaternions, so stay clear of the outer faces by a hair
    points = points_in(grid, margin_voxels=0.05)
    if not (min(grid.size) == 1 and ".nii" in suffix):  # ITK drops the third axis of such a file
        np.testing.assert_allclose(field_applied_by_sitk(path, points), sampled.points(points), atol=1e-3)
    back = load_transform(path)
    assert isinstance(back, DisplacementTransform)
    assert torch.equal(back.displacement_mm, sampled.displacement_mm)
    assert back.grid.same_space(grid)


@pytest.mark.parametrize("where", GRIDS)
def test_nifti_fields_carry_the_vector_intent_on_disk(tmp_path: Path, where: str) -> None:
    grid = GRIDS[where]
    DisplacementTransform(smooth_field(grid, 2.0), grid).save(tmp_path / "u.nii")
    header = (tmp_path / "u.nii").read_bytes()[:348]
    intent = int(np.frombuffer(header, "<i2", 1, offset=68)[0])
    dims = np.frombuffer(header, "<i2", 8, offset=40)
    assert intent == 1007
    assert dims[0] == 5
    assert dims[5] == grid.ndim


def test_nrrd_fields_are_marked_as_displacement_for_slicer(tmp_path: Path) -> None:
    grid = GRIDS["3d"]
    DisplacementTransform(smooth_field(grid, 2.0), grid).save(tmp_path / "u.nrrd")
    assert b"displacement field type:=resampling" in (tmp_path / "u.nrrd").read_bytes()[:2000]


def test_a_file_of_an_image_pulled_by_simpleitk_is_the_image_pulled_by_us(tmp_path: Path) -> None:
    from RegSuite.geometry import Image
    from RegSuite.io.simpleitk_bridge import image_to_sitk
    from RegSuite.numerics.resample import warp

    grid = GRIDS["3d"]
    transform = transform_of_kind("composite", grid)
    values = smooth_field(grid, 50.0, seed=9)[:1].contiguous()
    transform.save(tmp_path / "map.h5")
    theirs = sitk.GetArrayFromImage(
        sitk.Resample(image_to_sitk(Image(values, grid)), sitk.ReadTransform(str(tmp_path / "map.h5")))
    )
    ours = warp(
        values,
        grid.shape,
        np.eye(3, 4),
        transform.displacement(grid),
        grid.inverse_matrix[:3, :3],
        outside=0.0,
    )
    # at an outer face rounding decides which side a voxel is on
    assert float((np.abs(ours[0].numpy() - theirs) > 0.01).mean()) < 0.002


def test_the_first_member_of_a_composite_meets_the_fixed_point_first_in_itk_too(tmp_path: Path) -> None:
    stretch = AffineTransform(2 * np.eye(3), np.zeros(3))
    grid = Grid.make((5, 5, 5), 10.0, (-20.0, -20.0, -20.0))
    shift = DisplacementTransform(torch.ones((3, *grid.shape)), grid)
    CompositeTransform.of(shift, stretch).save(tmp_path / "map.h5")
    found = sitk.ReadTransform(str(tmp_path / "map.h5")).TransformPoint((1.0, 2.0, 3.0))
    np.testing.assert_allclose(found, (4.0, 6.0, 8.0), atol=1e-9)


def test_any_linear_transform_of_itk_is_read(tmp_path: Path) -> None:
    scale = sitk.ScaleTransform(3, (1.0, 2.0, 3.0))
    scale.SetCenter((5.0, 6.0, 7.0))
    euler = sitk.Euler3DTransform((1.0, 2.0, 3.0), 0.1, 0.2, 0.3, (4.0, 5.0, 6.0))
    for found in (
        scale,
        euler,
        sitk.TranslationTransform(3, (1.0, 2.0, 3.0)),
        sitk.Transform(3, sitk.sitkIdentity),
    ):
        sitk.WriteTransform(found, str(tmp_path / "map.tfm"))
        back = load_transform(tmp_path / "map.tfm", 3)
        there = back.points(torch.tensor([[10.0, -20.0, 30.0]], dtype=torch.float64))[0]
        np.testing.assert_allclose(there, found.TransformPoint((10.0, -20.0, 30.0)), atol=1e-9)


def test_a_b_spline_made_by_itk_is_read_exactly(tmp_path: Path) -> None:
    image = sitk.Image([20, 22, 24], sitk.sitkFloat32)
    image.SetSpacing((1.0, 2.0, 3.0))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    spline = sitk.BSplineTransformInitializer(image, [3, 4, 5])
    rng = np.random.default_rng(0)
    spline.SetParameters(rng.normal(size=len(spline.GetParameters())).tolist())
    sitk.WriteTransform(spline, str(tmp_path / "map.tfm"))
    back = load_transform(tmp_path / "map.tfm", 3)
    points = [image.TransformContinuousIndexToPhysicalPoint(i) for i in rng.uniform(0, 19, (100, 3)).tolist()]
    theirs = np.array([spline.TransformPoint(p) for p in points])
    np.testing.assert_allclose(back.points(torch.tensor(points, dtype=torch.float64)), theirs, atol=1e-5)


def test_saving_replaces_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "map.tfm"
    AffineTransform.identity(3).save(path)
    AffineTransform(2 * np.eye(3), np.zeros(3)).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["map.tfm"]
    loaded = load_transform(path)
    assert isinstance(loaded, AffineTransform)
    assert loaded.matrix[0, 0] == 2.0


def test_a_failed_write_leaves_the_old_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "map.tfm"
    AffineTransform.identity(3).save(path)
    before = path.read_bytes()

    def half_written(_transform: object, name: str) -> None:
        Path(name).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sitk, "WriteTransform", half_written)
    from RegSuite.errors import DiskFull

    with pytest.raises(DiskFull, match="full"):
        AffineTransform(2 * np.eye(3), np.zeros(3)).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["map.tfm"]


def a_scalar_image(path: Path) -> None:
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkFloat32), str(path))


def a_field_with_nan(path: Path) -> None:
    values = np.zeros((4, 4, 4, 3), np.float32)
    values[1, 2, 3, 0] = np.nan
    sitk.WriteImage(sitk.GetImageFromArray(values, isVector=True), str(path))


def no_transform(path: Path) -> None:
    path.write_text("this is no transform")


@pytest.mark.parametrize(
    ("name", "make", "error", "words"),
    [
        ("missing.tfm", None, InputError, "does not exist"),
        ("map.docx", no_transform, InputError, "ending"),
        ("map.tfm", no_transform, InputError, "cannot read"),
        ("map.h5", no_transform, InputError, "cannot read"),
        ("map.nii.gz", no_transform, InputError, "cannot read"),
        ("scalar.nii.gz", a_scalar_image, GeometryError, r"1 value\(s\) a voxel"),
        ("nan.nrrd", a_field_with_nan, GeometryError, "1 of 64 voxels that are not finite"),
        ("nan.nii.gz", a_field_with_nan, GeometryError, "1 NaN and 0 infinite values"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_with_what_where_and_mend(
    tmp_path: Path, name: str, make: object, error: type[InputError], words: str
) -> None:
    path = tmp_path / name
    if callable(make):
        make(path)
    with pytest.raises(error, match=words) as caught:
        load_transform(path)
    assert name in caught.value.where
    assert caught.value.mend


def test_a_transform_of_another_dimension_is_refused(tmp_path: Path) -> None:
    AffineTransform.identity(2).save(tmp_path / "flat.tfm")
    with pytest.raises(GeometryError, match="2D transform where 3D is wanted"):
        load_transform(tmp_path / "flat.tfm", 3)


def test_what_a_format_cannot_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    grid = GRIDS["3d"]
    with pytest.raises(InputError, match=r"\.mat"):
        transform_of_kind("bspline", grid).save(tmp_path / "map.mat")
    with pytest.raises(InputError, match="no grid"):
        transform_of_kind("rigid", grid).save(tmp_path / "map.nii.gz")
    with pytest.raises(InputError, match="ending"):
        transform_of_kind("rigid", grid).save(tmp_path / "map.xyz")
    with pytest.raises(OutputError, match="does not exist"):
        transform_of_kind("rigid", grid).save(tmp_path / "nowhere" / "map.tfm")
    assert list(tmp_path.iterdir()) == []
