"""The variational updates against the printed algorithm."""

import math

import numpy as np
import pytest
import torch

from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.belief import Scene, bound, first_belief, mixture_of, updated
from RegSuite.pointcloud.features import Features
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.prior import MotionPrior
from RegSuite.pointcloud.stage import iterate
from RegSuite.pointcloud.sums import NEVER, pairs_of
from RegSuite.pointcloud.sums_torch import TorchPairs
from Testing.pointcloud.textbook import Textbook

OMEGA, KAPPA = 0.15, 3.0


def two_organs(ndim, *, coherent=False):
    """A small pair of clouds with labels and an asymmetric U."""
    chance = np.random.default_rng(5)
    y = chance.normal(size=(45, ndim)) * 30
    x = np.concatenate(
        [y[:38] * 1.1 + chance.normal(size=(38, ndim)) * 3 + 4, chance.normal(size=(9, ndim)) * 40]
    )
    y_labels, x_labels = (y[:, 0] > 0).astype(int), (x[:, 0] > 4).astype(int)
    organs = (Organ(0, "a", 8.0, 20.0), Organ(1, "b", 12.0, 20.0 if coherent else 35.0))
    S = np.array([[1.0, 0.5], [0.5, 1.0]]) if coherent else np.eye(2)
    return y, x, y_labels, x_labels, OrganModel(organs, S, np.array([[0.9, 0.3], [0.1, 0.7]]))


def scene_and_textbook(ndim, *, coherent=False, joint=False):
    y, x, y_labels, x_labels, model = two_organs(ndim, coherent=coherent)
    ty, tx = torch.tensor(y), torch.tensor(x)
    ly, lx = torch.tensor(y_labels), torch.tensor(x_labels)
    prior = MotionPrior(model)
    basis = MotionBasis.of(prior, ty, ly, tolerance=1e-13, smallest=45, largest=45)
    G = prior.kernel(ty, ly, ty, ly).numpy()
    density = np.where(x_labels == 0, 2e-7, 5e-7)
    scene = Scene(
        ty,
        TorchPairs(
            tx, lx, ly, torch.log(torch.tensor(model.transition)).clamp(min=NEVER), dtype=torch.float64
        ),
        Features.of(basis, "cpu"),
        "similarity",
        torch.full((len(x),), math.log(1 - OMEGA), dtype=torch.float64),
        torch.log(torch.tensor(OMEGA * density)),
        1e-6,
        KAPPA,
        joint=joint,
    )
    book = Textbook(y, x, G, model.transition[np.ix_(x_labels, y_labels)], OMEGA, density, KAPPA, 900.0)
    return scene, book


@pytest.mark.parametrize("coherent", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_every_quantity_is_that_of_the_printed_algorithm_with_the_whole_of_G(ndim, coherent):
    scene, book = scene_and_textbook(ndim, coherent=coherent)
    belief = first_belief(scene, torch.eye(ndim).double(), torch.zeros(ndim).double(), 900.0)
    for _ in range(25):
        belief = updated(scene, belief, scene.pairs.sums(mixture_of(scene, belief)))
        book.step()
    assert belief.v.numpy() == pytest.approx(book.v, abs=1e-6)
    assert belief.variance.numpy() == pytest.approx(book.sigma_m, rel=1e-6)
    assert belief.log_alpha.exp().numpy() == pytest.approx(book.alpha, rel=1e-6)
    assert belief.matrix.numpy() == pytest.approx(book.s * book.R, abs=1e-7)
    assert belief.shift.numpy() == pytest.approx(book.t, abs=1e-6)
    assert belief.sigma2 == pytest.approx(book.sigma2, rel=1e-6)
    assert belief.moved(scene.y).numpy() == pytest.approx(book.moved, abs=1e-6)
    assert scene.pairs.sums(mixture_of(scene, belief)).evidence.numpy() == pytest.approx(
        book.posterior().sum(axis=1), abs=1e-6
    )


@pytest.mark.parametrize("joint", [False, True])
def test_the_bound_never_falls_with_all_that_the_model_has(joint):
    scene, _ = scene_and_textbook(3, joint=joint)
    belief = first_belief(scene, torch.eye(3).double(), torch.zeros(3).double(), 900.0)
    values = []
    for _ in range(60):
        belief = updated(scene, belief, scene.pairs.sums(mixture_of(scene, belief)))
        values.append(bound(scene, belief, scene.pairs.sums(mixture_of(scene, belief))))
    assert np.diff(values).min() > -1e-9 * abs(values[-1])
    assert values[-1] > values[0] + 10


def test_compiled_sums_lead_where_those_of_torch_lead():
    _, x, y_labels, x_labels, model = two_organs(3)
    scene, _ = scene_and_textbook(3)
    pairs = pairs_of(
        torch.tensor(x), torch.tensor(x_labels), torch.tensor(y_labels), torch.tensor(model.transition)
    )
    ends = []
    for which in (scene.pairs, pairs):
        own = Scene(**{**vars(scene), "pairs": which})
        belief = first_belief(own, torch.eye(3).double(), torch.zeros(3).double(), 900.0)
        for _ in range(30):
            belief = updated(own, belief, which.sums(mixture_of(own, belief)))
        ends.append(belief.moved(own.y).numpy())
    assert ends[1] == pytest.approx(ends[0], abs=1e-3)


def ended(scene, ndim, *, relaxed, iterations=900):
    """(belief, bounds) after iterations until nothing changes any more."""
    belief = first_belief(scene, torch.eye(ndim).double(), torch.zeros(ndim).double(), 900.0)
    values = []
    if relaxed:
        belief, _, _, converged = iterate(
            scene, belief, iterations, tolerance=1e-9, tell=lambda step: values.append(step.bound)
        )
        assert converged
        return belief, values
    for _ in range(iterations):
        sums = scene.pairs.sums(mixture_of(scene, belief))
        values.append(bound(scene, belief, sums))
        belief = updated(scene, belief, sums)
    return belief, values


def test_rho_and_motion_at_once_end_where_the_printed_turns_end_only_sooner():
    ndim = 3
    printed, slow = ended(scene_and_textbook(ndim)[0], ndim, relaxed=False)
    joint, fast = ended(scene_and_textbook(ndim, joint=True)[0], ndim, relaxed=True)
    assert fast[-1] == pytest.approx(slow[-1], abs=1e-4)
    assert joint.matrix.numpy() == pytest.approx(printed.matrix.numpy(), abs=1e-3)
    assert joint.v.numpy() == pytest.approx(printed.v.numpy(), abs=0.02)
    assert np.diff(fast).min() > -1e-9 * abs(fast[-1])
    assert len(fast) < len(slow) / 3
