"""Transforms as nodes and back: every kind moves points as the engine does, through parents and files."""

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.io.transforms import load_transform, save_transform
from RegSuite.mrml.space import matrix_of_array
from RegSuite.mrml.transforms import node_from_transform, transform_from_node
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.transforms import (
    AffineTransform,
    BSplineTransform,
    CompositeTransform,
    DisplacementTransform,
    RigidTransform,
    Transform,
)
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.grids import a_grid, counted
from Testing.mrml.through import a_linear, a_thin_plate_spline, from_world
from Testing.transforms.samples import KINDS, oblique_grid, points_in, smooth_field, transform_of_kind

pytestmark = pytest.mark.slicer

NEAR_MM = 1e-3
"""What the project asks of every round trip; single precision fields reach 1e-5."""


def left_handed(grid: Grid) -> Grid:
    direction = np.asarray(grid.direction) @ np.diag([1.0] * (grid.ndim - 1) + [-1.0])
    return Grid.make(grid.size, grid.spacing, grid.origin, direction)


LATTICES = {
    "oblique": lambda: oblique_grid(3),
    "left-handed": lambda: left_handed(oblique_grid(3, 4)),
    "2D": lambda: oblique_grid(2),
    "2D left-handed": lambda: left_handed(oblique_grid(2, 4)),
}


def inner_points(grid: Grid, kind: str) -> torch.Tensor:
    """Points that stay within the fields of all members of a composite."""
    return points_in(grid, margin_voxels=3 if kind == "composite" else 0)


@pytest.mark.parametrize("lattice", LATTICES)
def test_a_node_of_every_kind_moves_points_as_the_engine_does_and_gives_its_map_back(lattice):
    grid = LATTICES[lattice]()
    for kind in KINDS:
        transform = transform_of_kind(kind, grid)
        points = inner_points(grid, kind)
        wanted = transform.points(points).numpy()
        node = node_from_transform(transform, name=kind)
        seen = from_world(node, points.numpy())
        assert np.abs(seen[:, : grid.ndim] - wanted).max() < NEAR_MM, kind
        back = transform_from_node(node)
        assert back.ndim == grid.ndim, kind
        assert np.abs(back.points(points).numpy() - wanted).max() < NEAR_MM, kind


@pytest.mark.parametrize("kind", ["rigid", "displacement", "bspline", "composite"])
def test_a_point_under_the_node_is_where_transform_point_from_world_says(kind):
    grid = oblique_grid(3)
    transform = transform_of_kind(kind, grid)
    node = node_from_transform(transform)
    moving = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    moving.SetAndObserveTransformNodeID(node.GetID())
    point = points_in(grid, 1, margin_voxels=3)
    local = [0.0, 0.0, 0.0]
    x, y, z = point[0].tolist()
    moving.TransformPointFromWorld([-x, -y, z], local)
    wanted = transform.points(point)[0].numpy() * [-1, -1, 1]
    assert np.abs(np.array(local) - wanted).max() < NEAR_MM


@pytest.mark.parametrize(
    ("kind", "node_class"),
    [
        ("rigid", "vtkMRMLLinearTransformNode"),
        ("velocity", "vtkMRMLGridTransformNode"),
        ("bspline", "vtkMRMLBSplineTransformNode"),
        ("composite", "vtkMRMLTransformNode"),
    ],
)
def test_each_kind_has_the_node_that_slicer_users_expect(kind, node_class):
    assert node_from_transform(transform_of_kind(kind, oblique_grid(3))).GetClassName() == node_class


def test_a_rigid_motion_comes_back_as_one_and_bends_nothing():
    transform = transform_of_kind("rigid", oblique_grid(3))
    back = transform_from_node(node_from_transform(transform))
    assert isinstance(back, RigidTransform)
    assert np.abs(back.homogeneous - transform.homogeneous).max() < 1e-12


def test_fields_and_coefficients_come_back_bit_by_bit():
    grid = oblique_grid(3)
    field = transform_of_kind("displacement", grid)
    spline = transform_of_kind("bspline", grid)
    back = transform_from_node(node_from_transform(field))
    assert isinstance(back, DisplacementTransform)
    assert back.grid == grid
    assert torch.equal(back.field, field.field)
    again = transform_from_node(node_from_transform(spline))
    assert isinstance(again, BSplineTransform)
    assert again.control == spline.control
    assert torch.equal(again.coefficients_mm, spline.coefficients_mm)


