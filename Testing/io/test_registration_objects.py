"""DICOM registrations: directions, order, undefined vectors, and the way there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.io.image_series import ImageSeries, image_series
from RegSuite.io.registration_objects import read_registration, read_registrations
from RegSuite.io.transforms import load_transform
from RegSuite.io.write_registration import write_registration
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform, Transform
from RegSuite.workflows.warp import warp
from Testing.io import dicom, reg
from Testing.io.conformance import faults

FIXED, MOVING = ImageSeries(reg.FIXED), ImageSeries(reg.MOVING)
TURN = np.array([[0.6, -0.48, 0.64], [0.8, 0.36, -0.48], [0.0, 0.8, 0.6]])


def affine(linear: np.ndarray, offset: tuple[float, float, float]) -> np.ndarray:
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = linear, offset
    return out


RIGID = affine(TURN, (10, -20, 30))
SHEARED = affine(np.array([[1.1, 0.2, 0], [0, 0.9, 0], [0.1, 0, 1.2]]), (1, 2, 3))


def apply(transform: Transform, points: np.ndarray) -> np.ndarray:
    return transform.points(torch.from_numpy(np.asarray(points, dtype=np.float64))).numpy()


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


SOME = np.array([[0, 0, 0], [1, 0, 0], [3.5, -7, 11], [100, 200, -300]], dtype=float)


def grid_and_vectors(seed: int = 0) -> tuple[Grid, np.ndarray]:
    """An oblique, anisotropic grid of 6 x 5 x 4 and vectors [Z, Y, X, 3] on it."""
    grid = Grid.make((6, 5, 4), (2.0, 3.0, 5.0), (-4.0, 9.5, 20.25), TURN)
    return grid, np.random.default_rng(seed).normal(0, 2, (4, 5, 6, 3)).astype(np.float32)


def deformable(path: Path, **more: object) -> tuple[Path, Grid, np.ndarray]:
    grid, vectors = grid_and_vectors()
    orientation = TURN[:, :2].T.ravel()
    given = {"orientation": orientation, "origin": grid.origin, "resolution": grid.spacing, **more}
    return reg.deformable(path, given.pop("vectors", vectors), **given), grid, vectors


# Spatial Registration


def test_the_matrix_of_a_spatial_registration_leads_from_source_to_registered(tmp_path: Path) -> None:
    found = read_registration(reg.spatial(tmp_path / "r.dcm", (reg.MOVING, [RIGID])))
    np.testing.assert_allclose(apply(found.transform, moved(RIGID, SOME)), SOME, atol=1e-9)
    assert (found.registered_frame, found.source_frame) == (reg.FIXED, reg.MOVING)
    assert found.is_defined(SOME).all()


def test_of_several_matrices_the_first_is_applied_first_with_a_warning(tmp_path: Path) -> None:
    told: list[str] = []
    path = reg.spatial(tmp_path / "r.dcm", (reg.MOVING, [RIGID, SHEARED]))
    found = read_registration(path, warnings=told)
    np.testing.assert_allclose(apply(found.transform, moved(SHEARED, moved(RIGID, SOME))), SOME, atol=1e-9)
    assert "order matters" in told[0]


def test_matrices_that_commute_need_no_warning(tmp_path: Path) -> None:
    told: list[str] = []
    steps = [affine(np.eye(3), (1, 2, 3)), affine(np.eye(3), (10, 0, 0))]
    found = read_registration(reg.spatial(tmp_path / "r.dcm", (reg.MOVING, steps)), warnings=told)
    np.testing.assert_allclose(apply(found.transform, SOME), SOME - (11, 2, 3))
    assert told == []


def test_the_item_of_the_registered_frame_itself_is_passed_over(tmp_path: Path) -> None:
    items = (reg.FIXED, [np.eye(4)]), (reg.MOVING, [RIGID])
    for order in (items, items[::-1]):
        path = reg.spatial(tmp_path / "r.dcm", *order)
        assert read_registration(path).source_frame == reg.MOVING
        assert len(read_registrations(path)) == 2


def test_one_of_several_frames_is_chosen_by_its_uid(tmp_path: Path) -> None:
    path = reg.spatial(tmp_path / "r.dcm", (reg.MOVING, [RIGID]), ("1.2.3.99", [SHEARED]))
    with pytest.raises(InputError, match="2 registrations to choose from"):
        read_registration(path)
    found = read_registration(path, source_frame="1.2.3.99")
    np.testing.assert_allclose(apply(found.transform, moved(SHEARED, SOME)), SOME, atol=1e-9)
    with pytest.raises(InputError, match="0 registrations of the frame of reference 1.2.3.5"):
        read_registration(path, source_frame="1.2.3.5")


# Deformable Spatial Registration


def test_a_voxel_goes_by_its_vector_from_registered_to_source(tmp_path: Path) -> None:
    path, grid, vectors = deformable(tmp_path / "d.dcm")
    found = read_registration(path)
    for x, y, z in ((0, 0, 0), (3, 2, 1), (5, 4, 3)):
        here = grid.points([x, y, z])
        np.testing.assert_allclose(apply(found.transform, here[None])[0], here + vectors[z, y, x], atol=1e-6)
    assert found.grid is not None
    assert found.grid.same_space(grid, 1e-9)


def test_big_endian_vectors_are_the_same(tmp_path: Path) -> None:
    path, grid, _ = deformable(tmp_path / "d.dcm")
    other, _, _ = deformable(tmp_path / "b.dcm", big=True)
    at = grid.all_points().reshape(-1, 3)
    ours = [apply(read_registration(p).transform, at) for p in (path, other)]
    np.testing.assert_array_equal(*ours)


def test_pre_matrix_then_offset_then_post_matrix_with_the_offset_of_the_registered_point(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    path, grid, vectors = deformable(tmp_path / "d.dcm", pre=SHEARED, post=RIGID)
    found = read_registration(path, warnings=told)
    at, expected = reg.at_grid(path)
    np.testing.assert_allclose(at, grid.all_points().reshape(-1, 3), atol=1e-9)
    np.testing.assert_allclose(apply(found.transform, at), expected, atol=1e-5)
    by_hand = moved(RIGID, moved(SHEARED, grid.points([3, 2, 1])) + vectors[1, 2, 3])
    np.testing.assert_allclose(apply(found.transform, grid.points([[3, 2, 1]]))[0], by_hand, atol=1e-5)
    assert "matrix before the deformation" in told[0]


def test_between_voxels_the_offset_is_linear(tmp_path: Path) -> None:
    path, grid, vectors = deformable(tmp_path / "d.dcm", pre=SHEARED, post=RIGID)
    middle = grid.points([[2.5, 2, 1]])
    mean = (vectors[1, 2, 2] + vectors[1, 2, 3]) / 2
    expected = moved(RIGID, moved(SHEARED, middle) + mean)
    np.testing.assert_allclose(apply(read_registration(path).transform, middle), expected, atol=1e-5)


def test_nan_vectors_are_undefined_and_nothing_is_put_in_their_place(tmp_path: Path) -> None:
    _, vectors = grid_and_vectors()
    vectors[1, 2, 3] = np.nan
    path, grid, _ = deformable(tmp_path / "d.dcm", vectors=vectors)
    found = read_registration(path)
    assert found.defined is not None
    assert np.argwhere(~found.defined).tolist() == [[1, 2, 3]]
    points = grid.points(
        [[3, 2, 1], [2.9, 2, 1], [2, 2, 1], [3, 3, 1], [3, 2.4, 1.4], [1, 1, 2.5], [-2, 0, 0]]
    )
    assert found.is_defined(points).tolist() == [False, False, True, True, False, True, False]
    assert (found.defined_on(grid) == found.defined).all()


def test_a_vector_that_is_undefined_in_part_is_undefined_with_a_warning(tmp_path: Path) -> None:
    _, vectors = grid_and_vectors()
    vectors[0, 0, 0, 1] = np.nan
    told: list[str] = []
    found = read_registration(deformable(tmp_path / "d.dcm", vectors=vectors)[0], warnings=told)
    assert found.defined is not None
    assert not found.defined[0, 0, 0]
    assert "1 offsets are undefined in part" in told[0]


def test_without_a_grid_the_matrices_alone_count(tmp_path: Path) -> None:
    found = read_registration(reg.deformable(tmp_path / "d.dcm", None, pre=SHEARED, post=RIGID))
    np.testing.assert_allclose(apply(found.transform, SOME), moved(RIGID, moved(SHEARED, SOME)), atol=1e-9)
    assert found.grid is None


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"GridDimensions": [6, 5, 3]}, "VectorGridData has 1440 bytes where a grid of 6 x 5 x 3 needs 1080"),
        ({"GridDimensions": [0, 5, 4]}, "needs 0"),
        ({"GridDimensions": [2**31, 2**31, 2**31]}, "VectorGridData has 1440 bytes"),
        ({"GridResolution": [0.0, 1.0, 1.0]}, "is not positive"),
        ({"GridResolution": None}, "GridResolution is missing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "not orthonormal"),
        ({"VectorGridData": np.full(360, np.inf, "<f4").tobytes()}, "360 infinite values"),
        ({"VectorGridData": np.full(360, np.nan, "<f4").tobytes()}, "undefined .NaN. everywhere"),
    ],
)
def test_grids_that_do_not_fit_are_refused(tmp_path: Path, tags: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_registration(deformable(tmp_path / "d.dcm", **tags)[0])


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (affine(np.zeros((3, 3)), (0, 0, 0)), "cannot be inverted"),
        (np.vstack([np.eye(4)[:3], [0, 0, 1, 1]]), "ends with the row"),
    ],
)
def test_matrices_that_are_not_affine_are_refused(tmp_path: Path, matrix: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_registration(reg.spatial(tmp_path / "r.dcm", (reg.MOVING, [matrix])))


def test_a_matrix_called_rigid_that_is_none_is_told(tmp_path: Path) -> None:
    path = reg.spatial(tmp_path / "r.dcm", (reg.MOVING, [SHEARED]))
    data = pydicom.dcmread(path)
    step = data.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]
    step.FrameOfReferenceTransformationMatrixType = "RIGID"
    data.save_as(path)
    told: list[str] = []
    read_registration(path, warnings=told)
    assert "called RIGID is none" in told[0]


# as a transform


def test_a_dicom_deformation_loads_as_a_transform_that_is_nan_where_it_is_undefined(tmp_path: Path) -> None:
    _, vectors = grid_and_vectors()
    vectors[1, 2, 3] = np.nan
    path, grid, _ = deformable(tmp_path / "d.dcm", vectors=vectors, pre=SHEARED, post=RIGID)
    told: list[str] = []
    loaded = load_transform(path, ndim=3, warnings=told)
    at, expected = reg.at_grid(path)
    np.testing.assert_allclose(apply(loaded, at), expected, atol=1e-5)
    assert np.isnan(expected).any(axis=1).sum() == 1
    u = loaded.displacement(grid).numpy()
    assert np.argwhere(np.isnan(u).any(axis=0)).tolist() == [[1, 2, 3]]
    assert np.isnan(apply(loaded, grid.points([[-2.0, 0, 0], [2.5, 2, 1]]))).all()
    assert "matrix before the deformation" in told[0]


def test_a_dicom_matrix_loads_as_a_transform_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    path = reg.spatial(tmp_path / "r.tfm", (reg.MOVING, [RIGID]), ("1.2.3.99", [SHEARED]))
    loaded = load_transform(path, source_frame="1.2.3.99")
    np.testing.assert_allclose(apply(loaded, moved(SHEARED, SOME)), SOME, atol=1e-9)
    with pytest.raises(InputError, match="2 registrations to choose from"):
        load_transform(path)


def test_a_loaded_deformation_is_written_again_with_what_is_undefined(tmp_path: Path) -> None:
    _, vectors = grid_and_vectors()
    vectors[1, 2, 3] = vectors[0, 0, 0] = np.nan
    path, grid, _ = deformable(tmp_path / "d.dcm", vectors=vectors, pre=np.eye(4), post=RIGID)
    loaded = load_transform(path)
    write_registration(loaded, tmp_path / "e.dcm", registered=FIXED, source=MOVING)
    np.testing.assert_allclose(reg.at_grid(tmp_path / "e.dcm")[1], reg.at_grid(path)[1], atol=1e-5)
    coarse = Grid.make((3, 3, 3), 2.0, grid.points([1.5, 1.5, 0.5]).tolist())
    write_registration(loaded, tmp_path / "f.dcm", registered=FIXED, source=MOVING, grid=coarse)
    at, source = reg.at_grid(tmp_path / "f.dcm")
    np.testing.assert_allclose(source, apply(loaded, at), atol=1e-4)
    assert 0 < np.isnan(source).any(axis=1).sum() < len(source)


def test_an_image_pulled_through_a_dicom_deformation_lies_outside_where_it_is_unknown(tmp_path: Path) -> None:
    _, vectors = grid_and_vectors()
    vectors[1, 2, 3] = np.nan
    path, grid, _ = deformable(tmp_path / "d.dcm", vectors=np.where(np.isnan(vectors), np.nan, 0))
    told: list[str] = []
    image = Image(torch.arange(1.0, 121).reshape(1, 4, 5, 6), grid)
    found = warp(image, path, warnings=told)
    expected = image.data.clone()
    expected[0, 1, 2, 3] = 1
    np.testing.assert_allclose(found.data, expected, atol=1e-3)
    assert "unknown at 1 of 120 voxels" in told[0]
    with pytest.raises(GeometryError, match="unknown at 1 of 2 points"):
        warp(PointSet(grid.points([[3.0, 2, 1], [0, 0, 0]])), path)


# written


def test_a_written_linear_map_is_the_inverse_matrix_by_another_reader(tmp_path: Path) -> None:
    transform = AffineTransform.from_homogeneous(RIGID)
    uid = write_registration(transform, tmp_path / "r.dcm", registered=FIXED, source=MOVING)
    data = pydicom.dcmread(tmp_path / "r.dcm")
    assert (data.SOPInstanceUID, data.SOPClassUID, data.FrameOfReferenceUID) == (uid, reg.SPATIAL, reg.FIXED)
    first, second = data.RegistrationSequence
    assert (first.FrameOfReferenceUID, second.FrameOfReferenceUID) == (reg.FIXED, reg.MOVING)
    np.testing.assert_array_equal(
        reg.matrix_of(first.MatrixRegistrationSequence[0].MatrixSequence), np.eye(4)
    )
    step = second.MatrixRegistrationSequence[0].MatrixSequence
    assert step[0].FrameOfReferenceTransformationMatrixType == "RIGID"
    np.testing.assert_allclose(moved(reg.matrix_of(step), apply(transform, SOME)), SOME, atol=1e-9)
    back = read_registration(tmp_path / "r.dcm")
    np.testing.assert_allclose(apply(back.transform, SOME), apply(transform, SOME), atol=1e-9)


@pytest.mark.parametrize(
    ("matrix", "kind"), [(SHEARED, "AFFINE"), (affine(TURN @ np.diag([2, 3, 4]), (0, 0, 0)), "RIGID_SCALE")]
)
def test_the_kind_of_a_matrix_is_written_as_dicom_calls_the_way_it_is_stored(
    tmp_path: Path, matrix: np.ndarray, kind: str
) -> None:
    stored = AffineTransform.from_homogeneous(np.linalg.inv(matrix))
    write_registration(stored, tmp_path / "r.dcm", registered=FIXED, source=MOVING)
    item = pydicom.dcmread(tmp_path / "r.dcm").RegistrationSequence[1].MatrixRegistrationSequence[0]
    assert item.MatrixSequence[0].FrameOfReferenceTransformationMatrixType == kind


def displacement(direction: np.ndarray = TURN) -> DisplacementTransform:
    grid = Grid.make((6, 5, 4), (2.0, 3.0, 5.0), (-4.0, 9.5, 20.25), direction)
    return DisplacementTransform(torch.from_numpy(np.moveaxis(grid_and_vectors(3)[1], -1, 0).copy()), grid)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_written_deformation_is_the_same_map_by_another_reader(tmp_path: Path, mirrored: bool) -> None:
    field = displacement(TURN * [1, 1, -1] if mirrored else TURN)
    both = CompositeTransform.of(field, AffineTransform.from_homogeneous(SHEARED))
    write_registration(both, tmp_path / "d.dcm", registered=FIXED, source=MOVING)
    at, source = reg.at_grid(tmp_path / "d.dcm")
    assert len(at) == field.grid.voxels
    np.testing.assert_allclose(apply(both, at), source, atol=1e-5)
    back = read_registration(tmp_path / "d.dcm")
    inner = np.random.default_rng(4).uniform(0, [5, 4, 3], (200, 3))
    points = np.concatenate([field.grid.points(inner), SOME])
    np.testing.assert_allclose(apply(back.transform, points), apply(both, points), atol=1e-5)


def test_simpleitk_moves_points_as_the_object_that_was_read_back(tmp_path: Path) -> None:
    field = displacement()
    both = CompositeTransform.of(field, AffineTransform.from_homogeneous(RIGID))
    write_registration(both, tmp_path / "d.dcm", registered=FIXED, source=MOVING)
    read_registration(tmp_path / "d.dcm").transform.save(tmp_path / "d.tfm")
    itk = sitk.ReadTransform(str(tmp_path / "d.tfm"))
    at, source = reg.at_grid(tmp_path / "d.dcm")
    np.testing.assert_allclose([itk.TransformPoint(p) for p in at.tolist()], source, atol=1e-4)


def test_what_is_undefined_stays_undefined_on_the_way_there_and_back(tmp_path: Path) -> None:
    field = displacement()
    defined = np.ones(field.grid.shape, dtype=bool)
    defined[1, 2, 3] = defined[0, :, 0] = False
    write_registration(field, tmp_path / "d.dcm", registered=FIXED, source=MOVING, defined=defined)
    assert np.isnan(reg.at_grid(tmp_path / "d.dcm")[1]).all(axis=1).reshape(defined.shape).sum() == 6
    back = read_registration(tmp_path / "d.dcm")
    assert back.defined is not None
    np.testing.assert_array_equal(back.defined, defined)
    with pytest.raises(GeometryError, match="mask of what is defined has shape"):
        write_registration(field, tmp_path / "e.dcm", registered=FIXED, source=MOVING, defined=defined[1:])


def test_a_map_that_is_no_grid_is_sampled_on_the_one_that_is_given(tmp_path: Path) -> None:
    both = CompositeTransform.of(AffineTransform.from_homogeneous(SHEARED), displacement())
    with pytest.raises(InputError, match="must be sampled on a grid"):
        write_registration(both, tmp_path / "d.dcm", registered=FIXED, source=MOVING)
    grid = Grid.make((7, 6, 5), (2.0, 2.0, 3.0), (-3.0, 5.0, 10.0))
    write_registration(both, tmp_path / "d.dcm", registered=FIXED, source=MOVING, grid=grid)
    at, source = reg.at_grid(tmp_path / "d.dcm")
    np.testing.assert_allclose(at, grid.all_points().reshape(-1, 3), atol=1e-9)
    np.testing.assert_allclose(apply(both, at), source, atol=1e-4)


def test_the_object_is_of_the_patient_and_study_of_the_fixed_scan(tmp_path: Path) -> None:
    folder = dicom.write_series(tmp_path / "ct", (0, 3, 6), PatientID="007", PatientName="Doe^Jane")
    fixed = image_series(folder)
    assert (fixed.frame_of_reference, len(fixed.images)) == ("1.2.4", 3)
    write_registration(displacement(), tmp_path / "d.dcm", registered=fixed, source=MOVING)
    data = pydicom.dcmread(tmp_path / "d.dcm")
    assert (data.PatientID, data.StudyInstanceUID, data.FrameOfReferenceUID) == ("007", "1.2.3", "1.2.4")
    assert len(data.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 3
    assert data.Modality == "REG"


def test_series_that_cannot_be_referred_to_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the source image has no frame of reference"):
        write_registration(displacement(), tmp_path / "d.dcm", registered=FIXED, source=ImageSeries(""))
    assert not (tmp_path / "d.dcm").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="0 series with a frame of reference"):
        image_series(tmp_path / "empty")


def test_a_2d_map_is_no_dicom_registration(tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match="is 3D"):
        write_registration(AffineTransform.identity(2), tmp_path / "r.dcm", registered=FIXED, source=MOVING)


# by other programs


def test_nothing_that_the_standard_wants_is_missing(tmp_path: Path) -> None:
    check = pytest.importorskip("pydicomrt.reg", reason="a validator")
    folder = dicom.write_series(tmp_path / "ct", (0, 3, 6))
    for fixed in (FIXED, image_series(folder)):
        write_registration(displacement(), tmp_path / "d.dcm", registered=fixed, source=MOVING)
        linear = AffineTransform.from_homogeneous(SHEARED)
        write_registration(linear, tmp_path / "r.dcm", registered=fixed, source=MOVING)
        assert faults(tmp_path / "d.dcm") == faults(tmp_path / "r.dcm") == []
        assert check.check_deformable_reg_iod(pydicom.dcmread(tmp_path / "d.dcm"))["content"] == []
        assert check.check_spatial_reg_iod(pydicom.dcmread(tmp_path / "r.dcm"))["content"] == []


@pytest.mark.parametrize("mirrored", [False, True])
def test_pydicomrt_reads_the_same_deformation_at_points(tmp_path: Path, mirrored: bool) -> None:
    read = pytest.importorskip("pydicomrt.reg", reason="a second reader").get_deformable_registrations
    field = displacement(TURN * [1, -1, 1] if mirrored else TURN)
    both = CompositeTransform.of(field, AffineTransform.from_homogeneous(SHEARED))
    write_registration(both, tmp_path / "d.dcm", registered=FIXED, source=MOVING)
    (found,) = read(pydicom.dcmread(tmp_path / "d.dcm"))
    stored = found["DeformableRegistrationGrid"]
    row, column = np.reshape(np.array(stored["ImageOrientationPatient"], float), (2, 3))
    image = sitk.GetImageFromArray(stored["VectorGridData"].astype(float), isVector=True)
    image.SetOrigin([float(v) for v in stored["ImagePositionPatient"]])
    image.SetSpacing([float(v) for v in stored["GridResolution"]])
    image.SetDirection(np.stack([row, column, np.cross(row, column)], axis=1).ravel().tolist())
    itk = sitk.DisplacementFieldTransform(image)
    inner = field.grid.points(np.random.default_rng(5).uniform(0, [5, 4, 3], (100, 3)))
    moved_by_itk = np.array([itk.TransformPoint(p) for p in inner.tolist()])
    post = np.reshape(found["PostDeformationMatrixRegistration"], (4, 4))
    np.testing.assert_allclose(moved(post, moved_by_itk), apply(both, inner), atol=1e-4)
    assert found["PreDeformationMatrixRegistration"] == np.eye(4).ravel().tolist()


def test_pydicomrt_reads_the_same_matrix(tmp_path: Path) -> None:
    read = pytest.importorskip("pydicomrt.reg", reason="a second reader").get_spatial_registrations
    transform = AffineTransform.from_homogeneous(RIGID)
    write_registration(transform, tmp_path / "r.dcm", registered=FIXED, source=MOVING)
    back = np.reshape(read(pydicom.dcmread(tmp_path / "r.dcm"))[reg.FIXED][reg.MOVING], (4, 4))
    np.testing.assert_allclose(moved(back, apply(transform, SOME)), SOME, atol=1e-9)
