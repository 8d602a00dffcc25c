"""Dose volumes and segmentations of a scene as the engine's doses and structures."""

import numpy as np
import pytest
import torch

import RegSuite
from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import ContourStructure, DoseImage, Image, SurfaceStructure, VoxelStructure
from RegSuite.mrml.dose_volumes import dose_from_volume, mark_dose
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.structure_reading import structures_from_segmentation
from Testing.mrml.dose_nodes import GRID, a_cylinder, a_dose, a_turn, contour_segmentation, dose_node

pytestmark = pytest.mark.slicer


@pytest.mark.parametrize(("unit", "factor"), [("GY", 1.0), ("cGy", 100.0), ("MGY", 1000.0)])
@pytest.mark.parametrize("on_study", [False, True])
def test_a_dose_volume_is_read_in_gy_from_the_unit_on_the_node_or_on_its_study(unit, factor, on_study):
    dose = dose_from_volume(dose_node(unit=unit, on_study=on_study, factor=factor))
    assert isinstance(dose, DoseImage)
    assert np.allclose(dose.image.grid.all_points(), GRID.all_points(), atol=1e-6)
    assert torch.allclose(dose.image.data, a_dose().data, rtol=1e-6)


def test_a_dose_volume_is_taken_where_it_is_seen_under_a_rigid_transform():
    node, (transform, matrix) = dose_node(), a_turn()
    node.SetAndObserveTransformNodeID(transform.GetID())
    grid = dose_from_volume(node).image.grid
    expected = matrix[:3, :3] @ np.asarray(GRID.centre) + matrix[:3, 3]
    assert np.allclose(grid.centre, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("unit", "words"),
    [(None, "does not say in which unit"), ("RELATIVE", "RELATIVE"), ("ROENTGEN", "no unit of dose")],
)
def test_a_dose_without_a_usable_unit_is_refused(unit, words):
    with pytest.raises(DoseError, match=words) as refused:
        dose_from_volume(dose_node(unit=unit), "fraction 1")
    assert "fraction 1 'dose'" in str(refused.value)


def test_a_dose_that_is_not_finite_is_refused_with_the_count():
    image = a_dose()
    data = image.data.clone()
    data[0, 3, 4, 5] = float("nan")
    with pytest.raises(DoseError, match="1 voxels of the dose are not finite"):
        dose_from_volume(dose_node(image.with_data(data)))


def test_a_volume_that_was_marked_here_is_read_as_a_dose_again():
    node = dose_node(unit=None)
    mark_dose(node)
    assert torch.equal(dose_from_volume(node).image.data, a_dose().data)


def test_contours_of_a_segmentation_come_as_they_were_drawn_with_names_and_colours():
    drawn = (a_cylinder(), a_cylinder("small", 4.0, 2, (0, 128, 255)))
    found = structures_from_segmentation(contour_segmentation(*drawn))
    assert [s.name for s in found] == ["cylinder", "small"]
    assert [s.colour for s in found] == [(255, 0, 0), (0, 128, 255)]
    for one, other in zip(found, drawn, strict=True):
        assert isinstance(one, ContourStructure)
        assert len(one.contours) == 9
        assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(one.contours, other.contours, strict=True))


def test_contours_under_a_rigid_transform_are_where_they_are_seen():
    node, (transform, matrix) = contour_segmentation(a_cylinder()), a_turn()
    node.SetAndObserveTransformNodeID(transform.GetID())
    (found,) = structures_from_segmentation(node)
    expected = a_cylinder().contours[0] @ matrix[:3, :3].T + matrix[:3, 3]
    assert np.allclose(found.contours[0], expected, atol=1e-4)


def test_open_contours_and_empty_segments_are_left_out_with_a_sentence():
    nothing = ContourStructure("nothing", (), 2, (0, 0, 0))
    node = contour_segmentation(a_cylinder(), nothing, open_ones=2)
    told = []
    (found,) = structures_from_segmentation(node, warnings=told)
    assert len(found.contours) == 7
    assert told == [
        "structure 'cylinder': 2 open contours left out, 7 kept",
        "structure 'nothing' is left out: it is empty",
    ]


def test_a_segmentation_of_open_contours_alone_is_refused():
    with pytest.raises(InputError, match="every segment is empty"):
        structures_from_segmentation(contour_segmentation(a_cylinder(), open_ones=9))


