"""Series that other objects refer to: slices in order, other objects passed over, frames of reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from RegSuite.errors import InputError
from RegSuite.io.image_series import image_series, made_series
from Testing.io import dicom, rt
from Testing.io.scans import TURN, scan


def test_slices_are_in_the_order_of_their_planes_with_their_grid(tmp_path: Path) -> None:
    grid = scan(tmp_path / "ct", TURN)
    series = image_series(tmp_path / "ct")
    assert series.grid is not None
    assert series.grid.same_space(grid, 1e-6)
    for plane, (file, (_, uid)) in enumerate(zip(series.files, series.images, strict=True)):
        header = pydicom.dcmread(file)
        np.testing.assert_allclose(
            np.array(header.ImagePositionPatient, float), grid.points([0, 0, plane]), atol=1e-6
        )
        assert header.SOPInstanceUID == uid
    assert series.header["PatientID"] == "007"


def test_doses_structures_and_other_files_beside_the_slices_are_passed_over(tmp_path: Path) -> None:
    scan(tmp_path / "ct")
    tags = {"SeriesInstanceUID": "1.2.8", "StudyInstanceUID": "1.2.3"}
    rt.dose(tmp_path / "ct" / "dose.dcm", np.ones((3, 4, 5), dtype=np.uint16), **tags)
    rt.structure_set(tmp_path / "ct" / "set.dcm", [("a", [rt.contour(rt.square(0))])], **tags)
    (tmp_path / "ct" / "notes.txt").write_text("nothing of DICOM in here")
    series = image_series(tmp_path / "ct")
    assert (series.series, len(series.images)) == (dicom.SERIES, 12)


def test_a_structure_set_without_a_frame_of_its_own_has_that_of_its_regions(tmp_path: Path) -> None:
    tags = {"SeriesInstanceUID": "1.2.8", "StudyInstanceUID": "1.2.3", "PatientID": "007"}
    path = rt.structure_set(tmp_path / "set.dcm", [("a", [rt.contour(rt.square(0))])], **tags)
    assert "FrameOfReferenceUID" not in pydicom.dcmread(path)
    series = image_series(path)
    assert (series.frame_of_reference, series.images, series.study) == (rt.FRAME, (), "1.2.3")


def test_slices_that_make_no_volume_are_a_series_without_a_grid(tmp_path: Path) -> None:
    folder = dicom.write_series(tmp_path / "ct", (0, 3, 9))
    series = image_series(folder)
    assert (series.grid, len(series.images)) == (None, 3)


def test_a_series_without_a_frame_of_reference_is_refused_or_none(tmp_path: Path) -> None:
    folder = dicom.write_series(tmp_path / "ct", (0, 3, 6), FrameOfReferenceUID=None)
    with pytest.raises(InputError, match="0 series with a frame of reference"):
        image_series(folder)
    assert image_series(folder, required=False) is None


def test_two_series_in_a_folder_are_refused(tmp_path: Path) -> None:
    dicom.write_series(tmp_path / "ct", (0, 3, 6))
    dicom.write_series(tmp_path / "ct", (0, 3), prefix="b", SeriesInstanceUID="1.2.99")
    for required in (True, False):
        with pytest.raises(InputError, match="2 series with a frame of reference"):
            image_series(tmp_path / "ct", required=required)


def test_a_made_series_has_uids_that_no_other_has() -> None:
    one, other = made_series(), made_series()
    assert len({one.frame_of_reference, one.study, other.frame_of_reference, other.study}) == 4
    assert one.images == one.files == ()
