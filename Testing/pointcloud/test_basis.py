"""The basis of the motion prior: how near it comes to G, and how it goes on between the points."""

import time

import numpy as np
import pytest
import torch

from RegSuite.errors import MethodFailed
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.prior import MotionPrior
from Testing.pointcloud.test_prior import cloud


def prior_of(coherence="organ", count=2, bandwidth=30.0):
    """A prior of some organs alike."""
    return MotionPrior(OrganModel.of(range(count), range(count), bandwidth_mm=bandwidth, coherence=coherence))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("coherence", ["organ", "global"])
def test_the_basis_leaves_out_the_share_it_says_and_no_more_than_was_allowed(ndim, coherence):
    prior, (points, organs) = prior_of(coherence), cloud(250, ndim)
    kernel = prior.kernel(points, organs, points, organs)
    for tolerance in (0.05, 1e-3):
        basis = MotionBasis.of(prior, points, organs, tolerance=tolerance)
        left = kernel - basis.values @ basis.values.T
        assert float(left.trace() / kernel.trace()) == pytest.approx(basis.left_out, abs=1e-12)
        assert basis.left_out <= tolerance
        assert float(torch.linalg.eigvalsh(left)[0]) > -1e-9 * float(kernel.trace())


def test_the_basis_has_hardly_more_columns_than_eigenvectors_would_need():
    prior, (points, organs) = prior_of("global"), cloud(300)
    roots = torch.linalg.eigvalsh(prior.kernel(points, organs, points, organs)).flip(0)
    needed = int((1 - torch.cumsum(roots, 0) / roots.sum() > 1e-2).sum()) + 1
    basis = MotionBasis.of(prior, points, organs, tolerance=1e-2)
    assert needed <= basis.rank <= 1.2 * needed + 1


def test_columns_are_orthogonal_and_fall_in_weight():
    basis = MotionBasis.of(prior_of(), *cloud(200))
    gram = basis.values.T @ basis.values
    weights = gram.diagonal()
    assert float((gram - torch.diag(weights)).abs().max()) < 1e-9 * float(weights[0])
    assert bool((weights[:-1] >= weights[1:] - 1e-9).all())


@pytest.mark.parametrize("coherence", ["organ", "global"])
def test_features_at_the_basis_own_points_are_its_values(coherence):
    prior, (points, organs) = prior_of(coherence), cloud(200)
    basis = MotionBasis.of(prior, points, organs, tolerance=1e-6)
    assert torch.allclose(basis.features(points, organs), basis.values, atol=1e-6)


def test_features_elsewhere_are_the_regression_of_equation_five():
    # F at new points must be G_new G^-1 F; for a basis of full rank that is the paper's Eq. 5 itself
    prior, (points, organs) = prior_of("global", bandwidth=15), cloud(40)
    basis = MotionBasis.of(prior, points, organs, tolerance=1e-12, largest=40)
    new, new_organs = cloud(30, seed=5)
    weights = torch.as_tensor(np.random.default_rng(2).normal(size=(basis.rank, 3)))
    cross = prior.kernel(new, new_organs, points, organs)
    expected = cross @ torch.linalg.solve(
        prior.kernel(points, organs, points, organs), basis.values @ weights
    )
    assert torch.allclose(basis.features(new, new_organs) @ weights, expected, atol=1e-6)
    assert torch.allclose(basis.motion(new, new_organs, weights), expected, atol=1e-6)


def test_independent_organs_move_only_by_their_own_columns():
    prior, (points, organs) = prior_of("organ"), cloud(120)
    basis = MotionBasis.of(prior, points, organs, tolerance=1e-2)
    first = basis.values[organs == 0].abs().sum(0) > 0
    second = basis.values[organs == 1].abs().sum(0) > 0
    assert not bool((first & second).any())
    same_place = points[:5]
    apart = basis.features(same_place, torch.zeros(5, dtype=torch.int64))
    assert float((apart @ basis.features(same_place, torch.ones(5, dtype=torch.int64)).T).abs().max()) == 0


def test_an_organ_without_points_does_not_move_but_keeps_its_variance():
    prior, (points, _) = prior_of("organ"), cloud(50)
    basis = MotionBasis.of(prior, points, torch.zeros(50, dtype=torch.int64))
    absent = torch.ones(50, dtype=torch.int64)
    assert float(basis.features(points, absent).abs().max()) == 0
    assert basis.unexplained(points, absent) == pytest.approx(100)


def test_what_is_unexplained_is_nothing_at_the_points_and_all_of_the_prior_far_away():
    prior, (points, organs) = prior_of(), cloud(60)
    basis = MotionBasis.of(prior, points, organs, tolerance=1e-9, largest=60)
    assert float(basis.unexplained(points, organs).max()) < 1e-4
    assert basis.unexplained(points + 1e4, organs) == pytest.approx(100)


def test_the_bounds_of_the_rank_are_kept_and_what_that_costs_is_said():
    prior, (points, organs) = prior_of(bandwidth=5), cloud(200)
    few = MotionBasis.of(prior, points, organs, largest=30)
    assert few.rank == 30
    assert few.left_out > 0.5
    smooth = MotionBasis.of(prior_of("global", bandwidth=60), points, organs, tolerance=0.5, smallest=20)
    assert smooth.rank >= 20


def test_coincident_points_and_a_single_point_have_a_basis():
    prior = prior_of(count=1)
    same = torch.zeros((10, 3), dtype=torch.float64)
    basis = MotionBasis.of(prior, same, torch.zeros(10, dtype=torch.int64))
    assert basis.rank == 1
    assert torch.allclose(basis.values @ basis.values.T, torch.full((10, 10), 100.0, dtype=torch.float64))
    assert MotionBasis.of(prior, same[:1], torch.zeros(1, dtype=torch.int64)).rank == 1


def test_the_order_of_the_points_does_not_matter():
    prior, (points, organs) = prior_of("global"), cloud(150)
    order = torch.as_tensor(np.random.default_rng(3).permutation(150))
    one = MotionBasis.of(prior, points, organs, tolerance=1e-6)
    other = MotionBasis.of(prior, points[order], organs[order], tolerance=1e-6)
    assert torch.allclose(
        (one.values @ one.values.T)[order][:, order], other.values @ other.values.T, atol=1e-2
    )


def test_a_covariance_that_is_none_is_refused():
    model = OrganModel.made_of((Organ(1, "a", 10, 30), Organ(2, "b", 10, 5)), "global")
    points, organs = cloud(300, size=40)
    with pytest.raises(MethodFailed, match="not positive definite"):
        MotionBasis.of(MotionPrior(model, form="product"), points, organs, tolerance=1e-6)


def test_five_thousand_points_take_less_than_a_second():
    prior, (points, organs) = prior_of(count=5), cloud(5000, organs=5, size=200)
    begun = time.perf_counter()
    assert MotionBasis.of(prior, points, organs).rank == 300
    assert time.perf_counter() - begun < 5  # 0.5 s on two idle cores; a quadratic way takes minutes


@pytest.mark.gpu
def test_on_a_gpu_the_basis_is_that_of_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    prior, (points, organs) = prior_of(), cloud(200)
    here = MotionBasis.of(prior, points, organs, tolerance=1e-6)
    there = MotionBasis.of(prior, points.cuda(), organs.cuda(), tolerance=1e-6)
    assert there.values.is_cuda
    assert torch.allclose((there.values @ there.values.T).cpu(), here.values @ here.values.T, atol=1e-2)
