"""Tables, models, plots and sequences."""

import math

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.mrml.models import model_from_surface, surface_from_model
from RegSuite.mrml.plots import plot_from_series
from RegSuite.mrml.sequences import images_from_sequence, sequence_from_images
from RegSuite.mrml.tables import columns_from_table, label_names_from_node, table_from_columns
from RegSuite.mrml.volumes import label_volume_from_image
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import a_grid, counted
from Testing.mrml.through import a_linear, a_thin_plate_spline

pytestmark = pytest.mark.slicer


def test_columns_come_back_in_their_types():
    given = {"label": [1, 2], "name": ["liver", "heart"], "dice": [0.91, 0.87]}
    node = table_from_columns(given, name="overlap")
    assert columns_from_table(node) == given
    assert node.GetName() == "overlap"


def test_a_missing_number_is_not_a_number_and_a_missing_word_empty():
    back = columns_from_table(table_from_columns({"tre": [1, None], "who": ["me", None]}))
    assert back["tre"][0] == 1.0
    assert math.isnan(back["tre"][1])
    assert back["who"] == ["me", ""]


def test_columns_of_differing_length_are_refused():
    with pytest.raises(InputError, match="differing length"):
        table_from_columns({"a": [1], "b": [1, 2]}, name="odd")


def test_label_names_are_read_from_a_table_and_a_colour_table():
    table = table_from_columns({"Label": [3, 7], "Name": ["liver", "heart"]})
    assert label_names_from_node(table) == {3: "liver", 7: "heart"}
    image = counted(a_grid("oblique"), torch.int32)
    labels = label_volume_from_image(Image((image.data == 5).int() * 2, image.grid), {2: "spleen"})
    colours = labels.GetDisplayNode().GetColorNode()
    assert label_names_from_node(colours)[2] == "spleen"
    with pytest.raises(InputError, match="no columns 'label' and 'name'; there are a"):
        label_names_from_node(table_from_columns({"a": [1]}))
    with pytest.raises(InputError, match="no whole number"):
        label_names_from_node(table_from_columns({"label": ["x"], "name": ["y"]}))


def test_a_surface_comes_back_and_slicer_has_it_in_ras():
    mesh = _cone()
    node = model_from_surface(mesh, name="cone")
    place = np.array(mesh.GetPoint(0))
    assert np.allclose(node.GetPolyData().GetPoint(0), place * [-1, -1, 1])
    back = surface_from_model(node)
    seen = np.array([back.GetPoint(i) for i in range(back.GetNumberOfPoints())])
    wanted = np.array([mesh.GetPoint(i) for i in range(mesh.GetNumberOfPoints())])
    assert np.abs(seen - wanted).max() < 1e-5
    back.GetPoints().SetPoint(0, 99.0, 99.0, 99.0)
    assert np.allclose(node.GetPolyData().GetPoint(0), place * [-1, -1, 1])


def test_a_model_is_taken_where_its_parents_show_it():
    node = model_from_surface(_cone())
    bend = a_thin_plate_spline()
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, 3.0)
    node.SetAndObserveTransformNodeID(a_linear(shift, parent=bend).GetID())
    world = vtk.vtkGeneralTransform()
    node.GetParentTransformNode().GetTransformToWorld(world)
    wanted = np.array(world.TransformPoint(*node.GetPolyData().GetPoint(3))) * [-1, -1, 1]
    assert np.allclose(surface_from_model(node).GetPoint(3), wanted, atol=1e-4)
    inside = surface_from_model(node, inside=bend)
    assert np.allclose(inside.GetPoint(3), np.array(_cone().GetPoint(3)) + [-1.0, -2.0, 3.0], atol=1e-4)


def test_a_model_without_points_is_refused():
    with pytest.raises(InputError, match="'empty' has no points"):
        surface_from_model(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "empty"))


def test_a_plot_has_a_line_a_series_with_its_values():
    chart = plot_from_series(
        "convergence",
        {"coarse": ([0, 1, 2], [3.0, 2.0, 1.5]), "fine": ([0, 1], [1.4, 1.2])},
        x_title="iteration",
        y_title="cost",
    )
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    line = chart.GetNthPlotSeriesNode(0)
    assert line.GetName() == "coarse"
    assert columns_from_table(line.GetTableNode()) == {"iteration": [0.0, 1.0, 2.0], "cost": [3.0, 2.0, 1.5]}
    assert (line.GetXColumnName(), line.GetYColumnName()) == ("iteration", "cost")
    with pytest.raises(InputError, match="2 places but 1 values"):
        plot_from_series("odd", {"a": ([1, 2], [1])})


def test_a_sequence_gives_its_images_and_values_back():
    frames = [
        Image(counted(a_grid("oblique")).data + n, a_grid("oblique"), name=f"phase {n}") for n in range(3)
    ]
    before = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")
    node = sequence_from_images(frames, [0, 50, 12.5], name="breathing", unit="%", index="phase")
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == before
    images, values = images_from_sequence(node)
    assert values == [0.0, 12.5, 50.0]
    for image, number in zip(images, (0, 2, 1), strict=True):
        assert torch.equal(image.data, frames[number].data)
        assert image.grid.same_space(frames[number].grid, 1e-9)
    assert (node.GetIndexName(), node.GetIndexUnit()) == ("phase", "%")


def test_a_value_that_repeats_is_refused():
    with pytest.raises(InputError, match="2 images at 2 values of which 1 differ"):
        sequence_from_images([counted(a_grid("oblique"))] * 2, [1, 1], name="odd")


def test_an_empty_sequence_is_refused():
    with pytest.raises(InputError, match="'empty' is empty"):
        images_from_sequence(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "empty"))


def _cone():
    source = vtk.vtkConeSource()
    source.SetCenter(20.0, -10.0, 5.0)
    source.SetHeight(30)
    source.Update()
    return source.GetOutput()
