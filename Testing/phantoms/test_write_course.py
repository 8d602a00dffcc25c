"""A thorax course's folder is a course that can be read as it was made, as NIfTI and as DICOM."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from RegSuite.errors import OutputError
from RegSuite.io import read_image, read_labels
from RegSuite.io.course_file import read_course_file
from RegSuite.io.points import read_points
from RegSuite.io.rtdose import read_dose
from RegSuite.io.structures import read_structures
from RegSuite.io.transforms import load_transform
from RegSuite.phantoms.thorax import thorax_draw
from RegSuite.phantoms.write_course import course_to_folder
from RegSuite.quality import load_limits
from RegSuite.workflows.course import Course


@pytest.fixture(scope="module")
def course():
    return thorax_draw(5, (40, 36, 30), 5.0, fractions=2, counts=(10, 5))


@pytest.fixture(scope="module")
def folder(course, tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "course"
    course_to_folder(course, path, dicom=True)
    return path


@pytest.mark.parametrize("name", ["COURSE.yaml", "COURSE-dicom.yaml"])
def test_the_course_file_names_what_is_there_with_the_counts(course, folder, name):
    read = Course(**read_course_file(folder / name))
    assert [f.fractions for f in read.fractions] == [10, 5]
    for given in (read.planning.image, read.planning.structures, *(f.image for f in read.fractions)):
        assert given.exists(), given
    assert load_limits(read.limits).dose
    if name == "COURSE.yaml":
        names = {s.name for s in read_structures(read.planning.structures)}
        assert read.eqd2 is not None
        assert set(read.eqd2.alpha_beta_gy) - {"default"} <= names
        assert {limit.structure for limit in load_limits(read.limits).dose} <= names
        assert names == set(course.label_names.values())


def test_images_fields_and_landmarks_are_read_back_as_they_were(course, folder):
    assert torch.equal(read_image(folder / "planning.nii.gz").data, course.planning.data)
    assert torch.equal(read_image(folder / "truth_dose.nii.gz").data, course.truth_dose.data)
    assert torch.equal(read_labels(folder / "structures.nii.gz").data.int(), course.labels.data.int())
    for n, one in enumerate(course.fractions, start=1):
        assert torch.equal(read_image(folder / f"day{n}.nii.gz").data, one.image.data)
        dose = read_dose(folder / f"dose{n}.nii.gz", unit="Gy")
        assert torch.equal(dose.image.data, one.dose.image.data)
        assert dose.image.grid.same_space(one.dose.image.grid)
        field = load_transform(folder / f"truth_displacement_{n}.nii.gz").displacement(course.planning.grid)
        np.testing.assert_allclose(field.numpy(), one.displacement.data.numpy(), atol=1e-4)
        points = read_points(folder / f"day{n}_points.csv")
        np.testing.assert_array_equal(points.points, one.landmarks.points)
        assert points.names == course.landmarks.names
    record = json.loads((folder / "phantom.json").read_text())
    assert (record["seed"], record["counts"], record["name"]) == (5, [10, 5], "thorax")
    for file in record["files"].values():
        assert (folder / file).exists(), file


def test_the_dicom_files_hold_the_same_scans_doses_and_structures(course, folder):
    scan = read_image(folder / "dicom" / "planning")
    assert scan.grid.same_space(course.planning.grid)
    assert float((scan.data - course.planning.data).abs().max()) <= 0.5
    day, dose = course.fractions[1].image, course.fractions[1].dose.image
    assert float((read_image(folder / "dicom" / "day2").data - day.data).abs().max()) <= 0.5
    read = read_dose(folder / "dicom" / "RD2.dcm")
    torch.testing.assert_close(read.image.data, dose.data, atol=1e-6, rtol=0)
    names = {s.name for s in read_structures(folder / "dicom" / "RS.dcm")}
    assert names == {s.name for s in course.structures}


def test_the_surfaces_are_read_as_the_structures_they_were(course, folder):
    pytest.importorskip("vtkmodules", reason="surfaces are read with vtk (extra `surfaces`)")
    read = {s.name: s for s in read_structures(folder / "surfaces")}
    wanted = {s.name: s for s in course.structures if hasattr(s, "triangles")}
    assert set(read) == set(wanted)
    for name, surface in wanted.items():
        for end in (np.min, np.max):
            found = end(read[name].points, axis=0)
            np.testing.assert_allclose(found, end(surface.points, axis=0), atol=1e-4)


def test_a_folder_with_something_in_it_is_refused_and_nothing_is_left_of_a_failure(
    course, tmp_path, monkeypatch
):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="exists and is not empty"):
        course_to_folder(course, tmp_path / "there")

    def broken(*_):
        raise RuntimeError("no")

    monkeypatch.setattr("RegSuite.phantoms.write_course.write_points", broken)
    with pytest.raises(RuntimeError, match="no"):
        course_to_folder(course, tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["there"]
