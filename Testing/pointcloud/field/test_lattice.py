import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid
from RegSuite.pointcloud.field.distance_kernel import squared_distance
from RegSuite.pointcloud.field.lattice import MOST_NODES, Lattice, node_grid
from Testing.pointcloud.field.regression import oblique_grid


def cubic(points):
    """Two values, cubic in each coordinate of the grid's turned axes too."""
    p = points / 50
    return torch.stack([p[:, 0] ** 3 - p[:, 1] * p[:, 0] + 2, p[:, 1] ** 2 * p[:, -1] - 1], dim=1)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_cubic_polynomial_is_reproduced_exactly_with_its_slope(ndim):
    grid = oblique_grid(ndim, 20)
    last = np.subtract(grid.size, 1)
    lattice = Lattice.of(cubic, grid, np.zeros(ndim), last, 13.0)
    points = torch.from_numpy(grid.all_points().reshape(-1, ndim)).requires_grad_()
    exact = cubic(points)
    value, slope = lattice.at(points.detach())
    np.testing.assert_allclose(value.numpy(), exact.detach().numpy(), atol=1e-9)
    np.testing.assert_allclose(lattice.on(grid).reshape(2, -1).T.numpy(), exact.detach().numpy(), atol=2e-5)
    by_position = torch.autograd.grad(exact[:, 0].sum(), points, retain_graph=True)[0]
    np.testing.assert_allclose(slope[:, 0].numpy(), by_position.numpy(), atol=1e-9)
    along = torch.stack([lattice.on(grid, axis)[0].reshape(-1) for axis in range(ndim)], dim=1)
    turned = by_position @ torch.tensor(grid.direction).double()
    np.testing.assert_allclose(along.numpy(), turned.numpy(), atol=2e-5)


def test_a_gaussian_with_four_nodes_a_bandwidth_is_missed_by_less_than_a_thousandth():
    grid = Grid.make((50, 50, 50), 4.0, (-98.0, -98.0, -98.0))
    gaussian = lambda p: torch.exp(-p.square().sum(dim=1, keepdim=True) / (2 * 24**2))  # noqa: E731
    lattice = Lattice.of(gaussian, grid, np.zeros(3), np.full(3, 49.0), 24 / 4)
    exact = gaussian(torch.from_numpy(grid.all_points().reshape(-1, 3))).reshape(grid.shape)
    assert float((lattice.on(grid)[0] - exact).abs().max()) < 1e-3


def test_beyond_the_nodes_the_borders_value_is_repeated():
    grid = Grid.make((10, 10), 3.0)
    lattice = Lattice.of(lambda p: p[:, :1], grid, (0, 0), (9, 9), 5.0)
    value, _ = lattice.at(torch.tensor([[-50.0, 9.0], [100.0, 9.0]]))
    np.testing.assert_allclose(value[:, 0].numpy(), [-1.5, 28.5], atol=1e-9)


def test_the_number_of_nodes_is_bounded_however_small_the_spacing():
    assert node_grid(Grid.make((512, 512, 512)), np.zeros(3), np.full(3, 511.0), 0.5).voxels <= MOST_NODES


@pytest.mark.parametrize("shape", [(1, 23, 17), (9, 14, 21)])
def test_distance_is_that_to_the_nearest_voxel_of_the_mask(shape):
    generator = np.random.default_rng(1)
    mask = generator.random(shape) < 0.01
    mask.flat[37] = True
    spacing = np.array([1.3, 2.0, 5.5], np.float32)
    points = np.argwhere(np.ones(shape, bool))[:, ::-1] * spacing
    inside = points[mask.reshape(-1)]
    brute = np.linalg.norm(points[:, None] - inside[None], axis=-1).min(axis=1).reshape(shape)
    np.testing.assert_allclose(np.sqrt(squared_distance(mask, spacing)), brute, rtol=1e-5, atol=1e-5)


def test_distance_to_nothing_is_far():
    assert squared_distance(np.zeros((3, 4, 5), bool), np.ones(3, np.float32)).min() > 1e29
