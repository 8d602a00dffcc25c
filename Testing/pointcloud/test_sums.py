"""Posterior sums: compiled, by neighbours and in torch, against the matrix of all pairs."""

import math

import numba
import numpy as np
import pytest
import torch

from RegSuite.pointcloud.sums import NEVER, Mixture, pairs_of
from RegSuite.pointcloud.sums_torch import TorchPairs


def clouds(ndim, sigma, omega, *, organs=3, count=700):
    """(target, target organs, source organs, U, mixture) of random clouds far from the origin."""
    chance = np.random.default_rng(3)
    y, x = (torch.tensor(chance.normal(size=(n, ndim)) * 50 + 700) for n in (count, count + 37))
    ly, lx = (torch.tensor(chance.integers(0, organs, n)) for n in (count, count + 37))
    u = torch.eye(organs).double()
    if organs == 3:
        u = torch.tensor([[0.9, 0.2, 0.0], [0.1, 0.8, 0.0], [0.0, 0.0, 1.0]]).double()
    bias = torch.tensor(chance.uniform(-2, 0, count)) - math.log(count)
    inlier = torch.full(
        (len(x),), math.log(1 - omega) - 0.5 * ndim * math.log(2 * math.pi * sigma**2)
    ).double()
    outlier = torch.full((len(x),), math.log(omega * 1e-7) if omega else -math.inf).double()
    return x, lx, ly, u, Mixture(y, bias, sigma**2, inlier, outlier)


def dense(x, lx, ly, u, mixture):
    """P [M, N] and the logarithm of each target's density, by the formula."""
    apart = torch.cdist(mixture.moved, x).square()
    logs = mixture.inlier + mixture.bias[:, None] + u[lx][:, ly].T.log() - apart / (2 * mixture.variance)
    total = torch.logaddexp(torch.logsumexp(logs, dim=0), mixture.outlier)
    return torch.exp(logs - total), total, apart


def assert_same(found, x, lx, ly, u, mixture, tolerance):
    p, total, apart = dense(x, lx, ly, u, mixture)
    assert torch.allclose(found.evidence, p.sum(dim=1), atol=tolerance)
    wanted = p @ x - p.sum(dim=1)[:, None] * mixture.moved
    assert torch.allclose(found.apart, wanted, atol=20 * tolerance * math.sqrt(mixture.variance) + 1e-9)
    assert found.squared == pytest.approx(float((p * apart).sum()), rel=tolerance)
    assert torch.allclose(found.total, total, atol=100 * tolerance)
    assert torch.allclose(found.inlier, p.sum(dim=0), atol=tolerance)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("sigma", "omega"), [(60.0, 0.1), (4.0, 0.1), (4.0, 0.0)])
def test_sums_are_those_of_the_matrix_of_all_pairs(ndim, sigma, omega):
    case = clouds(ndim, sigma, omega)
    exact = TorchPairs(*case[:3], torch.log(case[3]).clamp(min=NEVER), dtype=torch.float64)
    assert_same(exact.sums(case[4]), *case, 1e-9)
    assert_same(pairs_of(*case[:4]).sums(case[4]), *case, 1e-4)


@pytest.mark.parametrize("omega", [0.1, 0.0])
@pytest.mark.parametrize("ndim", [2, 3])
def test_neighbours_alone_keep_to_the_stated_bound_of_what_they_leave_out(ndim, omega):
    case = clouds(ndim, 0.8, omega, organs=1, count=1500)
    pairs = pairs_of(*case[:4])
    found = pairs.sums(case[4], 1e-4)
    assert found.left_out == 1e-4  # that is: not all pairs were looked at
    _, total, _ = dense(*case)
    assert (total - found.total).max() < 1e-3
    assert_same(found, *case, 3e-4)


def test_points_far_from_all_others_are_outliers_and_nothing_is_divided_by_zero():
    x, lx, ly, u, mixture = clouds(3, 1.0, 0.1)
    x[0] += 1e6
    for pairs in (pairs_of(x, lx, ly, u), TorchPairs(x, lx, ly, torch.log(u).clamp(min=NEVER))):
        found = pairs.sums(mixture, 1e-4)
        assert found.inlier[0] == 0
        assert all(torch.isfinite(t).all() for t in (found.evidence, found.apart, found.total))


def test_without_outliers_the_farthest_point_still_belongs_to_the_nearest_one():
    x, lx, ly, u, mixture = clouds(3, 1.0, 0.0, organs=1)
    x[0] = mixture.moved[5] + torch.tensor([4000.0, 0.0, 0.0])
    nearest = int((mixture.moved - x[0]).norm(dim=1).argmin())
    for truncation in (0.0, 1e-4):
        found = pairs_of(x, lx, ly, u).sums(mixture, truncation)
        assert found.inlier[0] == 1
        assert found.evidence[nearest] > 0.99


def test_a_label_that_no_source_point_can_have_given_rise_to_makes_an_outlier():
    x, lx, ly, u, mixture = clouds(3, 10.0, 0.1)
    ly = torch.where(ly == 2, 0, ly)
    for pairs in (pairs_of(x, lx, ly, u), TorchPairs(x, lx, ly, torch.log(u).clamp(min=NEVER))):
        found = pairs.sums(mixture, 1e-4)
        assert (found.inlier[lx == 2] == 0).all()
        assert (pairs.best(mixture)[0][lx == 2] == -1).all()


def test_the_number_of_threads_changes_no_bit():
    case = clouds(3, 5.0, 0.1)
    many = pairs_of(*case[:4]).sums(case[4])
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = pairs_of(*case[:4]).sums(case[4])
    finally:
        numba.set_num_threads(before)
    assert torch.equal(one.evidence, many.evidence)
    assert torch.equal(one.apart, many.apart)
    assert one.squared == many.squared


def test_best_partners_are_the_largest_terms():
    case = clouds(3, 5.0, 0.1)
    p, _, _ = dense(*case)
    best, _ = pairs_of(*case[:4]).best(case[4])
    assert torch.equal(best, p.argmax(dim=0))