def test_a_node_and_the_engine_share_no_memory():
    grid = oblique_grid(3)
    transform = DisplacementTransform(smooth_field(grid, 2.0), grid)
    node = node_from_transform(transform)
    back = transform_from_node(node)
    slicer.util.arrayFromGridTransform(node)[:] = 50.0
    assert float(transform.field.abs().max()) < 30
    assert torch.equal(back.field, transform.field)


def test_a_volume_under_the_node_is_seen_where_the_engine_maps_it():
    shift = RigidTransform(np.eye(3), np.array([5.0, -2.0, 3.0]))
    volume = volume_from_image(counted(a_grid("oblique")))
    before, after = np.zeros(6), np.zeros(6)
    volume.GetRASBounds(before)
    volume.SetAndObserveTransformNodeID(node_from_transform(shift).GetID())
    volume.GetRASBounds(after)
    # a fixed point x is at x + shift in the moving volume, so the volume moves by -shift; RAS flips x, y
    assert np.allclose((after - before)[::2], [5.0, -2.0, -3.0])


@pytest.mark.parametrize("kind", ["affine", "displacement", "bspline", "composite"])
def test_parents_of_the_node_are_part_of_its_map(kind):
    grid = oblique_grid(3)
    turn = vtk.vtkTransform()
    turn.Translate(1.0, -2.0, 0.5)
    turn.RotateWXYZ(3, 1, 1, 0)
    upper = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "upper")
    upper.SetMatrixTransformToParent(turn.GetMatrix())
    node = node_from_transform(transform_of_kind(kind, grid))
    node.SetAndObserveTransformNodeID(upper.GetID())
    points = points_in(grid, margin_voxels=5).numpy()
    back = transform_from_node(node)
    assert np.abs(back.points(torch.from_numpy(points)).numpy() - from_world(node, points)).max() < NEAR_MM
    if kind == "affine":
        assert isinstance(back, AffineTransform)
    else:
        assert isinstance(back, CompositeTransform)


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        *[
            (kind, ".h5")
            for kind in ("rigid", "similarity", "affine", "displacement", "bspline", "composite")
        ],
        *[(kind, ".tfm") for kind in ("rigid", "affine", "bspline")],
    ],
)
def test_what_slicer_saves_moves_points_the_same_in_the_engine(kind, ending, tmp_path):
    grid = left_handed(oblique_grid(3))
    transform = transform_of_kind(kind, grid)
    path = str(tmp_path / f"saved{ending}")
    assert slicer.util.saveNode(node_from_transform(transform), path)
    _same(load_transform(path), transform, inner_points(grid, kind))


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", ".mha"])
def test_a_grid_that_slicer_saves_as_an_image_moves_points_the_same_in_the_engine(ending, tmp_path):
    grid = oblique_grid(3)
    transform = transform_of_kind("displacement", grid)
    path = str(tmp_path / f"saved{ending}")
    assert slicer.util.saveNode(node_from_transform(transform), path)
    _same(load_transform(path), transform, points_in(grid, margin_voxels=0.1))


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine", "bspline"])
def test_what_the_engine_saves_moves_points_the_same_in_slicer(kind, tmp_path):
    grid = left_handed(oblique_grid(3))
    transform = transform_of_kind(kind, grid)
    transform.save(tmp_path / "saved.h5")
    node = slicer.util.loadTransform(str(tmp_path / "saved.h5"))
    points = points_in(grid)
    assert np.abs(from_world(node, points.numpy()) - transform.points(points).numpy()).max() < NEAR_MM
    _same(transform_from_node(node), transform, points)


@pytest.mark.parametrize("kind", ["displacement", "velocity", "composite"])
@pytest.mark.parametrize("ending", [".h5", ".nrrd", ".nii.gz"])
def test_a_field_that_the_engine_saves_moves_points_the_same_in_slicer(kind, ending, tmp_path, watch):
    grid = left_handed(oblique_grid(3))
    transform = transform_of_kind(kind, grid)
    path = tmp_path / f"saved{ending}"
    save_transform(transform, path, None if ending == ".h5" else grid)
    node = slicer.util.loadTransform(str(path))
    if ending == ".nii.gz":  # intent 1006 would be read with x and y negated by ITK 5.4
        watch.expect("Intent code is expected to be '1006'")
        watch.expect("Intent code is expected to be '1006'")
    index = np.random.default_rng(0).integers(4, 11, (200, 3))
    voxels = torch.from_numpy(grid.points(index))
    if not (kind == "composite" and ending == ".h5"):
        assert np.abs(from_world(node, voxels.numpy()) - transform.points(voxels).numpy()).max() < NEAR_MM
    _make_linear(node)  # Slicer shows a field from a file with cubic interpolation between its voxels
    points = points_in(grid, margin_voxels=4)
    wanted = transform if ending == ".h5" else DisplacementTransform(transform.displacement(grid), grid)
    assert np.abs(from_world(node, points.numpy()) - wanted.points(points).numpy()).max() < NEAR_MM
    _same(transform_from_node(node), wanted, points)


