"""Doses, structures and courses on their way to a worker; dvh and gamma as jobs and in a batch."""

import csv
import json

import numpy as np
import pytest
import torch

import RegSuite
from RegSuite.backend.batch import read_manifest, run_batch
from RegSuite.backend.exchange import finish, read_item, write_item_in_steps
from RegSuite.backend.job import submit
from RegSuite.errors import InputError
from RegSuite.geometry import (
    ArrayImage,
    ContourStructure,
    DoseImage,
    Grid,
    Image,
    SurfaceStructure,
    VoxelStructure,
)
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.course import Course, course_of

GRID = Grid.make(
    (24, 20, 16), (2.0, 2.5, 3.0), (5.0, -20.0, 40.0), [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]
)


def a_dose(factor=1.0):
    points = GRID.all_points() - np.asarray(GRID.centre)
    values = factor * (20 + 0.2 * points[..., 0] + 0.1 * points[..., 2])
    return Image(torch.from_numpy(values.astype(np.float32))[None], GRID, "dose")


def a_cylinder():
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.stack([8 * np.cos(turn), 8 * np.sin(turn), np.zeros(48)], axis=1)
    contours = tuple(np.asarray(GRID.centre) + circle + (0, 0, 3.0 * k) for k in range(-5, 6))
    return ContourStructure("cylinder", contours, 7, (255, 128, 0))


def through(value, folder, **options):
    return read_item(finish(write_item_in_steps(value, folder, "item")), folder, **options)


def test_the_contours_of_a_structure_are_one_file_and_come_back_bit_for_bit(tmp_path):
    sent = a_cylinder()
    found = through(sent, tmp_path)
    assert isinstance(found, ContourStructure)
    assert (found.name, found.number, found.colour) == ("cylinder", 7, (255, 128, 0))
    assert all(np.array_equal(a, b) for a, b in zip(found.contours, sent.contours, strict=True))
    assert len(list(tmp_path.glob("*.npy"))) == 1


def test_surfaces_voxels_and_doses_come_back_as_they_were(tmp_path):
    surface = SurfaceStructure(
        "tetra", np.eye(4)[:, :3], np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]])
    )
    voxels = VoxelStructure("box", a_dose().with_data((a_dose().data > 20).float()), 2, (1, 2, 3))
    dose = DoseImage(a_dose(), dose_type="EFFECTIVE", summation="FRACTION", plans=("1.2.3", "1.2.4"))
    found = through({"structures": [surface, voxels], "dose": dose}, tmp_path)
    assert np.array_equal(found["structures"][0].triangles, surface.triangles)
    assert torch.equal(found["structures"][1].inside.data, voxels.inside.data)
    assert found["structures"][1].colour == (1, 2, 3)
    assert torch.equal(found["dose"].image.data, dose.image.data)
    assert (found["dose"].dose_type, found["dose"].plans) == ("EFFECTIVE", ("1.2.3", "1.2.4"))


def test_a_dose_can_be_sent_and_read_without_torch(tmp_path):
    values = a_dose().data.numpy()
    sent = DoseImage(ArrayImage(values, GRID, "dose", type_name="float32"))
    assert torch.equal(through(sent, tmp_path).image.data, a_dose().data)
    found = through(DoseImage(a_dose()), tmp_path, arrays=True)
    assert isinstance(found.image, ArrayImage)
    assert np.array_equal(found.image.values, values)


def a_course(tmp_path):
    """Every kind of object that a course may hold; a course by objects as the panel sends it."""
    field = DisplacementTransform(0.5 * torch.ones((3, *GRID.shape)), GRID)
    return {
        "planning": {"image": a_dose(50.0), "structures": [a_cylinder()]},
        "fractions": [
            {"image": a_dose(50.0), "dose": DoseImage(a_dose()), "transform": field, "fractions": 3},
            {"image": tmp_path / "day2.nii.gz", "dose": a_dose(), "dose_unit": "cGy"},
            {"dose": DoseImage(a_dose()), "transform": AffineTransform(np.eye(3), [1.0, 2.0, 3.0])},
        ],
        "eqd2": {"alpha_beta_gy": {"default": 3.0, "GTV": 10}},
        "samples": 12,
    }


@pytest.mark.parametrize("as_model", [False, True])
def test_a_course_of_nested_objects_is_the_same_course_on_the_other_side(tmp_path, as_model):
    sent = a_course(tmp_path)
    found = course_of(through(course_of(sent) if as_model else sent, tmp_path))
    assert isinstance(found, Course)
    assert found.samples == 12
    assert found.eqd2.of("GTV") == 10
    assert [f.fractions for f in found.fractions] == [3, 1, 1]
    assert torch.equal(found.planning.image.data, a_dose(50.0).data)
    assert np.array_equal(found.planning.structures[0].contours[3], a_cylinder().contours[3])
    first, second, third = found.fractions
    assert torch.equal(first.transform.displacement_mm, 0.5 * torch.ones((3, *GRID.shape)))
    assert torch.equal(first.dose.image.data, a_dose().data)
    assert second.image == tmp_path / "day2.nii.gz"
    assert second.dose_unit == "cGy"
    assert np.allclose(third.transform.points(torch.zeros(1, 3, dtype=torch.float64)), [[1.0, 2.0, 3.0]])


