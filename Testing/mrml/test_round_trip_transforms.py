"""Transforms of every kind go through a node and a file of Slicer and move points as before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.geometry import PointSet
from Testing.mrml.carried import carried
from Testing.mrml.through import from_world
from Testing.transforms.samples import KINDS, oblique_grid, points_in, transform_of_kind

pytestmark = pytest.mark.slicer

MM = 1e-3
"""How far a point may be from where it was."""


@pytest.mark.parametrize("ending", [".h5", ".mrb"])
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_transforms_of_every_kind_move_points_as_before(kind, ndim, ending, tmp_path):
    from RegSuite.mrml.transforms import node_from_transform, transform_from_node

    grid = oblique_grid(ndim)
    transform = transform_of_kind(kind, grid)
    node = carried(node_from_transform(transform, name="moved", grid=grid), ending, tmp_path)
    found = transform_from_node(node, ndim=ndim)
    points = points_in(grid, margin_voxels=3.0 if kind == "composite" else 0.0)
    np.testing.assert_allclose(found.points(points), transform.points(points), rtol=0, atol=MM)
    if kind == "composite":
        return  # Slicer shows a field from a file with cubic interpolation: equal at its voxels only
    voxels = grid.all_points().reshape(-1, ndim)[::7]
    expected = transform.points(torch.from_numpy(voxels))
    np.testing.assert_allclose(from_world(node, voxels)[:, :ndim], expected, rtol=0, atol=MM)


@pytest.mark.parametrize("ending", [".tfm", ".h5"])
@pytest.mark.parametrize("kind", ["identity", "rigid", "similarity", "affine"])
def test_linear_transforms_are_exact(kind, ending, tmp_path):
    from RegSuite.mrml.transforms import node_from_transform, transform_from_node

    grid = oblique_grid(3)
    transform = transform_of_kind(kind, grid)
    node = carried(node_from_transform(transform, name="moved"), ending, tmp_path)
    np.testing.assert_allclose(transform_from_node(node).matrix, transform.matrix, rtol=0, atol=1e-12)
    np.testing.assert_allclose(transform_from_node(node).offset, transform.offset, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["affine", "displacement", "bspline", "composite"])
def test_a_point_moves_in_the_scene_as_regsuite_warp_moves_it(kind):
    import RegSuite
    from RegSuite.mrml.transforms import node_from_transform

    grid = oblique_grid(3)
    transform = transform_of_kind(kind, grid)
    points = PointSet(points_in(grid, 20, margin_voxels=1.0).numpy())
    node = node_from_transform(transform, grid=grid)
    np.testing.assert_allclose(
        from_world(node, points.points), RegSuite.warp(points, transform).points, rtol=0, atol=MM
    )