def _parts(node):
    """The transforms of which a node's from-parent map consists, themselves."""
    whole = node.GetTransformFromParent()
    if not whole.IsA("vtkGeneralTransform"):
        return [whole]
    return [whole.GetConcatenatedTransform(i) for i in range(whole.GetNumberOfConcatenatedTransforms())]


def _make_linear(node):
    for part in _parts(node):
        if part.IsA("vtkOrientedGridTransform"):
            assert part.GetInterpolationModeAsString() == "Cubic"
            part.SetInterpolationModeToLinear()
    node.Modified()


def test_a_grid_given_to_parent_is_inverted_on_the_grid_where_it_is_used():
    grid = Grid.make((24, 22, 20), (2.0, 2.2, 2.5), (-20.0, 10.0, 5.0), oblique_grid(3).direction)
    forward = DisplacementTransform(smooth_field(grid, 3.0), grid)
    node = node_from_transform(forward)
    node.Inverse()
    inner = points_in(grid, 300, margin_voxels=4)
    whole = transform_from_node(node, grid=grid)
    index = np.random.default_rng(0).integers(5, 15, (200, 3))
    at_voxels = torch.from_numpy(grid.points(index))
    returned = forward.points(whole.points(at_voxels))
    assert float((returned - at_voxels).abs().max()) < NEAR_MM
    assert whole.inverse_residual_mm["p95"] < NEAR_MM
    own = transform_from_node(node)
    assert float((forward.points(own.points(inner)) - inner).norm(dim=1).max()) < 0.2  # between voxels


def test_an_inverted_grid_under_a_parent_is_exact_at_the_voxels_where_it_is_used():
    grid = Grid.make((24, 22, 20), (2.0, 2.2, 2.5), (-20.0, 10.0, 5.0))
    forward = DisplacementTransform(smooth_field(grid, 3.0), grid)
    node = node_from_transform(forward)
    node.Inverse()
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, 3.0)
    node.SetAndObserveTransformNodeID(a_linear(shift).GetID())
    back = transform_from_node(node, grid=grid)
    points = grid.points(np.random.default_rng(0).integers(6, 14, (200, 3)))
    returned = forward.points(back.points(torch.from_numpy(points))).numpy()
    # to-parent maps are x -> forward, then shift (RAS): from the world first back by the shift
    assert np.abs(returned - (points - np.array([-1.0, -2.0, 3.0]))).max() < NEAR_MM


def test_a_thin_plate_spline_is_sampled_where_it_is_used_and_refused_elsewhere():
    node = a_thin_plate_spline("bend")
    grid = Grid.make((20, 18, 16), 3.0, (-28.0, -26.0, -22.0), oblique_grid(3).direction)
    with pytest.raises(InputError, match="thin plate spline") as caught:
        transform_from_node(node, "initial")
    assert "bend" in caught.value.where
    assert "Convert" in caught.value.mend
    back = transform_from_node(node, "initial", grid=grid)
    index = np.random.default_rng(0).integers(0, 16, (100, 3))
    points = grid.points(index)
    moved = back.points(torch.from_numpy(points)).numpy()
    forward = vtk.vtkGeneralTransform()
    node.GetTransformToWorld(forward)
    signs = np.array([-1.0, -1.0, 1.0])
    returned = np.array([forward.TransformPoint(*p) for p in moved * signs]) * signs
    assert np.abs(returned - points).max() < NEAR_MM


def test_a_field_that_does_not_reach_over_the_fixed_image_is_taken_as_slicer_shows_it():
    grid = oblique_grid(3)
    node = node_from_transform(transform_of_kind("displacement", grid))
    wider = Grid.make(
        tuple(n + 8 for n in grid.size),
        grid.spacing,
        grid.points(np.full(3, -4.0)).tolist(),
        grid.direction,
    )
    back = transform_from_node(node, grid=wider)
    points = wider.points([[0, 0, 0], [3, 8, 8], [10, 10, 10], [12, 2, 14]])
    assert np.abs(back.points(torch.from_numpy(points)).numpy() - from_world(node, points)).max() < NEAR_MM
    assert back.grid == wider


