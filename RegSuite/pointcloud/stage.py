"""Stages of a drift: samples of the clouds, few points first, and the iterations on each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.belief import Belief, Scene, bound, mixture_of, updated
from RegSuite.pointcloud.features import Features
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.relaxed import GROWTH, LARGEST, beyond
from RegSuite.pointcloud.sums import PosteriorSums, pairs_of

SMALLEST = 2e-5
"""Floor of sigma in diagonals of the target: distances are float32, whose digits end there."""

THICK = 0.25
"""Least thickness of the outliers' box in its length: in a flat one every point would be an outlier."""

ROUGH = 10.0
"""A sample is left at this many times the tolerance: its own best fit is not asked for."""

SPACINGS = 1.0
"""A coarse stage ends where sigma is below this many times the distance of neighbours in its sample."""


@dataclass(frozen=True)
class Clouds:
    """Two clouds about one centre, float64 on one device: y [M, d], x [N, d] and their organs' places."""

    y: Tensor
    x: Tensor
    y_organs: Tensor
    x_organs: Tensor

    def sample(self, most: int, seed: int) -> tuple[Clouds, Tensor]:
        """At most `most` points of each (every organ keeps its share), and which of the source they are."""
        mine, theirs = (_sample(o, most, seed + k) for k, o in enumerate((self.y_organs, self.x_organs)))
        return Clouds(self.y[mine], self.x[theirs], self.y_organs[mine], self.x_organs[theirs]), mine


@dataclass(frozen=True)
class Step:
    """What one iteration found: `moved` is of the stage's own sample."""

    iteration: int
    belief: Belief
    bound: float
    change: float


Told = Callable[[Step], None]


def _sample(organs: Tensor, most: int, seed: int) -> Tensor:
    """Places [n <= most] of a sample, in ascending order: each organ's share, at least 20 points or all."""
    if len(organs) <= most:
        return torch.arange(len(organs), device=organs.device)
    labels = organs.cpu().numpy()
    chance = np.random.default_rng(seed)
    taken: list[NDArray[np.int64]] = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        count = min(len(own), max(20, math.ceil(most * len(own) / len(labels))))
        taken.append(chance.choice(own, count, replace=False))
    return torch.as_tensor(np.sort(np.concatenate(taken)), device=organs.device)


def scene_of(
    clouds: Clouds, model: OrganModel, parameters: DriftParameters, features: Features | None
) -> Scene:
    """The scene of a pair of clouds (or of samples of them)."""
    device = clouds.x.device
    count = len(model.organs)
    omegas = [parameters.outliers if organ.outliers is None else organ.outliers for organ in model.organs]
    omega = torch.tensor(omegas, dtype=torch.float64, device=device)[clouds.x_organs]
    shares = torch.bincount(clouds.x_organs, minlength=count) / len(clouds.x)
    reach = clouds.x.amax(dim=0) - clouds.x.amin(dim=0)
    volume = reach.clamp(min=THICK * float(reach.max())).prod()
    # an outlier's label is as frequent as that label is: omega means the same for one organ and for many
    outside = torch.log(omega) - torch.log(volume) + torch.log(shares.double()[clouds.x_organs])
    transition = torch.as_tensor(np.array(model.transition), dtype=torch.float64, device=device)
    linear = parameters.linear if parameters.transform == "deformable" else parameters.transform
    return Scene(
        clouds.y,
        pairs_of(clouds.x, clouds.x_organs, clouds.y_organs, transition, str(device)),
        features,
        None if linear == "none" else linear,
        torch.log1p(-omega),
        outside,
        SMALLEST * float(reach.norm()),
        parameters.kappa,
    )


def first_sigma2(clouds: Clouds, moved: Tensor, transition: Tensor) -> float:
    """Mean squared distance an axis of the pairs that labels allow (weighted by U), mm^2.

    gamma = 1 in Hirose 2021; from the moments of each organ, without any pair.
    """
    count = len(transition)
    n, mean_x, square_x = _moments(clouds.x, clouds.x_organs, count)
    m, mean_y, square_y = _moments(moved, clouds.y_organs, count)
    between = square_x[:, None] + square_y[None] - 2 * mean_x @ mean_y.T
    weight = transition * n[:, None] * m[None]
    if not float(weight.sum()) > 0:
        weight = n[:, None] * m[None]
    return float((weight * between).sum() / weight.sum()) / clouds.x.shape[1]


def _moments(points: Tensor, organs: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Number [L], mean [L, d] and mean square [L] of each organ's points."""
    number = torch.bincount(organs, minlength=count).double()
    total = points.new_zeros((count, points.shape[1])).index_add_(0, organs, points)
    square = points.new_zeros(count).index_add_(0, organs, points.square().sum(dim=1))
    safe = number.clamp(min=1)
    return number, total / safe[:, None], square / safe


def iterate(
    scene: Scene,
    belief: Belief,
    iterations: int,
    *,
    tolerance: float,
    truncation: float = 0.0,
    enough_sigma: float = 0.0,
    tell: Told | None = None,
) -> tuple[Belief, PosteriorSums, int, bool]:
    """Improve a belief until it stays: (belief, the sums it was made of, iterations, whether it converged).

    It has converged when sigma changed by less than `tolerance` (relative) and the points by less than
    tolerance sigma (root mean square), twice in a row, or sigma is below `enough_sigma` or at its floor.
    """
    still, beta = 0, 1.0
    sums = scene.pairs.sums(mixture_of(scene, belief), truncation)
    value = -math.inf
    for iteration in range(iterations):
        before, last = belief, value
        plain = updated(scene, before, sums)
        belief = beyond(scene, before, plain, beta)
        sums = scene.pairs.sums(mixture_of(scene, belief), truncation)
        value = bound(scene, belief, sums)
        if beta > 1 and not value >= last:
            belief, beta = plain, 1.0
            sums = scene.pairs.sums(mixture_of(scene, belief), truncation)
            value = bound(scene, belief, sums)
        step = float((plain.moved(scene.y) - before.moved(scene.y)).square().sum(dim=1).mean().sqrt())
        change = max(abs(math.log(plain.sigma2 / before.sigma2)) / 2, step / math.sqrt(plain.sigma2))
        if tell is not None:
            tell(Step(iteration, belief, value, change))
        still = still + 1 if change < tolerance else 0
        if still >= 2 or math.sqrt(belief.sigma2) <= max(enough_sigma, scene.smallest):
            return belief, sums, iteration + 1, True
        beta = min(GROWTH * beta, LARGEST)
    return belief, sums, iterations, False
