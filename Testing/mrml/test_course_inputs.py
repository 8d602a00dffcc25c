"""A course of nodes as a course of the engine's objects, and accumulated from the console."""

import numpy as np
import pytest
import torch

from RegSuite import console
from RegSuite.errors import DoseError, InputError
from RegSuite.geometry import DoseImage, Image
from RegSuite.mrml.inputs import engine_inputs
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.transforms import AffineTransform, DisplacementTransform
from RegSuite.workflows.course import course_of
from RegSuite.workflows.dose import WORKFLOW
from Testing.mrml.dose_nodes import GRID, a_cylinder, a_dose, a_turn, contour_segmentation, dose_node

pytestmark = pytest.mark.slicer


def a_scan(name="CT"):
    points = GRID.all_points() - np.asarray(GRID.centre)
    values = 40 - 900 * (np.linalg.norm(points[..., :2], axis=-1) > 22)
    return Image(torch.from_numpy(values.astype(np.float32))[None], GRID, name)


def a_course(**first):
    """Two fractions; the second under the transform that is given for it."""
    shift = AffineTransform(np.eye(3), [3.0, -2.0, 1.0])
    moved = node_from_transform(shift, name="day 2 to planning")
    image, dose = volume_from_image(a_scan("day 2")), dose_node()
    for node in (image, dose):
        node.SetAndObserveTransformNodeID(moved.GetID())
    still = node_from_transform(AffineTransform(np.eye(3), [0.0, 0.0, 0.0]), name="still")
    return {
        "planning": {
            "image": volume_from_image(a_scan("plan")),
            "structures": contour_segmentation(a_cylinder()),
        },
        "fractions": [
            {"image": volume_from_image(a_scan("day 1")), "dose": dose_node(), "transform": still, **first},
            {"image": image, "dose": dose, "transform": moved, "fractions": 4},
        ],
    }


def test_every_node_of_a_course_becomes_its_object(scene):
    found = course_of(engine_inputs(WORKFLOW, {"course": a_course()})["course"])
    assert torch.equal(found.planning.image.data, a_scan().data)
    assert len(found.planning.structures[0].contours) == 9
    first, second = found.fractions
    assert isinstance(first.dose, DoseImage)
    assert (first.name, second.name, second.fractions) == ("day 1", "day 2", 4)
    point = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
    assert np.allclose(second.transform.points(point), [[4.0, 0.0, 4.0]])


def test_scan_and_dose_under_the_transform_that_is_given_are_taken_as_they_lie_within_it(scene):
    found = course_of(engine_inputs(WORKFLOW, {"course": a_course()})["course"])
    second = found.fractions[1]
    assert np.allclose(second.image.grid.origin, GRID.origin, atol=1e-6)
    assert np.allclose(second.dose.image.grid.origin, GRID.origin, atol=1e-6)


def test_another_rigid_parent_is_taken_into_the_place_of_the_dose(scene):
    node, (turn, matrix) = dose_node(), a_turn()
    node.SetAndObserveTransformNodeID(turn.GetID())
    found = course_of(engine_inputs(WORKFLOW, {"course": a_course(dose=node)})["course"])
    expected = matrix[:3, :3] @ np.asarray(GRID.centre) + matrix[:3, 3]
    assert np.allclose(found.fractions[0].dose.image.grid.centre, expected, atol=1e-4)


def test_a_dose_without_unit_is_refused_by_its_fraction_unless_the_unit_is_told(scene):
    with pytest.raises(DoseError, match="does not say in which unit") as refused:
        engine_inputs(WORKFLOW, {"course": a_course(dose=dose_node(unit=None))})
    assert refused.value.where == "fraction 1 dose 'dose'"
    told = a_course(dose=dose_node(unit=None, factor=100.0), dose_unit="cGy")
    found = course_of(engine_inputs(WORKFLOW, {"course": told})["course"])
    assert isinstance(found.fractions[0].dose, Image)
    assert found.fractions[0].dose_unit == "cGy"


def test_a_label_map_where_a_scan_is_wanted_is_refused_by_its_fraction(scene):
    wrong = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    with pytest.raises(InputError, match="label map where a scan is wanted") as refused:
        engine_inputs(WORKFLOW, {"course": a_course(image=wrong)})
    assert "fraction 1 image" in refused.value.where


def test_a_course_of_nodes_accumulates_to_the_sum_of_its_shifted_doses(scene):
    course = a_course()
    names = {n.GetName() for n in (course["planning"]["image"], course["fractions"][0]["image"])}
    result = console.dose(**course, samples=2, uncertainty="none", compare=False, report=False, threads=1)
    # the dose is linear: at a planning point x both give their dose at x + shift
    still = a_dose().data
    shifted = still + 0.2 * 3.0 + 0.1 * 1.0
    found = result.images["accumulated_dose"].data
    inner = (slice(None), *(slice(2, -2),) * 3)  # half a voxel at the border keeps the border's dose
    assert torch.allclose(found[inner], (still + shifted)[inner], atol=2e-4)
    assert result.metrics["dvh"]["cylinder"]["mean"] == pytest.approx(40.7, abs=0.05)
    assert names == {"plan", "day 1"}


def test_a_displacement_node_with_its_own_lattice_is_taken(scene):
    field = DisplacementTransform(torch.full((3, *GRID.shape), 1.0), GRID)
    course = a_course(transform=node_from_transform(field, name="field"))
    found = course_of(engine_inputs(WORKFLOW, {"course": course})["course"])
    point = torch.tensor(np.asarray(GRID.centre)[None])
    assert np.allclose(found.fractions[0].transform.points(point) - point, 1.0, atol=1e-5)


def test_a_course_that_names_nothing_is_refused():
    with pytest.raises(InputError, match="no course was given"):
        console.dose(seed=3)
    with pytest.raises(InputError, match="planning is missing; fractions is missing"):
        console.dose(samples=3)
