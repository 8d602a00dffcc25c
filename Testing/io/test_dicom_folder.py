"""A DICOM folder is one volume in patient space, or is refused with the reason."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.io import read_image
from Testing.data import data_folder
from Testing.io.dicom import slice_values, write_series, write_slice


def test_slices_are_ordered_by_position_and_values_are_rescaled(tmp_path: Path) -> None:
    image = read_image(write_series(tmp_path / "ct", [0.0, 3.0, 6.0, 9.0]))
    expected = np.stack([2.0 * slice_values(i) - 1024 for i in range(4)])
    np.testing.assert_array_equal(image.data[0].numpy(), expected)
    assert image.data.dtype == torch.float32
    assert image.grid.size == (6, 5, 4)
    np.testing.assert_allclose(image.grid.spacing, (1.5, 2.0, 3.0))
    np.testing.assert_allclose(image.grid.origin, (-10.0, 20.0, 0.0))
    assert (image.modality, image.name, image.path) == ("CT", "ct", tmp_path / "ct")


def test_an_oblique_series_has_its_voxels_where_simpleitk_puts_them(tmp_path: Path) -> None:
    angle = math.radians(25)
    row, column = (math.cos(angle), math.sin(angle), 0.0), (0.0, 0.0, -1.0)
    normal = np.cross(row, column)
    for i in range(4):
        write_slice(
            tmp_path / f"{i}.dcm",
            np.array([5.0, -3.0, 40.0]) + 2.5 * i * normal,
            slice_values(i),
            ImageOrientationPatient=[*row, *column],
        )
    image = read_image(tmp_path)
    other = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path)), sitk.sitkFloat32)
    for index in ((0, 0, 0), (5, 4, 3), (2, 0, 3)):
        place = other.TransformIndexToPhysicalPoint(index)
        found = np.rint(image.grid.index(place)).astype(int)
        np.testing.assert_allclose(image.grid.points(found), place, atol=1e-4)
        assert float(image.data[0, found[2], found[1], found[0]]) == other[index]


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_accepted(tmp_path: Path) -> None:
    image = read_image(write_series(tmp_path / "ct", [round(1.25 * i, 1) for i in range(20)]))
    assert image.grid.spacing[2] == pytest.approx(1.25, abs=0.01)


def test_two_series_in_a_folder_are_refused_and_listed(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", [0.0, 3.0])
    write_series(
        tmp_path / "ct", [0.0, 3.0, 6.0], "b", SeriesInstanceUID="1.2.9", SeriesDescription="late phase"
    )
    with pytest.raises(
        InputError, match=r"2 series in one folder.*'test series', 2 slices.*1\.2\.9.*'late phase', 3"
    ):
        read_image(tmp_path / "ct")


def test_missing_slices_are_refused_with_the_place_of_the_gap(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 6.0, 15.0, 18.0])
    with pytest.raises(GeometryError, match=r"2 of 7 slices are missing: between 6\.0 and 15\.0 mm"):
        read_image(folder)


def test_unequal_steps_are_refused_with_their_range(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 7.0, 10.0])
    with pytest.raises(GeometryError, match="unequally spaced: 3 to 4 mm.*between 3.0 and 7.0 mm"):
        read_image(folder)


def test_a_gantry_tilt_is_refused_with_its_angle(tmp_path: Path) -> None:
    for i in range(4):
        write_slice(
            tmp_path / f"{i}.dcm", (0.0, 3.0 * i * math.tan(math.radians(12)), 3.0 * i), slice_values(i)
        )
    with pytest.raises(GeometryError, match=r"12\.0 degrees off their normal \(gantry tilt\)"):
        read_image(tmp_path)


def test_two_slices_at_one_place_are_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 3.0, 6.0])
    with pytest.raises(GeometryError, match="1 slices share their position.*at 3.0 mm"):
        read_image(folder)


def test_a_localizer_within_the_series_is_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 6.0])
    write_slice(folder / "loc.dcm", (0, 0, 9), slice_values(9), ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    with pytest.raises(GeometryError, match="differ in orientation.*loc.dcm"):
        read_image(folder)


def test_slices_of_another_size_are_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 6.0])
    write_slice(folder / "other.dcm", (0, 0, 9), slice_values(3, 7, 6))
    with pytest.raises(GeometryError, match="differ in size"):
        read_image(folder)


def test_a_folder_without_dicom_is_refused_with_the_number_of_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image here")
    with pytest.raises(InputError, match=r"no DICOM image in the folder \(1 files looked at\)"):
        read_image(tmp_path)


def test_objects_that_are_no_images_are_passed_over(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 6.0])
    write_slice(folder / "dose.dcm", (0, 0, 0), slice_values(0), Modality="RTDOSE", SeriesInstanceUID="1.7")
    (folder / "readme.txt").write_text("x")
    assert read_image(folder).grid.size == (6, 5, 3)


def test_a_slice_without_position_is_no_image_in_space(tmp_path: Path) -> None:
    write_slice(tmp_path / "a.dcm", (0, 0, 0), slice_values(0), ImagePositionPatient=None)
    with pytest.raises(InputError, match="no image with a place in the patient"):
        read_image(tmp_path / "a.dcm")


def test_a_missing_pixel_spacing_is_named(tmp_path: Path) -> None:
    write_slice(tmp_path / "a.dcm", (0, 0, 0), slice_values(0), PixelSpacing=None)
    with pytest.raises(GeometryError, match="PixelSpacing is missing"):
        read_image(tmp_path)


def test_a_single_file_is_one_slice_and_says_so(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0])
    warnings: list[str] = []
    image = read_image(folder / "001.dcm", warnings=warnings)
    assert image.grid.size == (6, 5, 1)
    assert image.grid.spacing[2] == 3.0
    assert "one slice was read" in warnings[0]


def test_a_file_cut_short_in_its_pixels_is_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 3.0, 6.0])
    file = folder / "002.dcm"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(InputError, match="cannot be read"):
        read_image(folder)


def test_a_real_ct_series_is_read_as_simpleitk_reads_it() -> None:
    folder = data_folder("dicom_rt", "lung_pat_1")
    image = read_image(folder)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    other = sitk.ReadImage(names, sitk.sitkFloat32)
    assert image.modality == "CT"
    assert image.grid.size == other.GetSize()
    np.testing.assert_allclose(image.grid.spacing, other.GetSpacing(), atol=1e-4)
    np.testing.assert_array_equal(image.data[0].numpy(), sitk.GetArrayViewFromImage(other))