def test_segments_of_a_shared_label_map_come_as_voxels_of_their_own():
    labels = torch.zeros(GRID.shape, dtype=torch.int32)
    labels[4:9, 6:12, 5:11] = 1
    labels[4:9, 6:12, 11:15] = 2
    node = segmentation_from_labels(Image(labels[None], GRID), {1: "left", 2: "right"})
    left, right = structures_from_segmentation(node)
    assert isinstance(left, VoxelStructure)
    assert (left.name, right.name) == ("left", "right")
    assert left.inside.data.sum() == 5 * 6 * 6
    assert right.inside.data.sum() == 5 * 6 * 4
    assert np.allclose(right.inside.grid.origin, GRID.points([11, 6, 4]))
    assert np.allclose(right.inside.grid.direction, GRID.direction)


def test_a_closed_surface_keeps_the_volume_it_encloses():
    import slicer
    import vtk

    ball = vtk.vtkSphereSource()
    ball.SetRadius(10.0)
    ball.SetCenter(5.0, -20.0, 8.0)  # RAS
    ball.SetThetaResolution(60)
    ball.SetPhiResolution(60)
    ball.Update()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "s")
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    segment = slicer.vtkSegment()
    segment.SetName("ball")
    segment.AddRepresentation("Closed surface", ball.GetOutput())
    node.GetSegmentation().AddSegment(segment)
    (found,) = structures_from_segmentation(node)
    assert isinstance(found, SurfaceStructure)
    assert np.allclose(found.points.mean(axis=0), (-5.0, 20.0, 8.0), atol=1e-3)
    a, b, c = (found.points[found.triangles[:, i]] - found.points.mean(axis=0) for i in range(3))
    volume = abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
    measured = vtk.vtkMassProperties()
    measured.SetInputData(ball.GetOutput())
    assert volume == pytest.approx(measured.GetVolume(), rel=1e-4)


def test_a_segmentation_under_a_stretching_transform_is_refused():
    import slicer
    import vtk

    stretch = vtk.vtkMatrix4x4()
    stretch.SetElement(0, 0, 1.2)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "stretch")
    transform.SetMatrixTransformToParent(stretch)
    node = contour_segmentation(a_cylinder())
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(GeometryError, match="stretch"):
        structures_from_segmentation(node)


def test_a_dvh_of_nodes_is_that_of_the_objects():
    drawn = (a_cylinder(), a_cylinder("small", 4.0, 2, (0, 128, 255)))
    of_nodes = RegSuite.dvh(
        dose_node(unit="CGY", factor=100.0), contour_segmentation(*drawn), metric=["D50%"]
    )
    of_objects = RegSuite.dvh(DoseImage(a_dose()), drawn, metric=["D50%"])
    for name in ("cylinder", "small"):
        for metric, value in of_objects.metrics[name].items():
            assert of_nodes.metrics[name][metric] == pytest.approx(value, rel=1e-4, abs=1e-4)
    assert of_nodes.metrics["cylinder"]["D50%"] == pytest.approx(20.0, abs=0.05)


def test_a_dvh_of_a_label_map_node_bears_its_names():
    from RegSuite.mrml.volumes import label_volume_from_image

    labels = torch.zeros((1, *GRID.shape), dtype=torch.int32)
    labels[0, 8:12, 10:16, 12:18] = 3
    node = label_volume_from_image(Image(labels, GRID), {3: "box"})
    result = RegSuite.dvh(dose_node(), node)
    assert list(result.metrics) == ["box"]
    assert result.metrics["box"]["volume"] == pytest.approx(4 * 6 * 6 * 15 / 1000, rel=1e-3)


def test_a_unit_can_be_told_for_a_volume_that_does_not_say_it():
    result = RegSuite.dvh(
        dose_node(unit=None, factor=100.0), contour_segmentation(a_cylinder()), dose_unit="cGy"
    )
    assert result.metrics["cylinder"]["mean"] == pytest.approx(20.0, abs=0.05)
    with pytest.raises(DoseError, match="does not say"):
        RegSuite.dvh(dose_node(unit=None), contour_segmentation(a_cylinder()))


def test_gamma_of_nodes_is_that_of_the_objects():
    other = a_dose().with_data(a_dose().data * 1.01)
    options = {"percent": 2.0, "distance_mm": 2.0}
    nodes = RegSuite.gamma(
        dose_node(), dose_node(other), structures=contour_segmentation(a_cylinder()), **options
    )
    objects = RegSuite.gamma(DoseImage(a_dose()), DoseImage(other), structures=[a_cylinder()], **options)
    assert nodes.pass_rate_percent == pytest.approx(objects.pass_rate_percent)
    assert nodes.pass_rate_percent > 99
    strict = RegSuite.gamma(dose_node(), dose_node(other), percent=0.2, distance_mm=0.1)
    assert strict.pass_rate_percent < 50