def test_a_spline_that_does_not_reach_over_the_fixed_image_is_taken_as_slicer_shows_it():
    grid = oblique_grid(3)
    spline = transform_of_kind("bspline", grid)
    node = node_from_transform(CompositeTransform.of(AffineTransform(1.02 * np.eye(3), np.ones(3)), spline))
    wider = Grid.make(
        tuple(n + 16 for n in grid.size),
        grid.spacing,
        grid.points(np.full(3, -8.0)).tolist(),
        grid.direction,
    )
    points = wider.points(np.random.default_rng(0).integers(0, 28, (300, 3)))
    for border in ("Zero", "Edge"):
        for part in _parts(node):
            if part.IsA("vtkOrientedBSplineTransform"):
                getattr(part, f"SetBorderModeTo{border}")()
        back = transform_from_node(node, grid=wider)
        found = back.points(torch.from_numpy(points)).numpy()
        assert np.abs(found - from_world(node, points)).max() < NEAR_MM


def test_an_additive_matrix_of_an_old_spline_is_kept_within_its_domain():
    grid = oblique_grid(3)
    node = node_from_transform(transform_of_kind("bspline", grid))
    bulk = np.eye(4)
    bulk[:3, :3] += 0.02 * np.random.default_rng(0).normal(size=(3, 3))
    bulk[:3, 3] = (1.0, 2.0, -3.0)
    node.GetTransformFromParent().SetBulkTransformMatrix(matrix_of_array(bulk))
    points = points_in(grid).numpy()
    back = transform_from_node(node)
    assert np.abs(back.points(torch.from_numpy(points)).numpy() - from_world(node, points)).max() < NEAR_MM


def test_nothing_set_here_reaches_the_users_transform():
    node = a_thin_plate_spline()
    inner = node.GetTransformToParent()
    tolerance, before = inner.GetInverseTolerance(), (node.GetMTime(), inner.GetMTime())
    transform_from_node(node, grid=a_grid("oblique"))
    assert inner.GetInverseTolerance() == tolerance
    assert (node.GetMTime(), inner.GetMTime()) == before


def test_an_untouched_transform_node_is_the_identity():
    for kind in ("vtkMRMLTransformNode", "vtkMRMLGridTransformNode", "vtkMRMLBSplineTransformNode"):
        back = transform_from_node(slicer.mrmlScene.AddNewNodeByClass(kind))
        assert isinstance(back, AffineTransform)
        assert np.array_equal(back.homogeneous, np.eye(4))


def test_a_kind_without_counterpart_wants_a_grid():
    class Swirl(Transform):
        ndim = 3

        def points(self, points_mm):
            return points_mm + torch.sin(points_mm / 20)

        def inverse(self):
            raise NotImplementedError

    with pytest.raises(InputError, match="Swirl has no counterpart"):
        node_from_transform(Swirl())
    grid = a_grid("oblique")
    node = node_from_transform(Swirl(), grid=grid)
    points = grid.points([[1, 2, 3], [5, 4, 0]])
    assert np.abs(from_world(node, points) - (points + np.sin(points / 20))).max() < NEAR_MM


def test_a_linear_output_node_refuses_a_field():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "rigid")
    with pytest.raises(InputError, match="'rigid' is a linear transform and cannot hold"):
        node_from_transform(transform_of_kind("displacement", oblique_grid(3)), node=node)


def test_an_output_node_is_filled_and_freed_of_its_parent():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "mine")
    node.SetAndObserveTransformNodeID(a_linear(np.diag([2.0, 1, 1, 1])).GetID())
    transform = transform_of_kind("displacement", oblique_grid(3))
    assert node_from_transform(transform, node=node) is node
    assert (node.GetName(), node.GetParentTransformNode()) == ("mine", None)
    _same(transform_from_node(node), transform, points_in(oblique_grid(3)))
    node_from_transform(transform_of_kind("rigid", oblique_grid(3)), node=node)
    _same(transform_from_node(node), transform_of_kind("rigid", oblique_grid(3)), points_in(oblique_grid(3)))


def test_a_map_that_leaves_the_plane_of_2d_images_is_refused():
    tilt = vtk.vtkTransform()
    tilt.RotateX(5)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "tilt")
    node.SetMatrixTransformToParent(tilt.GetMatrix())
    with pytest.raises(GeometryError, match="leaves the plane of 2D images"):
        transform_from_node(node, "initial", ndim=2)
    flat = vtk.vtkTransform()
    flat.RotateZ(5)
    node.SetMatrixTransformToParent(flat.GetMatrix())
    assert transform_from_node(node, "initial", ndim=2).ndim == 2


def test_no_transform_is_refused():
    with pytest.raises(InputError, match="no initial was chosen"):
        transform_from_node(None, "initial")


def _same(found, wanted, points):
    assert float((found.points(points) - wanted.points(points)).abs().max()) < NEAR_MM
