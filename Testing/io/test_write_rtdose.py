"""RT Dose as written: the values at their places by other readers, what is unknown, what is said of it."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.io.axial_order import axial_order
from RegSuite.io.dose_origin import DoseOrigin
from RegSuite.io.image_series import ImageSeries, image_series, made_series
from RegSuite.io.rtdose import read_dose
from RegSuite.io.write_rtdose import write_rtdose
from Testing.io import dicom, rt
from Testing.io.conformance import faults

TURN = np.array([[0.6, -0.48, 0.64], [0.8, 0.36, -0.48], [0.0, 0.8, 0.6]])
PLAN = ImageSeries(rt.FRAME, study="1.2.3")


def linear(points: np.ndarray) -> np.ndarray:
    """A dose in Gy that is linear in space, 0.25 to 75 Gy over the grids here."""
    return 30 + points @ np.array([0.31, -0.17, 0.23])


def a_dose(direction: np.ndarray | None = None, size: tuple[int, int, int] = (7, 6, 5)) -> Image:
    grid = Grid.make(size, (2.0, 3.0, 2.5), (-20.5, 11.25, 40.0), direction)
    return Image(torch.from_numpy(linear(grid.all_points()).astype(np.float32)[None]), grid)


def by_pydicom(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(places [n, 3], doses [n] in Gy) from the words of PS3.3 C.8.8.3 alone."""
    data = pydicom.dcmread(path)
    row, column = np.reshape(np.array(data.ImageOrientationPatient, float), (2, 3))
    k, j, i = np.indices((data.NumberOfFrames, data.Rows, data.Columns)).reshape(3, -1)
    between_rows, between_columns = (float(v) for v in data.PixelSpacing)
    along = np.array(data.GridFrameOffsetVector, float)[k]
    at = (
        np.array(data.ImagePositionPatient, float)
        + np.outer(i * between_columns, row)
        + np.outer(j * between_rows, column)
        + np.outer(along, np.cross(row, column))
    )
    stored = np.frombuffer(data.PixelData, "<u4").reshape(-1)
    return at, stored * float(data.DoseGridScaling)


