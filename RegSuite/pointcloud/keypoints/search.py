"""The discrete search at keypoints: coarse to fine, each level exact on its trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.pointcloud.keypoints.graph import Tree, spanning_trees
from RegSuite.pointcloud.keypoints.lattice import Described
from RegSuite.pointcloud.keypoints.least import least
from RegSuite.pointcloud.keypoints.local_fit import smoothed
from RegSuite.pointcloud.keypoints.parameters import KeypointParameters

FloatArray = NDArray[np.float64]
Step = Callable[[float], None]

COARSE_STEPS = 8
"""Of the first window, either way; the lattice is as coarse as that asks for."""
FINE_STEPS = 4
"""Of every later window: two steps of the level before."""
COSTS_BYTES = 5e8
"""Of one level's costs; the first lattice is coarser where they would need more."""
POINTS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Level:
    """Both images' descriptors on lattices of `spacing_mm`, and the window in steps (x, y, z)."""

    spacing_mm: float
    window: NDArray[np.int64]
    fixed: Described
    moving: Described

    def swapped(self) -> Level:
        """The level of the search from moving to fixed."""
        return Level(self.spacing_mm, self.window, self.moving, self.fixed)


@dataclass(frozen=True, eq=False)
class Found:
    """displacement_mm [n, d] LPS; certainty [n]: 1 - entropy / log(labels) of the last level.

    cost [n]: of the displacement taken at the last level; 1 is what a displacement costs on the mean.
    """

    displacement_mm: FloatArray
    certainty: FloatArray
    cost: FloatArray


def plan(finest_mm: float, window_mm: float, count: int) -> list[tuple[float, int]]:
    """(voxel size in mm, half window in steps) of each level, coarsest first."""
    most = max(3, int((COSTS_BYTES / (4 * count)) ** (1 / 3) - 1) // 2)
    spacing = max(finest_mm, window_mm / min(COARSE_STEPS, most))
    levels = [(spacing, max(1, int(np.ceil(window_mm / spacing - 1e-6))))]
    while spacing > 1.2 * finest_mm or len(levels) == 1:
        spacing = max(finest_mm, spacing / 2)
        levels.append((spacing, min(FINE_STEPS, most)))
    return levels


def search(
    levels: Sequence[Level], points_mm: FloatArray, parameters: KeypointParameters, step: Step
) -> Found:
    """Displacements of points [n, d] of the fixed image to the moving one, LPS mm.

    At each level the cost of a displacement is the mean squared difference of the descriptors of a
    patch, over the level's mean cost; the energy adds, for each edge of a tree of length l mm,
    stiffness |difference of the displacements|^2 / l^2. Each point takes the least of the mean of the
    trees' min-marginals, to a fraction of a voxel by a parabola along each axis. The next level starts from
    local affine fits to these, and its displacements (and their differences) count from there: so that a
    motion which is not constant is not flattened.
    Source: Heinrich, Handels, Simpson, MICCAI 2015, doi:10.1007/978-3-319-24571-3_41.
    """
    trees = spanning_trees(points_mm, parameters.neighbours, parameters.trees) if parameters.stiffness else ()
    directions = _directions(levels[0])
    base = np.zeros((len(points_mm), 3))  # mm along the lattice's axes
    certainty, cost = np.zeros(len(points_mm)), np.zeros(len(points_mm))
    for number, level in enumerate(levels):
        if trees and number:
            base = smoothed(points_mm, base, 0.05 + np.clip(certainty, 0, 1))
        done = _part(step, number, len(levels))
        costs = _costs(level, points_mm, base, parameters.patch, done)
        energy = costs
        if trees:
            energy = _regularised(costs, level.spacing_mm, points_mm, trees, parameters.stiffness, done)
        steps, certainty = least(energy)
        nearest = energy.reshape(len(energy), -1).argmin(axis=1)
        cost = costs.reshape(len(costs), -1)[np.arange(len(costs)), nearest].astype(np.float64)
        base = base + level.spacing_mm * steps
    d = points_mm.shape[1]
    return Found(base[:, :d] @ directions.T, certainty, cost)


def _part(step: Step, number: int, count: int) -> Step:
    """A step whose 0..1 is that of level `number`."""
    return lambda fraction: step((number + fraction) / count)


def _directions(level: Level) -> FloatArray:
    return np.asarray(level.fixed.grid.direction)


def _costs(
    level: Level, points_mm: FloatArray, base: FloatArray, patch: int, step: Step
) -> NDArray[np.float32]:
    """[n, z, y, x], 1 on the mean; places outside of the moving image have 1."""
    from RegSuite.pointcloud.keypoints.cost_kernels import patch_costs

    shape = tuple(int(2 * w + 1) for w in level.window[::-1])
    reach = np.where(np.array(level.fixed.values.shape[2::-1]) > 1, patch, 0).astype(np.int64)
    place = level.moving.index(points_mm) + base / level.spacing_mm
    home = level.fixed.index(points_mm)
    costs = np.empty((len(points_mm), int(np.prod(shape))), np.float32)
    volumes = level.fixed.values, level.moving.values, level.moving.inside

    def of_points(part: slice) -> None:
        patch_costs(*volumes, home[part], place[part], level.window, reach, np.float32(np.nan), costs[part])

    parts = [slice(start, start + POINTS_AT_ONCE) for start in range(0, len(points_mm), POINTS_AT_ONCE)]
    with ThreadPoolExecutor(threads()) as pool:
        for number, _ in enumerate(pool.map(of_points, parts)):
            step(0.5 * number / len(parts))
    unseen = np.isnan(costs)
    mean = float(np.mean(costs[~unseen], dtype=np.float64)) if not unseen.all() else 1.0
    costs /= np.float32(mean if mean > 0 else 1.0)
    costs[unseen] = 1.0
    return costs.reshape(len(points_mm), *shape)


def _regularised(
    costs: NDArray[np.float32],
    spacing_mm: float,
    points_mm: FloatArray,
    trees: Sequence[Tree],
    stiffness: float,
    step: Step,
) -> NDArray[np.float32]:
    """Mean min-marginals [n, z, y, x]; trees are worked on in as many at a time as memory allows."""
    from RegSuite.pointcloud.keypoints.message_kernels import tree_marginals

    flat = costs.reshape(len(costs), -1)
    even = np.zeros((len(costs), 3))

    def of_tree(tree: Tree) -> NDArray[np.float32]:
        parents = points_mm[np.maximum(tree.parent, 0)]
        lengths = np.maximum(np.linalg.norm(points_mm - parents, axis=1), 1e-6)
        weight = stiffness * spacing_mm**2 / lengths**2
        up, down = np.empty_like(flat), np.empty_like(flat)
        tree_marginals(flat, costs.shape[1:], even, tree.order, tree.parent, weight, up, down)
        return up

    at_once = max(1, min(threads(), int(COSTS_BYTES / costs.nbytes)))
    total = np.zeros_like(flat)
    with ThreadPoolExecutor(at_once) as pool:
        for start in range(0, len(trees), at_once):
            for part in pool.map(of_tree, trees[start : start + at_once]):
                total += part / np.float32(len(trees))
            step(0.5 + 0.5 * min(start + at_once, len(trees)) / len(trees))
    return total.reshape(costs.shape)


def threads() -> int:
    """That the compiled kernels may take."""
    import torch

    return torch.get_num_threads()
