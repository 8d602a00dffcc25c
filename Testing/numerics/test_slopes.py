"""Slopes and stretches: formulas, differences, the plain form, transposes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.slopes import push, slopes, stretch
from Testing.numerics.test_pull import LATTICES, numbers
from Testing.numerics.twins import scattered, threads


def lattice(shape: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[Tensor, ...]:
    """x, y(, z) in mm at each voxel."""
    indices = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    return tuple(s * i for s, i in zip(spacing, indices[::-1], strict=True))


def test_a_plane_has_its_slopes_everywhere_and_a_parabola_inside() -> None:
    spacing = (0.5, 2.0, 3.0)
    x, y, z = lattice((5, 6, 7), spacing)
    found = slopes(torch.stack([3 * x - 2 * y + 0.5 * z, x * x + y * z]), spacing)
    assert torch.allclose(found[0].flatten(1).T, torch.tensor([3.0, -2.0, 0.5]), atol=1e-5)
    inside = (slice(None), slice(1, -1), slice(1, -1), slice(1, -1))
    assert torch.allclose(found[1][inside], torch.stack([2 * x, z, y])[inside], atol=1e-4)


def test_the_border_takes_the_difference_to_its_only_neighbour_and_one_voxel_has_no_slope() -> None:
    image = numbers(1, 1, 4, 5)
    found = slopes(image, (2.0, 1.0, 1.0))[0]
    assert torch.allclose(found[0, ..., 0], (image[0, ..., 1] - image[0, ..., 0]) / 2)
    assert torch.allclose(found[1, :, -1], image[0, :, -1] - image[0, :, -2])
    assert not found[2].any()


@pytest.mark.parametrize(("shape", "spacing"), LATTICES.values(), ids=LATTICES)
def test_the_compiled_slopes_and_stretches_are_the_plain_ones(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    for call, count in ((slopes, 2), (stretch, len(shape))):
        values = numbers(count, *shape).requires_grad_()
        same = values.detach().double().requires_grad_()
        found, truth = call(values, spacing), call(same, spacing)
        assert torch.allclose(found.double(), truth, atol=1e-4)
        outer = numbers(*found.shape, seed=1)
        (back,) = torch.autograd.grad(found, values, outer)
        (true_back,) = torch.autograd.grad(truth, same, outer.double())
        assert torch.allclose(back.double(), true_back, atol=1e-4)


@pytest.mark.parametrize(("shape", "spacing"), [((3, 4, 5), (1.0, 0.8, 1.7)), ((1, 3), (1.1, 0.9))])
def test_gradients_are_those_of_differences(shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    values = numbers(len(shape), *shape).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: slopes(v, spacing), (values,))
    assert torch.autograd.gradcheck(lambda v: stretch(v, spacing), (values,))
    weight = numbers(len(shape), *shape, seed=1).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda w, v: push(w, v, spacing), (weight, values))


@pytest.mark.parametrize(("shape", "spacing"), LATTICES.values(), ids=LATTICES)
def test_the_stretch_is_the_jacobian_of_the_metrics(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    field = 0.3 * numbers(len(shape), *shape)
    grid = Grid.make(shape[::-1], spacing=spacing)
    assert torch.allclose(stretch(field, spacing), jacobian_determinant(field, grid), atol=1e-5)


@pytest.mark.parametrize(("shape", "spacing"), LATTICES.values(), ids=LATTICES)
def test_the_push_is_the_weighted_sum_of_slopes_and_so_are_its_gradients(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    given = [numbers(2, *shape), numbers(2, *shape, seed=1)]
    outer = numbers(len(shape), *shape, seed=2)
    single = [t.clone().requires_grad_() for t in given]
    double = [t.double().requires_grad_() for t in given]
    found = push(single[0], single[1], spacing)
    truth = (double[0][:, None] * slopes(double[1], spacing)).sum(dim=0)
    assert torch.allclose(found.double(), truth, atol=1e-5)
    back = torch.autograd.grad(found, single, outer)
    for one, true in zip(back, torch.autograd.grad(truth, double, outer.double()), strict=True):
        assert torch.allclose(one.double(), true, atol=1e-5)
    for which in (0, 1):
        mixed = [t.clone() for t in given]
        mixed[which].requires_grad_()
        (alone,) = torch.autograd.grad(push(mixed[0], mixed[1], spacing), mixed[which], outer)
        assert torch.equal(alone, back[which])


def test_an_affine_map_stretches_by_its_determinant() -> None:
    spacing = (0.5, 2.0, 3.0)
    x, y, z = lattice((4, 5, 6), spacing)
    matrix = torch.tensor([[0.1, -0.2, 0.05], [0.3, 0.2, -0.1], [0.0, 0.4, -0.3]])
    field = torch.einsum("pq,qzyx->pzyx", matrix, torch.stack([x, y, z]))
    assert torch.allclose(stretch(field, spacing), torch.det(torch.eye(3) + matrix), atol=1e-5)


def test_threads_and_memory_order_do_not_change_a_bit() -> None:
    field, outer = numbers(3, 19, 10, 11), numbers(19, 10, 11, seed=1)
    found = []
    for count in (1, 2):
        with threads(count):
            for values in (field, scattered(field)):
                values = values.detach().requires_grad_()
                wide = slopes(values, (1.0, 2.0, 0.7))
                made = stretch(values, (1.0, 2.0, 0.7))
                pushed = push(values, values.flip(0), (1.0, 2.0, 0.7))
                energy = ((wide.sum(dim=(0, 1)) + made + pushed.sum(dim=0)) * outer).sum()
                back = torch.autograd.grad(energy, values)
                found.append((wide, made, pushed, *back))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(GeometryError, match="2 spacings"):
        slopes(numbers(1, 3, 4, 5), (1.0, 1.0))
    with pytest.raises(GeometryError, match="weights"):
        push(numbers(2, 4, 5), numbers(1, 4, 5), (1.0, 1.0))
    with pytest.raises(GeometryError, match="components"):
        stretch(numbers(2, 3, 4, 5), (1.0, 1.0, 1.0))
