"""Organs as inputs: segmentations on grids of their own, markups as points, models as surfaces."""

import numpy as np
import pytest

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.geometry.structure import SurfaceStructure
from RegSuite.mrml.clouds import MOST_CONTROL_POINTS
from RegSuite.mrml.inputs import engine_inputs
from RegSuite.mrml.make import make_node
from RegSuite.mrml.markups import markups_from_points
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.taken import structures_of_models
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.workflows import get_workflow
from Testing.modules.organs import models
from Testing.mrml.gate import slicer
from Testing.mrml.small_organs import GRID, NAMES, PLACES, RADII, parts

pytestmark = pytest.mark.slicer

SHIFT = np.array([9.0, 0.0, 0.0])


@pytest.fixture
def workflow():
    return get_workflow("organs")


def segmentations():
    made = parts()
    return {
        f"{side}_labels": segmentation_from_labels(made[f"{side}_labels"], NAMES, name=side)
        for side in ("source", "target")
    }


def test_without_scans_segmentations_come_on_their_own_grid_with_common_numbers(workflow):
    found = engine_inputs(workflow, segmentations())
    assert found["source_labels"].grid.same_space(GRID)
    assert found["label_names"] == NAMES


def test_a_segmentation_is_not_cut_to_the_scan_of_the_other_side(workflow):
    from RegSuite.geometry import Grid, Image
    from Testing.mrml.dose_nodes import OBLIQUE

    whole = parts()["target_image"].data
    grid = Grid.make((10, 10, 10), GRID.spacing, GRID.origin, OBLIQUE)
    scan = Image(whole[:, :10, :10, :10].clone(), grid, "part")
    given = {**segmentations(), "target_image": volume_from_image(scan)}
    found = engine_inputs(workflow, given)
    assert found["target_labels"].grid.same_space(scan.grid)
    assert found["source_labels"].grid.same_space(GRID)


def test_markups_are_points_with_their_labels_and_models_are_surfaces(workflow):
    cloud = PointSet(np.random.default_rng(0).normal(size=(6, 3)), labels=np.array([1, 1, 2, 2, 2, 1]))
    given = {"source_labels": markups_from_points(cloud, name="mine"), "target_labels": models(SHIFT)}
    found = engine_inputs(workflow, given)
    assert np.allclose(found["source_labels"].points, cloud.points)
    assert found["source_labels"].labels.tolist() == cloud.labels.tolist()
    for label, structure in zip(NAMES, found["target_labels"], strict=True):
        assert isinstance(structure, SurfaceStructure)
        assert (structure.name, structure.number) == (NAMES[label], label)
        away = np.linalg.norm(structure.points - PLACES[label] - SHIFT, axis=1)
        assert np.allclose(away, RADII[label], atol=1e-3)


def test_a_model_under_a_transform_is_taken_where_it_is_seen():
    import vtk

    model = models((0.0, 0.0, 0.0))[0]
    above = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, -9.0)  # RAS
    above.SetMatrixTransformToParent(matrix)
    model.SetAndObserveTransformNodeID(above.GetID())
    found = structures_of_models(model, "source labels")[0]
    assert np.allclose(found.points.mean(axis=0), PLACES[1] + SHIFT, atol=0.1)


def test_models_of_one_name_and_without_triangles_are_refused():
    first, second = models((0.0, 0.0, 0.0))
    second.SetName(first.GetName())
    with pytest.raises(InputError, match="two models are called 'liver'"):
        structures_of_models([first, second], "source labels")
    dots = finish(make_node("points", PointSet(np.random.default_rng(0).normal(size=(700, 3))), "dots", {}))
    with pytest.raises(InputError, match="'dots' has no triangles"):
        structures_of_models(dots, "source labels")


@pytest.mark.parametrize(
    ("count", "kind"), [(20, "vtkMRMLMarkupsFiducialNode"), (MOST_CONTROL_POINTS + 1, "vtkMRMLModelNode")]
)
def test_few_points_are_a_point_list_and_many_a_model_of_dots(count, kind):
    points = np.random.default_rng(1).normal(size=(count, 3)) * 50
    node = finish(make_node("points", PointSet(points), "cloud", {}))
    assert node.GetClassName() == kind
    if kind == "vtkMRMLModelNode":
        assert np.allclose(slicer.util.arrayFromModelPoints(node), points * [-1, -1, 1], atol=1e-4)
