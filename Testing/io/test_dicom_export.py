"""A course as DICOM: what lies in the folder, and how its objects refer to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import torch

from RegSuite.errors import DoseError, OutputError
from RegSuite.geometry import ContourStructure, Grid, Image, VoxelStructure
from RegSuite.io.dicom_export import export_course_dicom
from RegSuite.io.image_series import ImageSeries, image_series, made_series
from RegSuite.io.registration_objects import read_registration
from RegSuite.io.rtdose import read_dose
from RegSuite.io.rtstruct import read_rtstruct
from RegSuite.io.transforms import load_transform
from RegSuite.transforms import AffineTransform, RigidTransform
from Testing.io import reg, rt
from Testing.io.conformance import faults
from Testing.io.scans import TURN, scan
from Testing.io.test_write_segmentation import placed

GRID = Grid.make((10, 9, 8), (3.0, 4.0, 5.0), (-20.0, 20.0, 45.0), TURN)
DAY = ImageSeries(reg.MOVING)


def a_course(**more: Any) -> dict[str, Any]:
    """Dose, EQD2, one deformation and marks on an oblique grid; two voxels are unknown."""
    rng = np.random.default_rng(0)
    dose = torch.from_numpy(rng.uniform(1, 60, (1, *GRID.shape)).astype(np.float32))
    dose[0, 1, 2, 3] = dose[0, 7, 8, 9] = torch.nan
    field = torch.from_numpy(rng.normal(0, 3, (3, *GRID.shape)).astype(np.float32))
    field[:, 1, 2, 3] = torch.nan
    marks = torch.zeros((1, *GRID.shape), dtype=torch.uint8)
    marks[0, 1, 2, 3], marks[0, 7, 8, 9] = 4, 1 | 2
    drawn = ContourStructure("Organ", tuple(rt.square(z) for z in (46.0, 49.0, 52.0)), number=3)
    given = {
        "dose": Image(dose, GRID),
        "effective": {"EQD2 alpha-beta 3 Gy": Image(dose * 0.9, GRID)},
        "registrations": [(Image(field, GRID), DAY), (AffineTransform(np.eye(3) * 1.1, np.ones(3)), DAY)],
        "structures": [drawn],
        "marks": Image(marks, GRID),
        "plans": ["1.2.3.5"],
        "doses": ["1.2.3.6", "1.2.3.7"],
    }
    return {**given, **more}


FILES = ["RD.dcm", "RD_EQD2_alpha-beta_3_Gy.dcm", "REG_1.dcm", "REG_2.dcm", "RS.dcm", "SEG_marks.dcm"]


@pytest.mark.parametrize("dicom_planning", [True, False])
def test_every_object_is_of_one_patient_study_and_frame_and_lacks_nothing(
    tmp_path: Path, dicom_planning: bool
) -> None:
    pytest.importorskip("highdicom", reason="segmentations need highdicom")
    scan(tmp_path / "ct")
    reference = image_series(tmp_path / "ct") if dicom_planning else made_series()
    told: list[str] = []
    written = export_course_dicom(
        tmp_path / "out" / "dicom", reference=reference, warnings=told, **a_course()
    )
    assert sorted(p.name for p in (tmp_path / "out" / "dicom").iterdir()) == list(written) == FILES
    read = {name: pydicom.dcmread(tmp_path / "out" / "dicom" / name) for name in FILES}
    for name, data in read.items():
        assert faults(tmp_path / "out" / "dicom" / name) == [], name
        assert data.SOPInstanceUID == written[name]
        assert data.FrameOfReferenceUID == reference.frame_of_reference
        assert data.StudyInstanceUID == reference.study
        assert data.PatientID == ("007" if dicom_planning else "")
    assert len({d.SeriesInstanceUID for d in read.values()}) == 6
    assert [t.split(":")[0] for t in told] == ["RD.dcm", "RD_EQD2_alpha-beta_3_Gy.dcm"]


def test_doses_refer_to_registrations_plans_and_doses_and_marks_to_the_dose(tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="segmentations need highdicom")
    out = tmp_path / "dicom"
    written = export_course_dicom(out, reference=made_series(), **a_course())
    for name, kind in (("RD.dcm", "PHYSICAL"), (FILES[1], "EFFECTIVE")):
        data = pydicom.dcmread(out / name)
        assert (data.DoseType, data.DoseSummationType, data.SpatialTransformOfDose) == (
            kind,
            "PLAN",
            "NON_RIGID",
        )
        used = data.ReferencedSpatialRegistrationSequence
        assert [r.ReferencedSOPInstanceUID for r in used] == [written["REG_1.dcm"], written["REG_2.dcm"]]
        assert [r.ReferencedSOPClassUID for r in used] == [reg.DEFORMABLE, reg.SPATIAL]
        assert [d.ReferencedSOPInstanceUID for d in data.ReferencedInstanceSequence] == ["1.2.3.6", "1.2.3.7"]
    marks = pydicom.dcmread(out / "SEG_marks.dcm")
    assert [s.SegmentLabel for s in marks.SegmentSequence] == [
        "outside of the fraction's dose grid",
        "where the deformation folds",
        "where the deformation is undefined",
    ]
    named = marks.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert named.ReferencedSOPInstanceUID == written["RD.dcm"]


def test_what_was_exported_is_read_again_with_what_is_unknown_known_by_its_marks(tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="segmentations need highdicom")
    course, out = a_course(), tmp_path / "dicom"
    export_course_dicom(out, reference=made_series(), **course)
    dose = read_dose(out / "RD.dcm").image
    index = np.round(dose.grid.index(GRID.all_points())).astype(int)
    found = dose.data[0].numpy()[index[..., 2], index[..., 1], index[..., 0]]
    given = course["dose"].data[0].numpy()
    np.testing.assert_allclose(found, np.nan_to_num(given), rtol=1e-6, atol=1e-6)
    unknown = {tuple(p) for p in np.round(GRID.points(np.argwhere(np.isnan(given))[:, ::-1]), 3).tolist()}
    segments = placed(out / "SEG_marks.dcm")
    every = np.array(sorted(set().union(*segments.values())))
    np.testing.assert_allclose(every, np.array(sorted(unknown)), atol=2e-3)
    u = load_transform(out / "REG_1.dcm").displacement(GRID).numpy()
    np.testing.assert_allclose(u, course["registrations"][0][0].data.numpy(), atol=1e-4)
    assert read_registration(out / "REG_2.dcm").source_frame == reg.MOVING
    assert [s.name for s in read_rtstruct(out / "RS.dcm").structures] == ["Organ"]


def test_rigid_motions_alone_make_a_rigid_dose(tmp_path: Path) -> None:
    turn = RigidTransform.from_parameters([0.1, 0.2, 0.3, 1, 2, 3], 3)
    course = a_course(registrations=[(turn, DAY)], marks=None, effective=None, structures=(), plans=())
    whole = course["dose"].with_data(course["dose"].data.nan_to_num(1.0))
    written = export_course_dicom(
        tmp_path / "dicom", reference=made_series(), fractions=5, **{**course, "dose": whole}
    )
    assert list(written) == ["RD.dcm", "REG_1.dcm"]
    data = pydicom.dcmread(tmp_path / "dicom" / "RD.dcm")
    assert (data.SpatialTransformOfDose, data.DoseSummationType) == ("RIGID", "PLAN_OVERVIEW")
    assert data.PlanOverviewSequence[0].NumberOfFractionsIncluded == 5


def test_without_marks_the_voxels_of_unknown_dose_are_segmented(tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="segmentations need highdicom")
    export_course_dicom(tmp_path / "dicom", reference=made_series(), **a_course(marks=None))
    assert {n: len(p) for n, p in placed(tmp_path / "dicom" / "SEG_marks.dcm").items()} == {1: 2}


def test_what_cannot_be_written_beside_the_dose_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
    told: list[str] = []
    empty = VoxelStructure("x" * 70, Image(torch.ones(1, *GRID.shape), GRID))
    nowhere = Image(torch.full((3, *GRID.shape), torch.nan), GRID)
    course = a_course(structures=[empty], registrations=[(nowhere, DAY)])
    written = export_course_dicom(tmp_path / "dicom", reference=made_series(), warnings=told, **course)
    assert list(written) == FILES[:2]
    words = "\n".join(told)
    assert "REG_1.dcm is not written: the deformation is undefined everywhere" in words
    assert "RS.dcm is not written: the structure name" in words
    assert "SEG_marks.dcm is not written: DICOM segmentations need the package highdicom" in words


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    course = a_course()
    course["effective"]["EQD2 alpha-beta 3 Gy"].data[0, 0, 0, 0] = -1
    with pytest.raises(DoseError, match="negative in 1 voxels"):
        export_course_dicom(tmp_path / "dicom", reference=made_series(), **course)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dicom").mkdir()
    export_course_dicom(tmp_path / "dicom", reference=made_series(), **a_course(marks=None))
    before = {p: p.read_bytes() for p in (tmp_path / "dicom").iterdir()}
    with pytest.raises(OutputError, match="exists and is not empty"):
        export_course_dicom(tmp_path / "dicom", reference=made_series(), **a_course(marks=None))
    assert {p: p.read_bytes() for p in (tmp_path / "dicom").iterdir()} == before
