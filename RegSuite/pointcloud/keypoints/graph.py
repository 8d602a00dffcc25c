"""Spanning trees of keypoints: whose displacements must agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

USED_AGAIN = 1.0
"""Share of its length by which an edge grows with each tree that has it: the next tree avoids it."""


@dataclass(frozen=True, eq=False)
class Tree:
    """order: nodes, each after its parent, the root first; parent: of each node, -1 of the root."""

    order: IntArray
    parent: IntArray


def spanning_trees(points_mm: FloatArray, neighbours: int, count: int) -> tuple[Tree, ...]:
    """`count` spanning trees of the graph of nearest neighbours, short edges first, as unlike as can be.

    points_mm: [n, d]. Each tree is the minimum spanning tree of lengths that grow with every tree an
    edge has served. Where the graph falls apart, its parts are joined by the shortest edge between them.
    Source: Heinrich, Handels, Simpson, MICCAI 2015, doi:10.1007/978-3-319-24571-3_41 (one tree).
    """
    n = len(points_mm)
    if n == 1:
        return (Tree(np.zeros(1, np.int64), np.full(1, -1, np.int64)),)
    first, second, length = _edges(points_mm, min(neighbours, n - 1))
    used = np.zeros(len(first))
    trees = []
    for _ in range(count):
        weight = length * (1 + USED_AGAIN * used)
        tree = minimum_spanning_tree(coo_matrix((weight, (first, second)), shape=(n, n)).tocsr()).tocoo()
        taken = np.isin(first * n + second, tree.row.astype(np.int64) * n + tree.col)
        used += taken
        both = coo_matrix((np.ones(n - 1), (tree.row, tree.col)), shape=(n, n))
        middle = int(np.argmin(np.linalg.norm(points_mm - points_mm.mean(axis=0), axis=1)))
        order, parent = breadth_first_order(both.tocsr(), middle, directed=False)
        parent = np.where(parent < 0, -1, parent)
        trees.append(Tree(order.astype(np.int64), parent.astype(np.int64)))
    return tuple(trees)


def _edges(points_mm: FloatArray, neighbours: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Edges (first < second) of the graph of nearest neighbours, made connected, and lengths in mm."""
    n = len(points_mm)
    _, near = cKDTree(points_mm).query(points_mm, k=neighbours + 1)
    pairs = np.stack([np.repeat(np.arange(n), neighbours), near[:, 1:].ravel()], axis=1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    while True:
        graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        parts, part = connected_components(graph, directed=False)
        if parts == 1:
            break
        mine, others = np.flatnonzero(part == part[0]), np.flatnonzero(part != part[0])
        distance, nearest = cKDTree(points_mm[mine]).query(points_mm[others])
        best = int(np.argmin(distance))
        bridge = np.sort([mine[nearest[best]], others[best]])
        pairs = np.concatenate([pairs, bridge[None]])
    length = np.linalg.norm(points_mm[pairs[:, 0]] - points_mm[pairs[:, 1]], axis=1)
    return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), np.maximum(length, 1e-6)
