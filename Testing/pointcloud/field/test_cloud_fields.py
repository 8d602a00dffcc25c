from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import torch

from RegSuite.errors import Cancelled, GeometryError
from RegSuite.geometry import Grid, PointSet
from RegSuite.pointcloud.field import CloudFields, cloud_fields
from RegSuite.pointcloud.field.forward import organ_field
from RegSuite.pointcloud.field.organ_motion import organ_motions
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.result import Drift
from RegSuite.pointcloud.uncertainty import MotionUncertainty
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.similarity import SimilarityTransform
from Testing.pointcloud.field.regression import (
    ball_points,
    known_drift,
    label_image,
    oblique_grid,
    slab_points,
    slabs_on,
    turned,
)

BOTH = OrganModel.of([1, 2], [1, 2])


class Slabs(NamedTuple):
    """Slab 1 goes by +shift, slab 2 by -shift along the first axis."""

    drift: Drift
    fields: CloudFields
    grid: Grid
    shift: np.ndarray


@cache
def sliding_slabs(ndim):
    points = slab_points(ndim)
    shift = 10 * np.eye(ndim)[0]
    drift = known_drift(points, np.where(points.labels[:, None] == 1, shift, -shift), BOTH)
    grid = oblique_grid(ndim)
    source, target = (label_image(slabs_on(grid, s), grid) for s in (0.0, shift))
    return Slabs(drift, cloud_fields(drift, grid, grid, source, target), grid, shift)


@pytest.fixture(scope="module", params=[2, 3])
def slabs(request):
    return sliding_slabs(request.param)


def errors_of(displacement, labels, grid, shift):
    """{label: (mean error within 10 mm of the plane, mean error elsewhere)}."""
    height = np.abs(grid.all_points()[..., -1])
    found = {}
    for label, sign in ((1, 1.0), (2, -1.0)):
        inside = labels == label
        wrong = np.linalg.norm(displacement[:, inside].T - sign * shift, axis=1)
        near = height[inside] < 10
        found[label] = (wrong[near].mean(), wrong[~near].mean())
    return found


def test_slabs_that_slide_do_not_drag_each_other_in_either_direction(slabs):
    _, fields, grid, shift = slabs
    for way, labels, sign in (
        (fields.forward, fields.source_labels, 1),
        (fields.backward, fields.target_labels, -1),
    ):
        for near, inside in errors_of(
            way.displacement_mm.numpy(), labels.data[0].numpy(), grid, sign * shift
        ).values():
            assert inside < 0.2  # of 10 mm: the regression between points 7.5 mm apart
            assert near < 1.5 * inside


def test_forward_after_backward_is_the_identity_within_a_tenth_of_a_millimetre_in_organs(slabs):
    fields = slabs.fields
    assert fields.residual_mm["max"] < 0.1
    assert fields.residual_mm["p95"] < 0.01


def test_sliding_is_measured_as_tangential_and_no_fold_of_an_organ(slabs):
    fields = slabs.fields
    (border,) = fields.checks.borders
    assert set(border.organs) == {"label 1", "label 2"}
    assert border.sliding_mm == pytest.approx(20, rel=0.02)
    assert (
        max(border.opening_mm, border.closing_mm) < 1.0
    )  # of 20 mm: normals of staircases are 3 degrees off
    assert fields.checks.folds["label 1"] == fields.checks.folds["label 2"] == 0
    organ = fields.target_labels.data[0] > 0
    determinant = fields.jacobian.data[0]
    assert float((determinant[organ] - 1).abs().max()) < 0.05  # 0.2 mm over 7.5 mm


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_spline_of_an_organ_goes_through_the_drifts_points(ndim):
    drift, _, grid, _ = sliding_slabs(ndim)
    nobody = torch.zeros(grid.shape, dtype=torch.bool)
    for organ in organ_motions(drift):
        own = drift.source.labels == organ.label
        places = torch.tensor(drift.source.points[own])
        np.testing.assert_allclose(organ.moved(places).numpy(), drift.moved_mm[own], atol=1e-9)
        spline = organ_field(organ, nobody, grid, False).lattice.at(places)[0]
        np.testing.assert_allclose(spline.numpy(), organ.motion(places).numpy(), atol=0.005)


