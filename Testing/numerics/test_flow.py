"""Composing displacements and integrating velocities, against flows known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.flow import along_axes, along_lps, compose, exponential
from Testing.numerics.twins import SHAPES, plainly, relative, scattered, texture, threads
from Testing.transforms.samples import oblique_grid

SPACING = (1.0, 1.5, 2.0)


def places(shape: tuple[int, ...], spacing: tuple[float, ...]) -> Tensor:
    """[d, *shape] mm from the lattice's middle."""
    axes = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in shape), indexing="ij")
    return torch.stack([a * s for a, s in zip(axes[::-1], spacing, strict=True)])


def linear(matrix: np.ndarray, shape: tuple[int, ...], spacing: tuple[float, ...]) -> Tensor:
    """matrix @ x at every voxel."""
    m = torch.as_tensor(matrix, dtype=torch.float32)
    return torch.einsum("ij,j...->i...", m, places(shape, spacing))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_compiled_composition_is_the_plain_one(shape: tuple[int, ...]) -> None:
    outer, inner = (torch.stack([6 * texture(shape, s + i) - 3 for i in range(3)]) for s in (0, 5))
    truth = plainly(lambda: compose(outer, inner, SPACING))
    assert relative(compose(outer, inner, SPACING), truth) < 5e-5  # positions in float32, twice


@pytest.mark.parametrize(("shape", "spacing"), [((15, 17), (1.5, 2.0)), ((9, 11, 13), SPACING)])
def test_composed_linear_maps_are_the_product_of_their_matrices(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    d = len(shape)
    a, b = np.random.default_rng(0).normal(size=(2, d, d)) * 0.06
    found = compose(linear(a, shape, spacing), linear(b, shape, spacing), spacing)
    truth = linear((np.eye(d) + a) @ (np.eye(d) + b) - np.eye(d), shape, spacing)
    inner = (slice(None), *(slice(2, -2),) * d)
    assert torch.allclose(found[inner], truth[inner], atol=1e-5)


@pytest.mark.parametrize(("shape", "spacing"), [((31, 33), (1.5, 2.0)), ((17, 19, 21), SPACING)])
def test_a_linear_velocity_flows_to_the_exponential_of_its_matrix(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    d = len(shape)
    turn = np.zeros((d, d))
    turn[0, 1], turn[1, 0] = -0.3, 0.3
    matrix = turn + 0.1 * np.diag(np.linspace(1, -1, d))
    found = exponential(linear(matrix, shape, spacing), spacing, step_voxels=0.01)
    truth = linear(expm(matrix) - np.eye(d), shape, spacing)
    inner = (slice(None), *(slice(n // 3, -(n // 3)) for n in shape))
    # the first of 2^n steps is taken straight: half its square, summed, is 1e-3 of the way
    assert relative(found[inner], truth[inner]) < 2e-3


def test_the_flow_along_one_axis_is_the_solution_of_its_equation() -> None:
    """v(x) = a sin(k x) flows to tan(k y / 2) = tan(k x / 2) exp(a k)."""
    n, a = 200, 4.0
    k = 2 * np.pi / (n * 0.5)
    x = torch.arange(n) * 0.5
    v = torch.zeros(3, 1, 1, n)
    v[0, 0, 0] = a * torch.sin(k * x)
    found = exponential(v, (0.5, 1.0, 1.0))[0, 0, 0]
    half = 0.5 * k * x.double()
    there = torch.atan2(torch.sin(half) * np.exp(a * k), torch.cos(half)) * 2 / k
    # first step half a voxel (0.25 mm) straight: its error v v' / 2 over all steps
    assert float((found - (there - x)).abs().max()) < 0.05
    fine = exponential(v, (0.5, 1.0, 1.0), step_voxels=0.02)[0, 0, 0]
    assert float((fine - (there - x)).abs().max()) < 0.005


def test_there_and_back_is_the_identity_and_nothing_flows_nowhere() -> None:
    v = torch.stack([6 * texture((12, 13, 14), i, 2.5) - 3 for i in range(3)])
    there, back = exponential(v, SPACING), exponential(-v, SPACING)
    inner = (slice(None), *(slice(4, -4),) * 3)
    assert float(compose(there, back, SPACING)[inner].abs().max()) < 0.1
    assert torch.equal(exponential(torch.zeros_like(v), SPACING), torch.zeros_like(v))


def test_memory_order_and_threads_do_not_matter_and_inputs_stay_as_they_are() -> None:
    v = torch.stack([4 * texture((9, 10, 11), i) - 2 for i in range(3)])
    kept, found = v.clone(), []
    for count in (1, 2):
        with threads(count):
            found += [exponential(v, SPACING), exponential(scattered(v), SPACING)]
    assert all(torch.equal(found[0], other) for other in found[1:])
    assert torch.equal(v, kept)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_field_is_turned_to_lps_and_back(ndim: int) -> None:
    grid: Grid = oblique_grid(ndim)
    field = torch.randn((ndim, *grid.shape), generator=torch.Generator().manual_seed(0))
    turned = along_lps(field, grid)
    expected = np.asarray(grid.direction) @ field.flatten(1).double().numpy()
    assert np.allclose(turned.flatten(1).numpy(), expected, atol=1e-5)
    assert torch.allclose(along_axes(turned, grid), field, atol=1e-5)