def test_simpleitk_images_within_a_course_are_taken(tmp_path):
    from RegSuite.io.simpleitk_bridge import image_to_sitk

    found = through({"planning": {"image": image_to_sitk(a_dose())}}, tmp_path)
    assert torch.equal(found["planning"]["image"].data, a_dose().data)


def test_what_cannot_be_sent_is_named_with_its_place(tmp_path):
    with pytest.raises(InputError, match="set cannot be handed") as refused:
        through({"planning": {"image": {1, 2}}}, tmp_path)
    assert refused.value.where == "item.0.0"


def test_a_dvh_job_gives_the_numbers_of_the_run_in_this_process(tmp_path):
    metric = ["D50%", "V20Gy"]
    options = {"metric": metric, "report": False, "threads": 1}
    here = RegSuite.dvh(DoseImage(a_dose()), [a_cylinder()], **options)
    job = submit("dvh", {"dose": DoseImage(a_dose()), "structures": [a_cylinder()]}, options)
    assert job.wait(60) == "completed", job.last_words
    assert job.record.metrics["dvh"] == json.loads(json.dumps(here.metrics))
    rows = list(csv.DictReader((job.folder / "dvh.csv").open()))
    assert {row["structure"] for row in rows} == {"cylinder"}
    job.close()


def test_a_gamma_job_gives_the_pass_rate_of_the_run_in_this_process():
    job = submit(
        "gamma",
        {"reference": DoseImage(a_dose()), "evaluated": a_dose(1.01), "structures": [a_cylinder()]},
        {"report": False, "threads": 1},
    )
    assert job.wait(60) == "completed", job.last_words
    here = RegSuite.gamma(DoseImage(a_dose()), a_dose(1.01), structures=[a_cylinder()], report=False)
    assert job.record.gamma["pass_rate_percent"] == pytest.approx(here.pass_rate_percent)
    job.close()


class Nobody:
    def ended(self, entry, done, of, *, kept):
        """Nothing."""

    def running(self, jobs, done, of):
        """Nothing."""


def test_a_batch_of_dvhs_runs_each_row_and_tells_of_the_one_that_fails(tmp_path):
    from RegSuite.io.write_image import write_image

    labels = (a_dose().data > 20).int()
    write_image(a_dose(), tmp_path / "dose.nii.gz")
    write_image(a_dose().with_data(labels), tmp_path / "labels.nii.gz")
    write_image(a_dose().with_data(0 * labels), tmp_path / "empty.nii.gz")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        "dose,structures,name\ndose.nii.gz,labels.nii.gz,good\ndose.nii.gz,empty.nii.gz,bad\n"
    )
    common = {"parameters": {}, "report": False, "scene": False}
    rows = read_manifest(manifest, "dvh", common)
    summary = run_batch(rows, tmp_path / "out", Nobody(), manifest=str(manifest), workers=1, threads=1)
    states = {entry.name: entry.status for entry in summary.rows}
    assert states == {"good": "completed", "bad": "failed"}
    assert "empty" in next(e for e in summary.rows if e.name == "bad").reason.what
    record = json.loads((tmp_path / "out" / "good" / "result.json").read_text())
    assert record["metrics"]["dvh"]["label 1"]["mean"] > 20


def test_a_course_job_hands_back_doses_structures_and_tables_where_the_result_lies(tmp_path):
    course = {
        "planning": {"image": a_dose(50.0), "structures": [a_cylinder()]},
        "fractions": [
            {
                "image": a_dose(50.0),
                "dose": DoseImage(a_dose()),
                "transform": AffineTransform(np.eye(3), [0.0, 0.0, 0.0]),
                "fractions": 2,
            }
        ],
        "uncertainty": "none",
    }
    job = submit("dose", {"course": course}, {"report": False, "threads": 1, "compare": False})
    assert job.wait(120) == "completed", job.last_words
    content = job.content(arrays=True)
    found = content.item("accumulated_dose")
    assert isinstance(found, ArrayImage)
    assert np.allclose(found.values, a_dose().data.numpy(), rtol=1e-5)
    assert np.array_equal(content.item("structures")[0].contours[3], a_cylinder().contours[3])
    assert content.item("dvh") == job.folder / "dvh.csv"
    job.publish(tmp_path / "kept")
    assert job.content().item("dvh_metrics").read_text().startswith("structure,metric,unit,value")
    job.close()
