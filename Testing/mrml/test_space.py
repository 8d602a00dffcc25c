"""RAS meets LPS in one place: known points, oblique and left-handed axes, 2D."""

import numpy as np
import pytest

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.mrml import space
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.volumes import image_from_volume, volume_from_image
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import GRIDS, a_grid, counted
from Testing.mrml.through import a_linear, a_thin_plate_spline

pytestmark = pytest.mark.slicer


def test_a_point_to_the_patients_left_and_back_is_negative_in_ras():
    assert space.to_ras([[10.0, 20.0, 30.0]]).tolist() == [[-10.0, -20.0, 30.0]]
    assert space.to_lps([[-10.0, -20.0, 30.0]]).tolist() == [[10.0, 20.0, 30.0]]


def test_a_2d_point_lies_in_the_plane_of_z_0():
    assert space.to_ras([[10.0, 20.0]]).tolist() == [[-10.0, -20.0, 0.0]]


@pytest.mark.parametrize("kind", GRIDS)
def test_slicer_places_each_voxel_where_the_grid_does(kind):
    grid = a_grid(kind)
    node = volume_from_image(counted(grid))
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    index = np.zeros((4, 3))
    index[:, : grid.ndim] = np.random.default_rng(1).uniform(-2, 8, (4, grid.ndim))
    seen = np.array([matrix.MultiplyPoint((*i, 1.0))[:3] for i in index])
    wanted = space.to_ras(grid.points(index[:, : grid.ndim]))
    assert np.abs(seen - wanted).max() < 1e-9
    assert np.abs(space.ijk_to_ras(grid) - space.array_of_matrix(matrix)).max() < 1e-12


@pytest.mark.parametrize("kind", GRIDS)
def test_a_grid_comes_back_bit_by_bit(kind):
    node = volume_from_image(counted(a_grid(kind)))
    assert image_from_volume(node).grid == a_grid(kind)


def test_an_extent_that_does_not_start_at_zero_moves_the_origin():
    grid = a_grid("oblique")
    node = volume_from_image(counted(grid))
    part = vtk.vtkExtractVOI()
    part.SetInputData(node.GetImageData())
    part.SetVOI(2, 5, 1, 4, 0, 3)
    part.Update()
    node.SetAndObserveImageData(part.GetOutput())
    seen = space.grid_of_volume(node)
    assert seen.size == (4, 4, 4)
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    first = np.asarray(node.GetImageData().GetExtent()[::2], dtype=float)
    assert np.allclose(space.to_ras(seen.origin), matrix.MultiplyPoint((*first, 1.0))[:3])


def test_sheared_axes_are_refused_with_the_volumes_name():
    node = volume_from_image(counted(a_grid("oblique")))
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 1, 0.2)
    node.SetIJKToRASMatrix(matrix)
    with pytest.raises(GeometryError, match="not orthonormal") as caught:
        placed_grid(node, "fixed")
    assert "scan" in caught.value.where
    assert "Resample" in caught.value.mend


def test_rigid_parents_are_taken_into_the_grid():
    image = counted(a_grid("left-handed"))
    node = volume_from_image(image)
    upper = a_linear(vtk_rotation(30, (0, 0, 1), (5, 0, 0)), "upper")
    lower = a_linear(vtk_rotation(-20, (1, 1, 0), (0, 7, -3)), "lower", upper)
    node.SetAndObserveTransformNodeID(lower.GetID())
    seen = placed_grid(node, "fixed")
    world = vtk.vtkGeneralTransform()
    node.GetParentTransformNode().GetTransformToWorld(world)
    index = np.array([[0, 0, 0], [6, 5, 4], [2.5, 1.0, 3.0]])
    wanted = [world.TransformPoint(*p) for p in space.to_ras(image.grid.points(index))]
    assert np.abs(space.to_ras(seen.points(index)) - wanted).max() < 1e-9
    assert placed_grid(node, "fixed", inside=lower) == image.grid
    within = placed_grid(node, "fixed", inside=upper)
    matrix = vtk.vtkMatrix4x4()
    lower.GetMatrixTransformToParent(matrix)
    wanted = [matrix.MultiplyPoint((*p, 1.0))[:3] for p in space.to_ras(image.grid.points(index))]
    assert np.abs(space.to_ras(within.points(index)) - wanted).max() < 1e-9


def test_a_parent_that_scales_is_refused_by_name_and_percent():
    node = volume_from_image(counted(a_grid("oblique")))
    node.SetAndObserveTransformNodeID(a_linear(np.diag([1.1, 1, 1, 1]), "stretch").GetID())
    with pytest.raises(GeometryError, match="'stretch': lengths change by up to 10 %") as caught:
        placed_grid(node, "moving")
    assert "initial transform" in caught.value.mend


def test_a_non_linear_parent_is_refused_with_the_mend():
    node = volume_from_image(counted(a_grid("oblique")))
    node.SetAndObserveTransformNodeID(a_thin_plate_spline("bend").GetID())
    with pytest.raises(
        GeometryError, match="moving 'scan' is under a non-linear transform, 'bend'"
    ) as caught:
        placed_grid(node, "moving")
    assert "harden" in caught.value.mend
    assert "initial transform" in caught.value.mend


def test_a_slice_that_was_turned_out_of_its_plane_comes_back_as_a_volume():
    node = volume_from_image(counted(a_grid("2D")))
    assert image_from_volume(node).ndim == 2
    node.SetAndObserveTransformNodeID(a_linear(vtk_rotation(40, (1, 0, 0), (0, 0, 0))).GetID())
    assert image_from_volume(node).ndim == 3


def vtk_rotation(degrees, axis, shift):
    turn = vtk.vtkTransform()
    turn.Translate(*shift)
    turn.RotateWXYZ(degrees, *axis)
    return space.array_of_matrix(turn.GetMatrix())


def test_space_never_changes_the_node():
    node = volume_from_image(counted(a_grid("oblique")))
    before = node.GetMTime(), node.GetImageData().GetMTime(), slicer.mrmlScene.GetNumberOfNodes()
    image_from_volume(node)
    assert (node.GetMTime(), node.GetImageData().GetMTime(), slicer.mrmlScene.GetNumberOfNodes()) == before


def test_a_2d_grid_is_told_from_a_slice_elsewhere():
    assert space.in_plane(Grid.make((4, 4, 1), 1.0, (0.0, 0.0, 3.0))) is None
    assert space.in_plane(Grid.make((4, 4, 2), 1.0)) is None
    assert space.in_plane(Grid.make((4, 5, 1), 1.0, (1.0, 2.0, 0.0))) == Grid.make((4, 5), 1.0, (1.0, 2.0))
