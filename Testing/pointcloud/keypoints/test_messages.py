"""The graph and its messages, against enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from RegSuite.pointcloud.keypoints.graph import spanning_trees
from RegSuite.pointcloud.keypoints.message_kernels import lower_envelope, tree_marginals


@pytest.mark.parametrize("shift", [0.0, 0.4, -2.7, 11.0])
def test_the_lower_envelope_is_the_least_over_all_pairs(shift):
    rng = np.random.default_rng(0)
    for weight in (1e-3, 0.1, 5.0):
        values = rng.uniform(0, 3, 17)
        out = np.empty(17)
        lower_envelope(values, weight, shift, np.empty(17, np.int64), np.empty(18), out)
        q, p = np.meshgrid(np.arange(17), np.arange(17), indexing="ij")
        np.testing.assert_allclose(out, (values[p] + weight * (q + shift - p) ** 2).min(axis=1), atol=1e-9)


def test_tree_marginals_are_those_of_all_combinations():
    rng = np.random.default_rng(1)
    shape, n = (2, 3, 2), 4
    labels = [np.array([x, y, z]) - [0.5, 1.0, 0.5] for z, y, x in product(range(2), range(3), range(2))]
    costs = rng.uniform(0, 1, (n, 12)).astype(np.float32)
    base = rng.uniform(-1, 1, (n, 3))
    order, parent = np.array([2, 0, 3, 1]), np.array([2, 0, -1, 2])
    weight = rng.uniform(0.05, 0.5, n)
    up, down = np.empty_like(costs), np.empty_like(costs)
    tree_marginals(costs, shape, base, order, parent, weight, up, down)
    least = np.full((n, 12), np.inf)
    moved = np.array([[base[i] + label for label in labels] for i in range(n)])
    pair = {i: ((moved[i][:, None] - moved[parent[i]][None]) ** 2).sum(-1) * weight[i] for i in (0, 1, 3)}
    for taken in product(range(12), repeat=n):
        energy = sum(float(costs[i, taken[i]]) for i in range(n))
        energy += sum(pair[i][taken[i], taken[parent[i]]] for i in pair)
        for i in range(n):
            least[i, taken[i]] = min(least[i, taken[i]], energy)
    for i in range(n):
        np.testing.assert_allclose(up[i] - up[i].min(), least[i] - least[i].min(), atol=1e-5)


def test_one_tree_is_the_shortest_and_more_trees_share_few_edges():
    points = np.random.default_rng(2).uniform(0, 100, (300, 3))
    trees = spanning_trees(points, 10, 3)

    def edges(tree):
        assert sorted(tree.order) == list(range(300))
        place = np.empty(300, int)
        place[tree.order] = np.arange(300)
        children = np.flatnonzero(tree.parent >= 0)
        assert len(children) == 299
        assert (place[tree.parent[children]] < place[children]).all()
        return {tuple(sorted((i, int(tree.parent[i])))) for i in children}

    sets = [edges(tree) for tree in trees]
    length = [sum(np.linalg.norm(points[a] - points[b]) for a, b in one) for one in sets]
    assert length[0] == min(length)
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import cdist

    assert length[0] == pytest.approx(minimum_spanning_tree(cdist(points, points)).sum())
    assert len(sets[0] & sets[1]) < 0.5 * 299


def test_far_clusters_are_joined_and_single_points_are_trees():
    points = np.concatenate([np.random.default_rng(3).normal(c, 1, (20, 2)) for c in (0, 500, 900)])
    (tree,) = spanning_trees(points, 3, 1)
    assert (tree.parent < 0).sum() == 1
    (alone,) = spanning_trees(points[:1], 3, 2)
    assert alone.parent.tolist() == [-1]


def test_points_at_one_place_still_make_a_tree():
    (tree,) = spanning_trees(np.zeros((12, 3)), 4, 1)
    assert sorted(tree.order) == list(range(12))