def test_tissue_meets_each_organ_without_a_gap(slabs):
    fields = slabs.fields
    labels = fields.source_labels.data[0].numpy()
    u = fields.forward.displacement_mm.numpy()
    jumps = []
    for axis in range(labels.ndim):
        a, b = np.moveaxis(labels, axis, 0)[:-1], np.moveaxis(labels, axis, 0)[1:]
        v = np.moveaxis(u, axis + 1, 1)
        step = np.linalg.norm(v[:, 1:] - v[:, :-1], axis=0)
        jumps.append(step[((a == 0) & (b == 1)) | ((a == 1) & (b == 0))])
    height = np.concatenate(jumps)
    # beside the slabs' common edge 20 mm are bridged within few voxels; elsewhere the motion goes on
    assert np.median(height) < 1.0
    assert np.percentile(height, 80) < 2.0


@pytest.mark.parametrize("ndim", [2, 3])
def test_three_bandwidths_away_rho_alone_moves_and_nothing_is_said_of_its_sd(ndim):
    points = ball_points(200, 25, np.zeros(ndim), ndim)
    model = OrganModel.made_of((Organ(1, "bladder", 8.0, 12.0, translation_mm=20.0),))
    rho = SimilarityTransform.about(turned(20, ndim), np.zeros(ndim), np.full(ndim, 4.0))
    drift = known_drift(
        PointSet(points, np.ones(200, int)), np.tile(np.eye(ndim)[1] * 9, (200, 1)), model, rho
    )
    grid = oblique_grid(ndim)
    ball = np.linalg.norm(grid.all_points(), axis=-1) < 25
    fields = cloud_fields(drift, grid, grid, label_image(ball.astype(int), grid))
    away = distance(grid, ball)
    moved, rest = fields.forward.displacement_mm.numpy(), rho.displacement(grid).numpy()
    difference = np.linalg.norm(moved - rest, axis=0)
    assert difference[away > 36].max() == 0
    assert difference[away < 6].min() > 8
    from_there = grid.all_points() + np.moveaxis(fields.backward.displacement_mm.numpy(), 0, -1)
    beyond = np.linalg.norm(from_there, axis=-1) > 25 + 36 + 4
    unknown = np.isnan(fields.sd_mm.data[0].numpy())
    assert unknown[beyond].all()
    within = (np.linalg.norm(from_there, axis=-1) < 25 + 36 - 8) & grid.contains(from_there)
    assert not unknown[within].any()


def distance(grid, mask):
    from scipy.spatial import cKDTree

    points = grid.all_points()
    return cKDTree(points[mask]).query(points.reshape(-1, grid.ndim))[0].reshape(mask.shape)


@pytest.mark.parametrize("ndim", [2, 3])
def test_rotation_and_scale_about_a_point_are_carried_through_both_ways(ndim):
    centre = np.full(ndim, 7.0)
    rho = SimilarityTransform.about(1.3 * turned(80, ndim), centre, np.full(ndim, 12.0))
    points = ball_points(300, 40, centre, ndim)
    labels = np.ones(300, int)
    bend = 3 * np.sin(np.roll(points, 1, axis=1) / 25)  # keeps volumes to first order
    drift = known_drift(
        PointSet(points, labels), bend, OrganModel.of([1], [1], bandwidth_mm=40), rho, sigma_mm=0.1
    )
    source, target = oblique_grid(ndim, 36), oblique_grid(ndim, 50, 15.0)
    ball = np.linalg.norm(source.all_points() - centre, axis=-1) < 40
    fields = cloud_fields(drift, source, target, label_image(ball.astype(np.int16), source))
    at = fields.source_labels.data[0].numpy() == 1
    places = source.all_points()[at]
    exact = rho.points(torch.tensor(places + 3 * np.sin(np.roll(places, 1, axis=1) / 25))).numpy()
    found = places + fields.forward.displacement_mm.numpy()[:, at].T
    assert np.linalg.norm(found - exact, axis=1).mean() < 0.15
    assert fields.residual_mm["max"] < 0.1
    inside = fields.target_labels.data[0].numpy() == 1
    expected = ball.sum() * source.voxel_volume * 1.3**ndim
    assert inside.sum() * target.voxel_volume == pytest.approx(expected, rel=0.06)
    back = target.all_points()[inside] + fields.backward.displacement_mm.numpy()[:, inside].T
    assert np.linalg.norm(back - centre, axis=1).max() < 40 + max(source.spacing)
    middle = float(np.median(fields.jacobian.data[0].numpy()[inside]))
    assert middle == pytest.approx(1.3**-ndim, rel=0.05)


