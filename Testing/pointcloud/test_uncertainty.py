"""What a drift leaves uncertain: along surfaces, between partners, of rho, and far from all points."""

import numpy as np
import pytest
import torch

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.near_pairs import NearPairs
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.surface_directions import surface_directions
from RegSuite.pointcloud.uncertainty import MotionUncertainty, uncertainty_of


def sphere(count, radius, seed):
    chance = np.random.default_rng(seed)
    points = chance.normal(size=(count, 3))
    return radius * points / np.linalg.norm(points, axis=1, keepdims=True)


def settled_pairs(count, d):
    """Each target has one source point, and lies on it."""
    return NearPairs(np.arange(count)[:, None], np.ones((count, 1)), np.zeros((count, 1, d)), 1.0)


def test_on_a_surface_only_the_normal_is_told_and_in_a_solid_everything():
    shell = torch.from_numpy(sphere(800, 50, 0))
    across = surface_directions(shell, torch.zeros(800, dtype=torch.int64))
    normal = shell / 50
    assert torch.linalg.norm(across @ normal[:, :, None], dim=(1, 2)).median() > 0.99
    along = torch.linalg.cross(normal, torch.tensor([0.0, 0.0, 1.0]).double().expand_as(normal))
    along = along / torch.linalg.norm(along, dim=1, keepdim=True)
    assert torch.linalg.norm(across @ along[:, :, None], dim=(1, 2)).median() < 0.1
    solid = torch.from_numpy(np.random.default_rng(1).uniform(-50, 50, (800, 3)))
    told = surface_directions(solid, torch.zeros(800, dtype=torch.int64)).diagonal(dim1=1, dim2=2).sum(1)
    assert float((told == 3).double().mean()) > 0.9
    line = torch.from_numpy(sphere(200, 50, 2)[:, :2])
    line = 50 * line / torch.linalg.norm(line, dim=1, keepdim=True)
    flat = surface_directions(line, torch.zeros(200, dtype=torch.int64))
    assert torch.allclose(flat.diagonal(dim1=1, dim2=2).sum(1), torch.ones(200).double())


def test_with_known_partners_it_is_the_formula_of_the_linear_model():
    chance = np.random.default_rng(3)
    count, rank, d, sigma2 = 30, 4, 3, 2.5
    features = torch.from_numpy(chance.normal(size=(count, rank)))
    matrix = 1.3 * torch.linalg.qr(torch.from_numpy(chance.normal(size=(d, d))))[0]
    moved = torch.from_numpy(chance.normal(size=(count, d)) * 40)
    eye = torch.eye(d).double().expand(count, d, d)
    found = uncertainty_of(features, matrix, moved, settled_pairs(count, d), sigma2, None, eye)
    covariance = torch.linalg.inv(torch.eye(rank).double() + 1.69 / sigma2 * features.T @ features)
    known = MotionUncertainty.settled(covariance, matrix)
    prior = features.square().sum(1) + 0.7
    expected = 1.69 * (((features @ covariance) * features).sum(1) + 0.7)
    assert torch.allclose(found.variance(features, moved, prior), expected)
    assert torch.allclose(known.variance(features, moved, prior), expected)


def test_a_rigid_map_is_as_sure_as_its_lever_and_its_points_say():
    """n points with noise sigma: the shift is known to sigma / sqrt(n), the turn to that over its lever."""
    count, sigma2 = 500, 4.0
    moved = torch.from_numpy(np.random.default_rng(4).normal(size=(count, 3)) * 30)
    moved -= moved.mean(0)
    none = torch.zeros((count, 0), dtype=torch.float64)
    eye = torch.eye(3).double().expand(count, 3, 3)
    found = uncertainty_of(none, eye[0], moved, settled_pairs(count, 3), sigma2, "rigid", eye)
    at = torch.tensor([[0.0, 0, 0], [300.0, 0, 0]]).double()
    sd = found.variance(at.new_zeros((2, 0)), at, at.new_zeros(2)).sqrt()
    inertia = moved.square().sum(0)
    turn = 300**2 * (1 / (inertia[0] + inertia[2]) + 1 / (inertia[0] + inertia[1]))
    assert float(sd[0]) == pytest.approx(np.sqrt(sigma2 / count), rel=0.01)
    assert float(sd[1]) == pytest.approx(float((sigma2 / count + sigma2 * turn / 3).sqrt()), rel=0.05)


def test_what_slides_along_itself_is_uncertain():
    """A sphere that turned: nothing tells the turn, and the uncertainty says so."""
    chance = np.random.default_rng(5)
    source = PointSet(sphere(1500, 50, 6), np.ones(1500, int))
    target = PointSet(sphere(1500, 50, 7) + chance.normal(size=(1500, 3)) * 0.3, np.ones(1500, int))
    model = OrganModel.of([1], [1], magnitude_mm=10, bandwidth_mm=30)
    settings = DriftParameters(outliers=0.0, start="given", linear="none")
    found = drift(source, target, model, settings)
    on, far = (
        found.sd_mm(source.points[:50], np.ones(50, int)),
        found.sd_mm(np.array([[400.0, 0, 0]]), np.ones(1, int)),
    )
    assert 3 < np.median(on) < 9
    assert far[0] == pytest.approx(10 * np.sqrt(np.square(found.start.matrix).sum() / 3), rel=0.01)
    settled = MotionUncertainty.settled(found.covariance, torch.from_numpy(np.array(found.start.matrix)))
    assert float(settled.form[:3, :3].trace()) < float(found.uncertainty.form[:3, :3].trace())
