"""The motion prior: Eq. 3, its Gibbs form, and that both are covariances."""

import math

import numpy as np
import pytest
import torch

from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.prior import MotionPrior


def cloud(count, ndim=3, organs=2, seed=0, size=60.0):
    """Points far from the origin, as LPS ones are, and organs."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(0, size, (count, ndim)) + [800.0, -900.0, 1500.0][:ndim]
    return torch.as_tensor(points), torch.as_tensor(generator.integers(0, organs, count))


def lowest(matrix):
    """The smallest eigenvalue, in units of the largest."""
    roots = torch.linalg.eigvalsh(matrix)
    return float(roots[0] / roots[-1])


@pytest.mark.parametrize("ndim", [2, 3])
def test_equal_bandwidths_give_equation_three(ndim):
    organs = (Organ(1, "a", 10, 30), Organ(2, "b", 4, 30))
    prior = MotionPrior(OrganModel.made_of(organs, np.array([[1, 0.4], [0.4, 1]])))
    points, which = cloud(9, ndim)
    kernel = prior.kernel(points, which, points, which)
    for i in range(9):
        for j in range(9):
            k, m = organs[which[i]], organs[which[j]]
            together = 1 if k is m else 0.4
            squared = float(((points[i] - points[j]) ** 2).sum())
            expected = k.magnitude_mm * m.magnitude_mm * together * math.exp(-squared / (2 * 30 * 30))
            assert float(kernel[i, j]) == pytest.approx(expected, rel=1e-9)
    assert prior.form == "product"
    assert prior.notes == ()


@pytest.mark.parametrize("ndim", [2, 3])
def test_unequal_bandwidths_of_coherent_organs_give_the_gibbs_kernel_and_say_so(ndim):
    prior = MotionPrior(OrganModel.made_of((Organ(1, "liver", 10, 30), Organ(2, "gut", 4, 10)), "global"))
    a, b = torch.zeros(1, ndim), torch.full((1, ndim), 5.0)
    value = float(prior.kernel(a, torch.tensor([0]), b, torch.tensor([1])))
    prefactor = (2 * 30 * 10 / (30**2 + 10**2)) ** (ndim / 2)
    assert value == pytest.approx(10 * 4 * prefactor * math.exp(-25 * ndim / (30**2 + 10**2)), rel=1e-12)
    assert prior.form == "gibbs"
    assert "'liver' and 'gut' move coherently with bandwidths of 30 and 10 mm" in prior.notes[0]
    assert "Gibbs" in prior.notes[0]


def test_where_equation_three_is_indefinite_the_gibbs_form_is_not():
    model = OrganModel.made_of((Organ(1, "a", 10, 30), Organ(2, "b", 10, 8)), "global")
    points, which = cloud(150, size=40)
    assert lowest(MotionPrior(model, form="product").kernel(points, which, points, which)) < -1e-3
    assert lowest(MotionPrior(model).kernel(points, which, points, which)) > -1e-12


def test_independent_organs_keep_equation_three_whatever_their_bandwidths():
    prior = MotionPrior(OrganModel.made_of((Organ(1, "a", 10, 30), Organ(2, "b", 10, 8))))
    points, which = cloud(60)
    kernel = prior.kernel(points, which, points, which)
    assert prior.form == "product"
    assert lowest(kernel) > -1e-12
    assert float(kernel[which[:, None] != which[None]].abs().max()) == 0
    assert prior.components.tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_any_coherence_and_scales_give_a_covariance(seed):
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(4, 2))
    organs = tuple(
        Organ(
            k,
            f"{k}",
            *generator.uniform(3, 30, 2),
            translation_mm=3.0 * (k % 2),
            finer=((2.0, 4.0 + k),) * (k // 2),
        )
        for k in range(4)
    )
    prior = MotionPrior(OrganModel.made_of(organs, root @ root.T + 1e-3 * np.eye(4)))
    points, which = cloud(200, organs=4, seed=seed)
    kernel = prior.kernel(points, which, points, which)
    assert torch.allclose(kernel, kernel.T, rtol=1e-9, atol=1e-9)
    assert lowest(kernel) > -1e-12
    assert torch.allclose(prior.variance(which), kernel.diagonal(), rtol=1e-9)


def test_a_translation_moves_an_organ_as_a_whole():
    organs = (Organ(1, "a", 1e-3, 30, translation_mm=7), Organ(2, "b", 1e-3, 30))
    prior = MotionPrior(OrganModel.made_of(organs))
    far = torch.tensor([[0.0, 0, 0], [1e4, 0, 0]])
    same = torch.zeros(2, dtype=torch.int64)
    assert prior.kernel(far, same, far, same) == pytest.approx(np.full((2, 2), 49.0), abs=1e-4)
    assert float(prior.variance(same + 1)[0]) == pytest.approx(1e-6)


def test_few_points_and_many_give_the_same_kernel():
    prior = MotionPrior(OrganModel.of([0, 1], [0, 1], coherence="global"))
    points, which = cloud(50)
    whole = prior.kernel(points, which, points, which)
    for j in range(0, 50, 7):
        column = prior.kernel(points, which, points[j : j + 1], which[j : j + 1])
        assert torch.allclose(whole[:, j : j + 1], column, rtol=1e-10)


def test_single_precision_points_are_reckoned_in_double_and_left_alone():
    prior = MotionPrior(OrganModel.of([0], [0]))
    points = torch.tensor([[0.0, 0], [30, 0]])
    kept = points.clone()
    which = torch.zeros(2, dtype=torch.int64)
    kernel = prior.kernel(points, which, points, which)
    assert kernel.dtype == torch.float64
    assert float(kernel[0, 1]) == pytest.approx(100 * math.exp(-0.5), rel=1e-12)
    assert torch.equal(points, kept)


def test_organs_that_touch_through_a_third_are_one_component():
    together = np.eye(4)
    together[0, 2] = together[2, 0] = together[2, 3] = together[3, 2] = 0.5
    prior = MotionPrior(OrganModel.made_of(tuple(Organ(k, f"{k}") for k in range(4)), together))
    groups = prior.components
    assert groups[0] == groups[2] == groups[3] != groups[1]
