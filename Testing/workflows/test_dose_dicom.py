"""A course from DICOM and back: what is exported is read again and carries the same dose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from RegSuite.errors import DoseError
from RegSuite.io.rtdose import read_dose
from RegSuite.io.rtstruct import read_rtstruct
from RegSuite.phantoms.write_course_dicom import course_to_dicom
from RegSuite.workflows.dose import dose
from Testing.workflows.small_course import NAMES, a_course, structures


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The course as CT series, RT Structure Set and RT Doses; each day has its own frame of reference."""
    folder = tmp_path_factory.mktemp("dicom")
    chosen = {name: kind for name, kind in a_course().kind_of.items() if name in NAMES}
    course_to_dicom(replace(a_course(), structures=structures(), kind_of=chosen), folder)
    return folder


def course(files, transforms):
    """The first day's dose with its transform."""
    fractions = [
        {"image": files / f"day{n}", "dose": files / f"RD{n}.dcm", "transform": transform, "fractions": 3}
        for n, transform in enumerate(transforms, start=1)
    ]
    planning = {"image": files / "planning", "structures": files / "RS.dcm"}
    return {"planning": planning, "fractions": fractions, "uncertainty": "none", "eqd2": {"alpha_beta_gy": 3}}


@pytest.fixture(scope="module")
def exported(files, tmp_path_factory):
    """The result of a course with its true deformation, and the folder of its export."""
    found = dose(course(files, [a_course().fractions[0].displacement]), compare=False)
    folder = tmp_path_factory.mktemp("export") / "dicom"
    return found, folder, found.export_dicom(folder)


def test_the_exported_dose_belongs_to_the_planning_scan_and_its_eqd2_is_effective(files, exported):
    found, folder, written = exported
    assert {"RD.dcm", "RD_EQD2_3.dcm", "REG_1.dcm", "RS.dcm"} <= set(written)
    again = read_dose(folder / "RD.dcm")
    assert float((again.image.data - found.dose.data).abs().max()) < 1e-4
    assert again.dose_type == "PHYSICAL"
    assert read_dose(folder / "RD_EQD2_3.dcm").dose_type == "EFFECTIVE"
    scan = pydicom.dcmread(next((files / "planning").iterdir()), stop_before_pixels=True)
    assert again.frame_of_reference == scan.FrameOfReferenceUID
    assert {s.name for s in read_rtstruct(folder / "RS.dcm").structures} == set(NAMES)


def test_the_exported_registration_given_as_a_transform_accumulates_the_same_dose(files, exported):
    found, folder, _ = exported
    again = dose(course(files, [folder / "REG_1.dcm"]), compare=False)
    assert np.array_equal(found.marks.data, again.marks.data)
    assert np.nanmax((again.dose.data - found.dose.data).abs().numpy()) < 1e-3
    assert again.fractions[0].quality["registered"].endswith("REG_1.dcm")


def test_the_registration_of_another_day_is_refused(files, exported):
    _, folder, _ = exported
    given = course(files, [a_course().fractions[0].displacement, folder / "REG_1.dcm"])
    given["fractions"][0]["fractions"] = 1
    with pytest.raises(DoseError, match="another frame of reference"):
        dose(given, compare=False)