def test_variance_is_that_of_the_dense_gaussian_process():
    generator = np.random.default_rng(0)
    points = generator.uniform(-30, 30, (40, 3))
    model = OrganModel.of([4], [4], magnitude_mm=6, bandwidth_mm=25)
    rho = AffineTransform(1.5 * np.eye(3), np.zeros(3))
    sigma = 2.0
    drift = known_drift(
        PointSet(points, np.full(40, 4)), np.zeros((40, 3)), model, rho, sigma, tolerance=1e-12
    )
    grid = Grid.make((9, 9, 9), 10.0, (-40.0, -40.0, -40.0))
    target = Grid.make((9, 9, 9), 15.0, (-60.0, -60.0, -60.0))
    everywhere = label_image(np.full(grid.shape, 4), grid)
    fields = cloud_fields(drift, grid, target, everywhere, label_image(np.full(grid.shape, 4), target))
    places = grid.all_points().reshape(-1, 3)
    kernel = lambda a, b: 36 * np.exp(-np.square(a[:, None] - b[None]).sum(-1) / (2 * 25**2))  # noqa: E731
    across = kernel(places, points)
    inner = kernel(points, points) + sigma**2 * np.eye(40)
    variance = 36 - (across * np.linalg.solve(inner, across.T).T).sum(axis=1)
    found = fields.sd_mm.data[0].numpy().reshape(-1)
    # 0.5 %: the spline's nodes
    np.testing.assert_allclose(found, 1.5 * np.sqrt(variance), rtol=5e-3)


def test_sd_grows_with_the_distance_from_the_points_up_to_the_prior():
    _, fields, grid, _ = sliding_slabs(3)
    sd = fields.sd_mm.data[0].numpy()
    away = distance(grid, fields.target_labels.data[0].numpy() > 0)
    near, far = np.nanmean(sd[(away > 0) & (away < 10)]), np.nanmean(sd[(away > 60) & (away < 90)])
    assert np.nanmean(sd[away == 0]) < near < far
    assert far == pytest.approx(10, rel=0.1)  # the prior's magnitude


def test_without_a_model_one_smooth_field_is_everywhere():
    points = ball_points(200, 40, np.zeros(3), 3)
    drift = known_drift(PointSet(points), np.tile([5.0, 0, 0], (200, 1)), None)
    grid = oblique_grid(3, 30)
    fields = cloud_fields(drift, grid, grid)
    exact = drift.points(grid.all_points().reshape(-1, 3)).reshape(*grid.shape, 3) - grid.all_points()
    assert np.abs(np.moveaxis(fields.forward.displacement_mm.numpy(), 0, -1) - exact).max() < 0.02
    assert fields.residual_mm["max"] < 0.1
    assert not bool(torch.isnan(fields.sd_mm.data).any())
    assert fields.checks.borders == ()


def test_without_label_maps_the_blend_of_the_clouds_is_continuous_and_said_so():
    points = slab_points(3)
    shift = 10 * np.eye(3)[0]
    drift = known_drift(points, np.where(points.labels[:, None] == 1, shift, -shift), BOTH)
    grid = oblique_grid(3, 30)
    fields = cloud_fields(drift, grid, grid)
    assert any("do not slide" in note for note in fields.notes)
    assert int(fields.target_labels.data.max()) == 0
    inner = (np.abs(grid.all_points()) < 30).all(axis=-1)
    top = inner & (grid.all_points()[..., 2] > 25)
    assert fields.forward.displacement_mm.numpy()[0, top].mean() > 5
    assert fields.residual_mm is None


