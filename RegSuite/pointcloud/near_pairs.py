"""Responsibilities of the nearest source points for each target point, as a sparse table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.sums import Mixture, PosteriorSums

FloatArray = NDArray[np.float64]

ENTRIES = 400_000
"""Pairs at most."""

FEWEST = 32
"""Source points of each target point at least."""


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Targets [n] with k source points each: which [n, k], probability [n, k], apart [n, k, d] = x - y, mm.

    share: n over the number of all targets.
    """

    which: NDArray[np.int64]
    probability: FloatArray
    apart: FloatArray
    share: float

    def summed(self, weight: FloatArray, rows: slice, values: Tensor) -> Tensor:
        """Sum over the sources of each target in `rows` of weight [n, k] times values [M, p]: [rows, p]."""
        from scipy.sparse import csr_array

        part = weight[rows]
        count, k = part.shape
        table = csr_array(
            (part.ravel(), self.which[rows].ravel(), np.arange(0, count * k + 1, k)),
            shape=(count, len(values)),
        )
        return torch.from_numpy(np.asarray(table @ values.numpy()))


def near_pairs(
    target: Tensor,
    target_organs: Tensor,
    source_organs: Tensor,
    transition: Tensor,
    mixture: Mixture,
    sums: PosteriorSums,
    seed: int = 0,
) -> NearPairs:
    """p_mn of the E-step among nearest points, scaled so that each target keeps its share of inliers.

    Of more than ENTRIES / FEWEST targets a random sample is taken.
    """
    from scipy.spatial import cKDTree

    x, moved = target.cpu().numpy(), mixture.moved.cpu().numpy()
    most = ENTRIES // FEWEST
    chosen = np.arange(len(x))
    if len(x) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(x), most, replace=False))
    k = int(np.clip(ENTRIES // len(chosen), FEWEST, len(moved)))
    k = min(k, len(moved))
    which = np.asarray(cKDTree(moved).query(x[chosen], k=k, workers=-1)[1]).reshape(len(chosen), k)
    apart = x[chosen, None] - moved[which]
    with np.errstate(divide="ignore"):
        log_u = np.log(transition.cpu().numpy())
    level = mixture.bias.cpu().numpy()[which] - np.square(apart).sum(axis=2) / (2 * mixture.variance)
    level = level + log_u[target_organs.cpu().numpy()[chosen, None], source_organs.cpu().numpy()[which]]
    level = level + (mixture.inlier - sums.total).cpu().numpy()[chosen, None]
    probability = np.exp(np.minimum(level, 0.0))
    inlier = sums.inlier.cpu().numpy()[chosen]
    found = probability.sum(axis=1)
    probability *= (inlier / np.maximum(found, 1e-300) * (found > 1e-12))[:, None]
    return NearPairs(which, probability, apart, len(chosen) / len(x))