ORIENTATIONS = {
    "axial": np.eye(3),
    "oblique": TURN,
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "oblique, left-handed": TURN * [1, -1, 1],
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_voxel_has_its_dose_at_its_place_by_another_reader(tmp_path: Path, name: str) -> None:
    dose = a_dose(ORIENTATIONS[name])
    written = write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    at, found = by_pydicom(tmp_path / "d.dcm")
    largest = float(dose.data.max())
    assert written.largest_error_gy < 1e-6 * largest
    # the image's own float32 is the coarsest step on the way
    np.testing.assert_allclose(found, linear(at), atol=1e-6 * largest)
    index = dose.grid.index(at)
    np.testing.assert_allclose(index, np.round(index), atol=1e-6)
    assert len(np.unique(np.round(index), axis=0)) == dose.grid.voxels


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_simpleitk_and_pydicomrt_read_the_same_dose_at_points(tmp_path: Path, name: str) -> None:
    get_dose_image = pytest.importorskip("pydicomrt.dose", reason="a second reader").get_dose_image
    dose = a_dose(ORIENTATIONS[name])
    write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    inner = np.random.default_rng(1).uniform(0.1, 0.9, (50, 3)) * (np.array(dose.grid.size) - 1)
    points = dose.grid.points(inner)
    gdcm = sitk.ReadImage(str(tmp_path / "d.dcm"))
    scaling = float(gdcm.GetMetaData("3004|000e"))
    gdcm = sitk.Cast(gdcm, sitk.sitkFloat64) * scaling
    for image in (gdcm, sitk.Cast(get_dose_image(pydicom.dcmread(tmp_path / "d.dcm")), sitk.sitkFloat64)):
        found = [image.EvaluateAtPhysicalPoint(p, sitk.sitkLinear) for p in points.tolist()]
        np.testing.assert_allclose(found, linear(points), atol=1e-4)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    dose, told = a_dose(TURN), list[str]()
    written = write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    back = read_dose(tmp_path / "d.dcm", warnings=told)
    values, grid = axial_order(dose.data[0].numpy(), dose.grid)
    assert back.image.grid.same_space(grid, 1e-6)
    assert float(np.abs(back.image.data[0].numpy() - values).max()) <= written.largest_error_gy
    assert (back.sop_instance, back.frame_of_reference) == (written.sop_instance, rt.FRAME)
    assert (back.dose_type, told) == ("PHYSICAL", [])


def test_axes_in_any_order_come_in_axial_order_without_resampling() -> None:
    rng = np.random.default_rng(2)
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            axes = np.eye(3)[:, list(order)] * signs
            grid = Grid.make((4, 3, 2), (1.0, 2.0, 3.0), (5.0, 6.0, 7.0), axes)
            values = rng.normal(size=(2, *grid.shape))
            out, placed = axial_order(values, grid)
            np.testing.assert_array_equal(placed.direction, np.eye(3))
            index = np.round(placed.index(grid.all_points())).astype(int)
            moved = out[:, index[..., 2], index[..., 1], index[..., 0]]
            np.testing.assert_array_equal(moved, values)


def test_unknown_voxels_are_zero_in_the_file_and_told_everywhere(tmp_path: Path) -> None:
    dose, told = a_dose(), list[str]()
    dose.data[0, 1, 2, 3] = dose.data[0, 0, 0, 0] = torch.nan
    written = write_rtdose(
        dose, tmp_path / "d.dcm", reference=PLAN, comment="accumulated dose", warnings=told
    )
    back = read_dose(tmp_path / "d.dcm").image.data[0]
    assert torch.equal(back == 0, torch.isnan(dose.data[0]))
    assert written.unknown == 2
    assert "unknown in 2 of 210 voxels" in told[0]
    comment = pydicom.dcmread(tmp_path / "d.dcm").DoseComment
    assert comment == "accumulated dose (2 unknown voxels are 0)"
    assert torch.isnan(dose.data).sum() == 2


def test_the_sum_is_named_after_its_plans_and_refers_to_what_it_was_made_of(tmp_path: Path) -> None:
    scan = image_series(
        dicom.write_series(tmp_path / "ct", (0, 3, 6), PatientID="007", PatientName="Doe^Jane")
    )
    made_of = DoseOrigin(("1.2.3.5", "1.2.3.55"), ("1.2.3.6", "1.2.3.7"), ("1.2.3.8", "1.2.3.9"))
    write_rtdose(a_dose(), tmp_path / "d.dcm", reference=scan, origin=made_of, effective=True, comment="EQD2")
    data = pydicom.dcmread(tmp_path / "d.dcm")
    assert (data.DoseUnits, data.DoseType, data.DoseSummationType) == ("GY", "EFFECTIVE", "MULTI_PLAN")
    assert [p.ReferencedSOPInstanceUID for p in data.ReferencedRTPlanSequence] == ["1.2.3.5", "1.2.3.55"]
    assert data.SpatialTransformOfDose == "NON_RIGID"
    used = data.ReferencedSpatialRegistrationSequence
    assert [r.ReferencedSOPInstanceUID for r in used] == ["1.2.3.8", "1.2.3.9"]
    assert used[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.66.3"
    assert [c.CodeValue for c in data.DerivationCodeSequence] == ["121370", "121377"]
    assert data.ReferencedInstanceSequence[1].ReferencedSOPInstanceUID == "1.2.3.7"
    assert (data.PatientID, data.StudyInstanceUID, data.FrameOfReferenceUID) == ("007", "1.2.3", "1.2.4")
    assert len(data.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 3
    assert faults(tmp_path / "d.dcm") == []
    assert read_dose(tmp_path / "d.dcm").dose_type == "EFFECTIVE"


def test_of_one_plan_it_is_that_plans_and_of_none_an_overview(tmp_path: Path) -> None:
    first = DoseImage(a_dose(), plans=("1.2.3.5",))
    write_rtdose(first, tmp_path / "one.dcm", reference=PLAN)
    write_rtdose(a_dose(), tmp_path / "none.dcm", reference=PLAN, origin=DoseOrigin(fractions=30))
    one, none = (pydicom.dcmread(tmp_path / f"{n}.dcm") for n in ("one", "none"))
    assert (one.DoseSummationType, one.SpatialTransformOfDose) == ("PLAN", "NONE")
    assert (none.DoseSummationType, none.PlanOverviewSequence[0].NumberOfFractionsIncluded) == (
        "PLAN_OVERVIEW",
        30,
    )
    assert faults(tmp_path / "one.dcm") == faults(tmp_path / "none.dcm") == []


def test_pydicomrts_check_of_a_dose_of_a_plan_finds_nothing(tmp_path: Path) -> None:
    check = pytest.importorskip("pydicomrt.dose", reason="a validator").check_rtdose_iod
    scan = image_series(dicom.write_series(tmp_path / "ct", (0, 3, 6), PatientID="007"))
    write_rtdose(a_dose(TURN), tmp_path / "d.dcm", reference=scan, origin=DoseOrigin(("1.2.3.5",)))
    assert check(pydicom.dcmread(tmp_path / "d.dcm"))["content"] == []


@pytest.mark.filterwarnings("ignore:The value length")
def test_the_check_itself_finds_what_is_missing_empty_unknown_or_too_long(tmp_path: Path) -> None:
    write_rtdose(a_dose(), tmp_path / "d.dcm", reference=PLAN)
    data = pydicom.dcmread(tmp_path / "d.dcm")
    del data.PatientSex, data.PlanOverviewSequence[0].RTPlanLabel
    data.DoseType, data.ContourData = "", ["1", "2", "3"]
    with pydicom.config.disable_value_validation():
        data.DoseComment = "x" * 70
        data.save_as(tmp_path / "d.dcm")
    found = "\n".join(faults(tmp_path / "d.dcm"))
    for words in ("PatientSex (type 2", "RTPlanLabel (type 2", "DoseType (type 1 of rt-dose) is empty"):
        assert words in found
    assert "ContourData is no attribute" in found
    assert "DoseComment has 70 characters" in found


def test_every_file_has_uids_of_its_own(tmp_path: Path) -> None:
    first, second = (write_rtdose(a_dose(), tmp_path / "d.dcm", reference=PLAN) for _ in range(2))
    assert first.sop_instance != second.sop_instance
    assert first.series.series != second.series.series


def test_a_planning_image_that_is_no_dicom_gives_a_study_and_frame_of_its_own(tmp_path: Path) -> None:
    made, other = made_series(), made_series()
    write_rtdose(a_dose(), tmp_path / "d.dcm", reference=made)
    data = pydicom.dcmread(tmp_path / "d.dcm")
    assert (data.FrameOfReferenceUID, data.StudyInstanceUID) == (made.frame_of_reference, made.study)
    assert made.frame_of_reference != other.frame_of_reference
    assert faults(tmp_path / "d.dcm") == []


@pytest.mark.parametrize("largest", [0.0, 1e-6, 3.9999999, 80.0, 1e4])
def test_the_largest_dose_is_stored_within_a_millionth(tmp_path: Path, largest: float) -> None:
    dose = a_dose().with_data(torch.linspace(0, 1, 210).reshape(1, 5, 6, 7) * largest)
    written = write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    back = read_dose(tmp_path / "d.dcm").image.data
    assert float((back - dose.data).abs().max()) <= max(written.largest_error_gy, 1e-9)
    assert written.largest_error_gy <= 1e-6 * largest + 1e-9
    assert len(str(pydicom.dcmread(tmp_path / "d.dcm").DoseGridScaling.original_string)) <= 16


def test_a_dose_of_one_plane_is_written_and_read(tmp_path: Path) -> None:
    dose = a_dose(size=(7, 6, 1))
    write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    back = read_dose(tmp_path / "d.dcm")
    assert back.image.grid.same_space(dose.grid, 1e-6)
    np.testing.assert_allclose(back.image.data, dose.data, rtol=1e-6)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-0.5, "negative in 1 voxels, down to -0.5 Gy"),
        (np.inf, "1 voxels are infinite"),
    ],
)
def test_doses_that_cannot_be_are_refused_and_nothing_is_written(
    tmp_path: Path, value: float, words: str
) -> None:
    dose = a_dose()
    dose.data[0, 0, 0, 0] = value
    with pytest.raises(DoseError, match=words):
        write_rtdose(dose, tmp_path / "d.dcm", reference=PLAN)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_dose_volume_is_refused(tmp_path: Path) -> None:
    dose, path = a_dose(), tmp_path / "d.dcm"
    with pytest.raises(DoseError, match="unknown everywhere"):
        write_rtdose(dose.with_data(dose.data * np.nan), path, reference=PLAN)
    with pytest.raises(GeometryError, match="2 values a voxel"):
        write_rtdose(dose.with_data(dose.data.repeat(2, 1, 1, 1)), path, reference=PLAN)
    with pytest.raises(InputError, match="no frame of reference"):
        write_rtdose(dose, path, reference=ImageSeries(""))
    with pytest.raises(DoseError, match="EFFECTIVE, and asked for as PHYSICAL"):
        write_rtdose(DoseImage(dose, dose_type="EFFECTIVE"), path, reference=PLAN, effective=False)
