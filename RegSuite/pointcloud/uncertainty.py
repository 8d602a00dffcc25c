"""How far a drifted point may be from the truth, where partners are not taken as known.

The variational posterior of the motion treats each target point as if its partner were known, and states an
uncertainty many times too small (12-fold at the landmarks of the abdomen's phantom). Two things mend that.
A point of a surface tells where the surface is, not where along it: only the direction across counts
(`surface_directions`). And what the data say while partners are uncertain is the complete information less
the missing one, the spread of the score over the possible partners (Louis, J. R. Stat. Soc. B 44 (1982),
226). rho, which the variational posterior takes as certain, is among the unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.linear_part import LinearKind
from RegSuite.pointcloud.near_pairs import NearPairs

ROWS_AT_ONCE = 2000
"""Targets whose scores are held at once."""


@dataclass(frozen=True, eq=False)
class MotionUncertainty:
    """Variance of T(y) as a quadratic form in f = (F(y), 1, (T(y) - centre) / size).

    form [K + 1 + d, K + 1 + d] mm^2 (trace over axes); stretch: mean of the squared singular values of rho's
    matrix; centre [d] mm, in the target's space; size mm.
    """

    form: Tensor
    stretch: float
    centre: Tensor
    size: float

    def variance(self, features: Tensor, moved: Tensor, prior: Tensor) -> Tensor:
        """Mean over the axes of the variance of T, mm^2 [n], what the basis leaves out added.

        features F [n, K], moved T(y) [n, d] LPS mm, prior: variance of a coordinate of v [n] mm^2.
        """
        d = moved.shape[1]
        place = (moved.double() - self.centre) / self.size
        full = torch.cat([features, torch.ones_like(place[:, :1]), place], dim=1)
        known = ((full @ self.form) * full).sum(dim=1) / d
        left = (prior - features.square().sum(dim=1)).clamp(min=0)
        return known.clamp(min=0) + self.stretch * left

    @classmethod
    def settled(cls, covariance: Tensor, matrix: Tensor) -> MotionUncertainty:
        """As if partners and rho were known: covariance [K, K] of a coordinate of w, matrix [d, d] of rho."""
        rank, d = len(covariance), len(matrix)
        squares = float(matrix.square().sum())
        form = torch.zeros((rank + 1 + d, rank + 1 + d), dtype=torch.float64)
        form[:rank, :rank] = squares * covariance
        return cls(form, squares / d, torch.zeros(d, dtype=torch.float64), 1.0)

    def shifted(self, by: Tensor) -> MotionUncertainty:
        """The same in coordinates to which `by` [d] has been added."""
        return MotionUncertainty(self.form, self.stretch, self.centre + by.cpu(), self.size)


def uncertainty_of(
    features: Tensor,
    matrix: Tensor,
    moved: Tensor,
    pairs: NearPairs,
    sigma2: float,
    linear: LinearKind | None,
    seen: Tensor,
) -> MotionUncertainty:
    """Observed information of (w, rho) at the end of a drift, as the variance of the motion.

    features F [M, K] (K = 0: rho alone), matrix A [d, d] of rho, moved [M, d] mm, sigma2 mm^2; linear: what
    of rho was fitted; seen [M, d, d]: projections onto the directions in which a point's place can be told.
    w has its prior N(0, I); rho a flat one, but for the size of the cloud. Where the data would make
    matters worse than knowing nothing (a saddle), they count as saying nothing.
    """
    features, matrix, moved = features.cpu().double(), matrix.cpu().double(), moved.cpu().double()
    centre = moved.mean(dim=0)
    size = float((moved - centre).square().sum(dim=1).mean().sqrt().clamp(min=1e-9))
    place = torch.cat([torch.ones_like(moved[:, :1]), (moved - centre) / size], dim=1)
    generators = _generators(linear, moved.shape[1])
    data = _data_information(features, matrix, place, generators, pairs, sigma2, seen)
    d, rank = moved.shape[1], features.shape[1]
    values, vectors = torch.linalg.eigh(data)
    vectors = vectors * values.clamp(min=0).sqrt()
    own = torch.cat(
        [
            torch.ones(d * rank, dtype=torch.float64),
            torch.full((generators.shape[1],), size**-2, dtype=torch.float64),
        ]
    )
    covariance = torch.cholesky_inverse(torch.linalg.cholesky(torch.diag(own) + vectors @ vectors.T))
    form = _form(covariance, matrix, generators, rank)
    return MotionUncertainty(form, float(matrix.square().sum()) / d, centre, size)


def _generators(linear: LinearKind | None, d: int) -> Tensor:
    """Motions of the whole cloud G [d, q, 1 + d], mm: column a moves a point h = (1, place) by G[:, a] h."""
    if linear is None:
        return torch.zeros((d, 0, 1 + d), dtype=torch.float64)
    moves = []
    for axis in range(d):
        shift = np.zeros((d, 1 + d))
        shift[axis, 0] = 1
        moves.append(shift)
    if linear == "affine":
        for i, j in np.ndindex(d, d):
            bend = np.zeros((d, 1 + d))
            bend[i, 1 + j] = 1
            moves.append(bend)
    else:
        for i in range(d):
            for j in range(i):
                turn = np.zeros((d, 1 + d))
                turn[i, 1 + j], turn[j, 1 + i] = 1, -1
                moves.append(turn)
        if linear == "similarity":
            moves.append(np.hstack([np.zeros((d, 1)), np.eye(d)]))
    return torch.from_numpy(np.stack(moves, axis=1))


def _data_information(
    features: Tensor,
    matrix: Tensor,
    place: Tensor,
    generators: Tensor,
    pairs: NearPairs,
    sigma2: float,
    seen: Tensor,
) -> Tensor:
    """Complete less missing information [P, P], P = d K + q; w's numbers by coordinate, then rho's."""
    sources, d = len(place), len(matrix)
    weight = pairs.probability / pairs.share
    flat = pairs.which.ravel()
    evidence = np.bincount(flat, weight.ravel(), sources)
    core = np.zeros((sources, d, d))
    for i, j in np.ndindex(d, d):
        second = (weight * pairs.apart[:, :, i] * pairs.apart[:, :, j]).ravel()
        core[:, i, j] = (evidence if i == j else 0) / sigma2 - np.bincount(flat, second, sources) / sigma2**2
    along = seen.numpy()
    information = _curvature(features, matrix, place, generators, seen @ torch.from_numpy(core) @ seen)
    pull = np.einsum("nkij,nkj->nki", along[pairs.which], pairs.apart) * pairs.probability[:, :, None]
    for first in range(0, len(pairs.which), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        scores = _scores(features, matrix, place, generators, pairs, pull, rows) / sigma2
        information += scores.T @ scores / pairs.share
    return information


def _curvature(features: Tensor, matrix: Tensor, place: Tensor, generators: Tensor, core: Tensor) -> Tensor:
    """Sum over source points of J^T core J, J [d, P] the derivative of the moved point."""
    d, rank, q = len(matrix), features.shape[1], generators.shape[1]
    out = torch.zeros((d * rank + q, d * rank + q), dtype=torch.float64)
    turned = torch.einsum("ic,mij,je->mce", matrix, core, matrix)
    for c in range(d):
        for e in range(d):
            block = features.T @ (turned[:, c, e, None] * features)
            out[c * rank : (c + 1) * rank, e * rank : (e + 1) * rank] = block
    whole = torch.einsum("iab,mb->mia", generators, place)
    pushed = core @ whole
    cross = torch.einsum("mk,ic,mia->cka", features, matrix, pushed).reshape(d * rank, q)
    out[: d * rank, d * rank :] = cross
    out[d * rank :, : d * rank] = cross.T
    out[d * rank :, d * rank :] = torch.einsum("mia,mib->ab", whole, pushed)
    return out


def _scores(
    features: Tensor,
    matrix: Tensor,
    place: Tensor,
    generators: Tensor,
    pairs: NearPairs,
    pull: NDArray[np.float64],
    rows: slice,
) -> Tensor:
    """Mean over the partners of each target of J^T (x - y) [rows, P], mm; pull [n, k, d]: p (x - y)."""
    both = torch.cat([features, place], dim=1)
    sums = torch.stack([pairs.summed(pull[:, :, i], rows, both) for i in range(len(matrix))])
    rank = features.shape[1]
    motion = torch.einsum("ic,ink->nck", matrix, sums[:, :, :rank]).reshape(sums.shape[1], -1)
    whole = torch.einsum("iab,inb->na", generators, sums[:, :, rank:])
    return torch.cat([motion, whole], dim=1)


def _form(covariance: Tensor, matrix: Tensor, generators: Tensor, rank: int) -> Tensor:
    """The quadratic form of `MotionUncertainty` from the covariance [P, P] of (w, rho)."""
    d = len(matrix)
    split = d * rank
    within = covariance[:split, :split].reshape(d, rank, d, rank)
    across = covariance[:split, split:].reshape(d, rank, generators.shape[1])
    bends = torch.einsum("iab,ae,iej->bj", generators, covariance[split:, split:], generators)
    form = torch.zeros((rank + 1 + d, rank + 1 + d), dtype=torch.float64)
    form[:rank, :rank] = torch.einsum("ce,ckel->kl", matrix.T @ matrix, within)
    form[:rank, rank:] = torch.einsum("ic,cka,iab->kb", matrix, across, generators)
    form[rank:, :rank] = form[:rank, rank:].T
    form[rank:, rank:] = bends
    return form
