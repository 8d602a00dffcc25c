"""Patches of labels swapped between neighbouring organs, as an automatic segmentation swaps them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NEIGHBOURS = {1: (3, 2), 2: (4, 1), 3: (1,), 4: (2,)}
"""Whom an organ is mistaken for; the bladder has no neighbour."""

PATCH_MM = (8.0, 20.0)
"""Radii of patches."""

NEAR_MM = 40.0
"""A patch's middle is drawn with exp(-distance to the other organ / this)."""


class Patch(NamedTuple):
    """Points of organ `label` within `radius` of `middle` are called `wrong`."""

    middle: FloatArray
    radius: float
    label: int
    wrong: int

    def swap(self, points_mm: FloatArray, true: IntArray, found: IntArray) -> None:
        """Write the wrong label into `found` [n] where points [n, 3] of labels `true` [n] are in it."""
        near = np.flatnonzero(true == self.label)
        away = np.linalg.norm(points_mm[near] - self.middle, axis=1)
        found[near[away <= self.radius]] = self.wrong


def draw_patches(
    points_mm: FloatArray, labels: IntArray, rate: float, rng: np.random.Generator
) -> list[Patch]:
    """Patches that hold the share `rate` of all points [n, 3], the same share of each organ with a neighbour.

    The last patch of each organ is made smaller so that the share is met to a point.
    """
    present = set(np.unique(labels).tolist())
    mistaken = {
        a: tuple(b for b in others if b in present) for a, others in NEIGHBOURS.items() if a in present
    }
    mistaken = {a: others for a, others in mistaken.items() if others}
    able = int(np.isin(labels, list(mistaken)).sum())
    share = min(rate * len(points_mm) / able, 0.9) if able else 0.0
    patches: list[Patch] = []
    for label, others in mistaken.items():
        own = points_mm[labels == label]
        trees = {other: cKDTree(points_mm[labels == other]) for other in others}
        patches += _of_organ(own, label, trees, round(share * len(own)), rng)
    return patches


def transition(
    source: tuple[IntArray, IntArray], target: tuple[IntArray, IntArray], organs: IntArray
) -> FloatArray:
    """U [target label, source label] of clouds whose true labels are known, columns summing to one.

    source, target: (true, found) labels; organs [L]: the matrix' order. Paper 13, section 2: the sum over
    true labels k of p(true k | found in the source) p(found in the target | true k).
    """
    known, seen = counted(*source, organs), counted(*target, organs)
    given_found = known / np.maximum(known.sum(axis=0, keepdims=True), 1.0)
    given_true = seen / np.maximum(seen.sum(axis=1, keepdims=True), 1.0)
    for i in range(len(organs)):
        if known[:, i].sum() == 0:
            given_found[i, i] = 1.0
        if seen[i].sum() == 0:
            given_true[i, i] = 1.0
    out: FloatArray = given_true.T @ given_found
    return out


def counted(true: IntArray, found: IntArray, organs: IntArray) -> FloatArray:
    """How many points of true label organs[i] are called organs[j] [L, L]."""
    table = np.zeros((len(organs),) * 2)
    np.add.at(table, (np.searchsorted(organs, true), np.searchsorted(organs, found)), 1.0)
    return table


def _of_organ(
    own: FloatArray, label: int, trees: dict[int, cKDTree], wanted: int, rng: np.random.Generator
) -> list[Patch]:
    patches: list[Patch] = []
    free = np.ones(len(own), dtype=bool)
    others = list(trees)
    away = {other: trees[other].query(own)[0] for other in others}
    while wanted > 0:
        other = others[int(rng.integers(len(others)))]
        weight = np.where(free, np.exp(-away[other] / NEAR_MM), 0.0)
        middle = own[rng.choice(len(own), p=weight / weight.sum())]
        radius = float(rng.uniform(*PATCH_MM))
        distance = np.linalg.norm(own - middle, axis=1)
        inside = np.flatnonzero(free & (distance <= radius))
        if len(inside) > wanted:
            inside = inside[np.argsort(distance[inside])[:wanted]]
            radius = float(distance[inside].max())
        free[inside] = False
        wanted -= len(inside)
        patches.append(Patch(middle, radius, label, other))
    return patches
