"""RT Dose in Gy on its grid: scaled, placed, or refused with words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import RLELossless

from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import DoseImage
from RegSuite.io.rtdose import read_dose
from RegSuite.io.unknown_dose import comment_on
from Testing.io import rt


def marked(kind: type = np.uint16) -> np.ndarray:
    """Stored values [3, 4, 5] that tell where they are."""
    z, y, x = np.indices((3, 4, 5))
    return (1000 + 100 * z + 10 * y + x).astype(kind)


def place(dose: DoseImage, x: int, y: int, z: int) -> np.ndarray:
    return dose.image.grid.points([x, y, z])


@pytest.mark.parametrize("kind", [np.uint16, np.uint32])
@pytest.mark.parametrize("big", [False, True])
def test_a_stored_value_times_the_scaling_is_the_dose_in_gy(tmp_path: Path, kind: type, big: bool) -> None:
    dose = read_dose(rt.dose(tmp_path / "d.dcm", marked(kind), big=big))
    assert dose.image.data.shape == (1, 3, 4, 5)
    np.testing.assert_allclose(dose.image.data[0].numpy(), 0.001 * marked(), rtol=1e-7)
    assert (dose.dose_type, dose.summation, dose.frame_of_reference) == ("PHYSICAL", "PLAN", rt.FRAME)
    assert (dose.sop_instance, dose.plans) == ("1.2.3.4", ("1.2.3.5",))


def test_32_bits_above_the_sign_bit_keep_their_value(tmp_path: Path) -> None:
    stored = np.full((2, 2, 2), 4_000_000_000, np.uint32)
    dose = read_dose(rt.dose(tmp_path / "d.dcm", stored, DoseGridScaling=1e-8))
    np.testing.assert_allclose(dose.image.data.numpy(), 40.0, rtol=1e-7)


def test_relative_offsets_place_the_planes_from_the_first(tmp_path: Path) -> None:
    dose = read_dose(rt.dose(tmp_path / "d.dcm", marked()))
    assert dose.image.grid.size == (5, 4, 3)
    np.testing.assert_allclose(dose.image.grid.spacing, (2.0, 2.5, 3.0))
    np.testing.assert_allclose(place(dose, 3, 2, 1), (-30 + 3 * 2.0, 40 + 2 * 2.5, -50 + 3.0))


def test_absolute_offsets_are_the_same_dose(tmp_path: Path) -> None:
    relative = read_dose(rt.dose(tmp_path / "a.dcm", marked()))
    absolute = read_dose(rt.dose(tmp_path / "b.dcm", marked(), offsets=[-50, -47, -44]))
    assert absolute.image.grid.same_space(relative.image.grid, 1e-9)
    assert bool((absolute.image.data == relative.image.data).all())


def test_planes_that_run_downward_are_turned_with_their_values(tmp_path: Path) -> None:
    dose = read_dose(rt.dose(tmp_path / "d.dcm", marked(), offsets=[0, -3, -6]))
    np.testing.assert_allclose(place(dose, 0, 0, 0), (-30, 40, -56))
    np.testing.assert_allclose(dose.image.data[0, 0].numpy(), 0.001 * marked()[2], rtol=1e-7)
    np.testing.assert_allclose(dose.image.data[0, 2].numpy(), 0.001 * marked()[0], rtol=1e-7)


OBLIQUE = (0.6, 0.8, 0.0, -0.48, 0.36, 0.8)


@pytest.mark.parametrize(
    "orientation",
    [OBLIQUE, (-1, 0, 0, 0, -1, 0), (-1, 0, 0, 0, 1, 0), (1, 0, 0, 0, -1, 0), (1, 0, 0, 0, 0, -1)],
    ids=["oblique", "prone", "feet first", "feet first prone", "coronal"],
)
def test_a_voxel_lies_along_rows_columns_and_their_normal(
    tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    dose = read_dose(rt.dose(tmp_path / "d.dcm", marked(), ImageOrientationPatient=list(orientation)))
    row, column = np.reshape(orientation, (2, 3))
    expected = np.array([-30, 40, -50]) + 3 * 2.0 * row + 2 * 2.5 * column + 3.0 * np.cross(row, column)
    np.testing.assert_allclose(place(dose, 3, 2, 1), expected, atol=1e-9)
    assert float(dose.image.data[0, 1, 2, 3]) == pytest.approx(0.001 * marked()[1, 2, 3])


def test_absolute_offsets_of_a_patient_feet_first_are_z_coordinates_with_a_warning(tmp_path: Path) -> None:
    told: list[str] = []
    path = rt.dose(
        tmp_path / "d.dcm", marked(), offsets=[-50, -53, -56], ImageOrientationPatient=[-1, 0, 0, 0, 1, 0]
    )
    dose = read_dose(path, warnings=told)
    np.testing.assert_allclose(place(dose, 0, 0, 2), (-30, 40, -56))
    assert "absolute plane positions" in told[0]


def test_simpleitk_reads_the_same_dose_at_the_same_place(tmp_path: Path) -> None:
    path = rt.dose(tmp_path / "d.dcm", marked(), offsets=[0, 3, 6])
    other = sitk.ReadImage(str(path))
    dose = read_dose(path)
    scaling = float(other.GetMetaData("3004|000e"))  # which SimpleITK leaves to the reader
    np.testing.assert_allclose(sitk.GetArrayFromImage(other) * scaling, dose.image.data[0].numpy(), rtol=1e-6)
    np.testing.assert_allclose(
        other.TransformIndexToPhysicalPoint((3, 2, 1)), place(dose, 3, 2, 1), atol=1e-9
    )


def test_a_single_plane_has_its_thickness(tmp_path: Path) -> None:
    one = marked()[:1]
    dose = read_dose(rt.dose(tmp_path / "d.dcm", one, offsets=[0], SliceThickness=4.0))
    assert dose.image.grid.spacing == (2.0, 2.5, 4.0)
    told: list[str] = []
    read_dose(rt.dose(tmp_path / "e.dcm", one, offsets=[0]), warnings=told)
    assert "1 mm is assumed" in told[0]


def test_compressed_values_are_the_same(tmp_path: Path) -> None:
    import pydicom

    plain = rt.dose(tmp_path / "d.dcm", marked())
    data = pydicom.dcmread(plain)
    data.compress(RLELossless)
    data.save_as(tmp_path / "r.dcm")
    assert bool((read_dose(tmp_path / "r.dcm").image.data == read_dose(plain).image.data).all())


@pytest.mark.parametrize("units", ["RELATIVE", "", "CGY", None])
def test_a_dose_not_in_gy_is_refused(tmp_path: Path, units: str | None) -> None:
    path = rt.dose(tmp_path / "d.dcm", marked(), DoseUnits=units)
    with pytest.raises(DoseError, match=f"DoseUnits is {units or 'missing'}"):
        read_dose(path)
    with pytest.raises(DoseError):
        read_dose(path, unit="Gy")


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"DoseType": "ERROR"}, "DoseType is ERROR"),
        ({"DoseGridScaling": None}, "DoseGridScaling is missing"),
        ({"DoseGridScaling": 0}, "DoseGridScaling is 0"),
        ({"DoseGridScaling": -0.1}, "DoseGridScaling is -0.1"),
        ({"PixelData": None}, "no dose grid"),
        ({"PixelData": b"\0" * 100}, "PixelData has 100 bytes where .* needs 120"),
        ({"BitsAllocated": 8}, "BitsAllocated is 8"),
        ({"ImagePositionPatient": None}, "ImagePositionPatient is missing"),
        ({"PixelSpacing": [2.0]}, "PixelSpacing has 1 values where 2"),
        ({"ImageOrientationPatient": [1, 0, 0, 0.5, 1, 0]}, "not orthonormal"),
        ({"GridFrameOffsetVector": [0, 3]}, "2 plane offsets for 3 frames"),
        ({"GridFrameOffsetVector": [0, 6, 3]}, "not in order: 6 mm is followed by 3 mm"),
        ({"GridFrameOffsetVector": [0, 0, 3]}, "not in order: 0 mm is followed by 0 mm"),
        ({"GridFrameOffsetVector": [0, 3, 7]}, "unequally spaced: 3 to 4 mm"),
        ({"GridFrameOffsetVector": [0, 3, 9]}, "slices are missing|unequally spaced"),
        ({"GridFrameOffsetVector": [10, 13, 16]}, "begin with 10 mm, which is neither 0 nor the z"),
        ({"NumberOfFrames": 0}, "no dose grid has these"),
    ],
)
def test_what_makes_no_dose_is_refused_with_words(tmp_path: Path, tags: dict, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_dose(rt.dose(tmp_path / "d.dcm", marked(), **tags))
    assert "d.dcm" in caught.value.where


def test_absolute_offsets_of_oblique_planes_are_refused(tmp_path: Path) -> None:
    path = rt.dose(
        tmp_path / "d.dcm", marked(), offsets=[-50, -47, -44], ImageOrientationPatient=list(OBLIQUE)
    )
    with pytest.raises(GeometryError, match="begin with -50 mm"):
        read_dose(path)


def test_signed_values_are_a_dose_while_none_is_negative(tmp_path: Path) -> None:
    kind = {"PixelRepresentation": 1}
    assert float(read_dose(rt.dose(tmp_path / "a.dcm", marked(), **kind)).image.data.max()) < 2
    below = marked().astype(np.int16)
    below[0, 0, 0] = -5
    with pytest.raises(DoseError, match="negative in 1 voxels"):
        read_dose(rt.dose(tmp_path / "b.dcm", below.view(np.uint16), **kind))


def test_a_missing_type_or_summation_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    dose = read_dose(
        rt.dose(tmp_path / "d.dcm", marked(), DoseType=None, DoseSummationType=None), warnings=told
    )
    assert (dose.dose_type, dose.summation) == ("PHYSICAL", None)
    assert "DoseType is missing" in told[0]
    assert "DoseSummationType is missing" in told[1]


def test_an_effective_dose_says_so(tmp_path: Path) -> None:
    assert read_dose(rt.dose(tmp_path / "d.dcm", marked(), DoseType="EFFECTIVE")).dose_type == "EFFECTIVE"


def test_an_image_is_a_dose_in_its_unit(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.full((2, 3, 4), 4500, np.float32))
    image.SetSpacing((1, 2, 3))
    sitk.WriteImage(image, str(tmp_path / "d.nrrd"))
    dose = read_dose(tmp_path / "d.nrrd", unit="cGy")
    assert float(dose.image.data.max()) == pytest.approx(45)
    assert (dose.summation, dose.frame_of_reference) == (None, None)
    told: list[str] = []
    assert float(read_dose(tmp_path / "d.nrrd", warnings=told).image.data.max()) == 4500
    assert "cGy" in told[0]


def test_units_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = rt.dose(tmp_path / "d.dcm", marked())
    with pytest.raises(DoseError, match="'rad' is no unit of dose"):
        read_dose(path, unit="rad")
    with pytest.raises(DoseError, match="an RT Dose in GY, read as cGy"):
        read_dose(path, unit="cGy")
    assert read_dose(path, unit="Gy").image.grid.voxels == 60


def test_a_structure_set_or_a_folder_is_no_dose(tmp_path: Path) -> None:
    other = rt.structure_set(tmp_path / "s.dcm", [("a", [rt.contour(rt.square(0))])])
    with pytest.raises(InputError, match="RT Structure Set where RT Dose is wanted"):
        read_dose(other)
    with pytest.raises(InputError, match="a folder where a dose file"):
        read_dose(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_dose(tmp_path / "none.dcm")


def test_minus_one_in_an_image_alone_below_zero_is_a_dose_that_is_not_known(tmp_path: Path) -> None:
    values = np.linspace(0, 60, 60, dtype=np.float32).reshape(3, 4, 5)
    values[1, 2:] = -1
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "d.nii.gz"))
    warned: list[str] = []
    found = read_dose(tmp_path / "d.nii.gz", warnings=warned).image.data[0].numpy()
    assert np.array_equal(np.isnan(found), values == -1)
    assert np.array_equal(found[values >= 0], values[values >= 0])
    assert any("10 voxels of -1" in w and "not known" in w for w in warned)
    values[0, 0, 0] = -0.5  # a difference of doses, not a dose with holes
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "d.nii.gz"))
    assert float(read_dose(tmp_path / "d.nii.gz").image.data.min()) == -1


def test_unknown_voxels_of_a_written_rt_dose_are_warned_of(tmp_path: Path) -> None:
    comment = "accumulated dose" + comment_on(17)
    warned: list[str] = []
    read_dose(rt.dose(tmp_path / "d.dcm", marked(), DoseComment=comment), warnings=warned)
    assert any("17 voxels is not known" in w for w in warned)
    assert comment_on(0) == ""