def test_a_map_of_rho_alone_is_exact_with_the_uncertainty_of_rho():
    points = ball_points(50, 30, np.zeros(3), 3)
    known = known_drift(PointSet(points, np.ones(50, int)), np.zeros((50, 3)), OrganModel.of([1], [1]))
    rho = SimilarityTransform.about(turned(30, 3), np.zeros(3), (3.0, 4.0, 5.0))
    # 2 mm of each axis for the shift (over three axes), 1 mm for a length of 20 mm from the middle
    form = torch.diag(torch.tensor([12.0, 3.0, 3.0, 3.0], dtype=torch.float64))
    sure = MotionUncertainty(form, 1.0, torch.tensor([3.0, 4.0, 5.0]).double(), 20.0)
    drift = replace(known, basis=None, weights=None, covariance=None, start=rho, uncertainty=sure)
    grid = oblique_grid(3, 20)
    fields = cloud_fields(drift, grid, grid, label_image(np.ones(grid.shape, int), grid))
    assert torch.allclose(fields.forward.displacement_mm, rho.displacement(grid))
    assert torch.allclose(fields.backward.displacement_mm, rho.inverse().displacement(grid))
    away = np.square((grid.all_points() - (3.0, 4.0, 5.0)) / 20).sum(axis=-1)
    np.testing.assert_allclose(fields.sd_mm.data[0].numpy(), np.sqrt(4 + away), rtol=1e-4)


def test_without_a_stated_uncertainty_none_is_made_up():
    drift, _, grid, _ = sliding_slabs(2)
    labels = label_image(slabs_on(grid), grid)
    fields = cloud_fields(replace(drift, uncertainty=None), grid, grid, labels, labels)
    assert bool(torch.isnan(fields.sd_mm.data).all())


def test_target_labels_are_made_by_moving_the_source_organs():
    drift, fields, grid, _ = sliding_slabs(3)
    source = label_image(slabs_on(grid), grid)
    made = cloud_fields(drift, grid, grid, source).target_labels.data[0].numpy()
    given = fields.target_labels.data[0].numpy()
    both = (made == given) & (given > 0)
    assert 2 * both.sum() / ((made > 0).sum() + (given > 0).sum()) > 0.93  # voxels of 4 to 5 mm
    for dice in fields.checks.moved_dice.values():
        assert dice > 0.95


def test_labels_without_points_move_as_the_tissue_and_are_named():
    drift, _, grid, _ = sliding_slabs(2)
    labels = slabs_on(grid)
    labels[:3] = 9
    fields = cloud_fields(drift, grid, grid, label_image(labels, grid), label_image(labels, grid))
    assert any("label 9" in note for note in fields.notes)
    assert 9 not in fields.source_labels.data


def test_label_map_on_another_grid_is_read_at_the_nearest_voxel():
    drift, fields, grid, _ = sliding_slabs(2)
    fine = Grid.make((110, 110), 1.7, (-93.0, -92.0))
    again = cloud_fields(drift, grid, grid, label_image(slabs_on(fine), fine), fields.target_labels)
    same = again.source_labels.data == fields.source_labels.data
    assert float(same.double().mean()) > 0.97


def test_organs_fold_where_their_motion_does_and_tell_so():
    points = ball_points(300, 40, np.zeros(2), 2)
    organ = Organ(1, "liver", magnitude_mm=30, bandwidth_mm=15)
    inward = np.where(np.abs(points) < 25, -1.6 * points, 0)
    drift = known_drift(PointSet(points, np.ones(300, int)), inward, OrganModel.made_of((organ,)), sigma_mm=1)
    grid = oblique_grid(2, 40)
    ball = label_image((np.linalg.norm(grid.all_points(), axis=-1) < 40).astype(np.int16), grid)
    fields = cloud_fields(drift, grid, grid, ball, ball)
    assert fields.checks.folds["liver"] > 0
    assert any("liver" in warning and "fold" in warning for warning in fields.warnings)


def test_progress_rises_to_one_and_may_cancel():
    drift, _, grid, _ = sliding_slabs(2)
    labels = label_image(slabs_on(grid), grid)
    told = []
    cloud_fields(drift, grid, grid, labels, labels, lambda f, stage, metrics: told.append(f))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(fraction, stage, metrics):
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        cloud_fields(drift, grid, grid, labels, labels, stop)


def test_a_grid_of_other_dimensions_is_refused_in_words():
    drift, _, grid, _ = sliding_slabs(2)
    with pytest.raises(GeometryError, match="points of 2 dimensions"):
        cloud_fields(drift, oblique_grid(3, 10), grid)
