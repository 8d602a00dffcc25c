"""Reading an image at displaced voxels: the compiled form against the plain one, both against formulas."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.numerics.pull import pull, pull_all, pull_plain, slab_thickness
from Testing.numerics.twins import relative, scattered, threads

LATTICES = {
    "volume": ((19, 11, 13), (1.0, 1.5, 2.0)),
    "plane": ((14, 17), (0.7, 1.2)),
    "one slice": ((1, 9, 7), (1.0, 1.0, 3.0)),
    "one column": ((12, 1), (1.0, 2.0)),
    "two voxels": ((2, 3, 2), (1.5, 1.0, 1.0)),
}


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def wavy(shape: tuple[int, ...], mm: float) -> Tensor:
    """A smooth displacement of up to `mm` along each axis."""
    places = torch.meshgrid(*(torch.linspace(0, 5, n) for n in shape), indexing="ij")
    return torch.stack([mm * torch.sin(sum(places) + 1.3 * axis) for axis in range(len(shape))])


def gradients(image: Tensor, field: Tensor, spacing: tuple[float, ...], outer: Tensor) -> tuple[Tensor, ...]:
    image, field = image.detach().requires_grad_(), field.detach().requires_grad_()
    read = pull(image, field, spacing)
    return read.detach(), *torch.autograd.grad(read, (image, field), outer)


@pytest.mark.parametrize("far", [1.0, 6.0])
@pytest.mark.parametrize(("shape", "spacing"), LATTICES.values(), ids=LATTICES)
def test_the_compiled_pull_and_its_gradients_are_the_plain_ones(
    shape: tuple[int, ...], spacing: tuple[float, ...], far: float
) -> None:
    image, field, outer = (
        numbers(2, *shape),
        far * numbers(len(shape), *shape, seed=1),
        numbers(2, *shape, seed=2),
    )
    truth = gradients(image.double(), field.double(), spacing, outer.double())
    for found, true in zip(gradients(image, field, spacing, outer), truth, strict=True):
        assert (
            float((found - true).abs().max()) < 1e-4
        )  # places in float32: 1e-6 of 13 voxels, times the slope


@pytest.mark.parametrize(("shape", "spacing"), [((3, 4, 5), (1.0, 0.8, 1.7)), ((4, 6), (1.1, 0.9))])
def test_gradients_are_those_of_differences(shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    image = numbers(2, *shape).double().requires_grad_()
    field = (0.37 + 0.2 * wavy(shape, 1.0)).double().requires_grad_()  # away from the kinks at voxels
    assert torch.autograd.gradcheck(lambda i, u: pull(i, u, spacing), (image, field))


def test_a_linear_image_is_read_exactly_in_mm_of_an_anisotropic_lattice() -> None:
    spacing = (0.5, 2.0, 3.0)
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in (6, 7, 8)), indexing="ij")
    image = torch.stack([2 * 0.5 * x - 2 * y + 4 * 3 * z, 2 * y])
    field = torch.stack([torch.full_like(x, v) for v in (0.2, -1.5, 1.2)])
    field.requires_grad_()
    read = pull(image, field, spacing)
    inside = (slice(0, -1), slice(1, None), slice(0, -1))
    assert torch.allclose(read[0][inside], (image[0] + 2 * 0.2 + 1.5 + 4 * 1.2)[inside], atol=1e-5)
    assert torch.allclose(read[1][inside], (image[1] - 1.5)[inside], atol=1e-5)
    (slope,) = torch.autograd.grad(read[0].sum(), field)
    assert torch.allclose(
        slope[(slice(None), *inside)].flatten(1).T, torch.tensor([2.0, -1.0, 4.0]), atol=1e-4
    )


def test_beyond_the_border_the_value_is_repeated_and_the_slope_is_zero() -> None:
    image = numbers(1, 5, 6)
    field = torch.stack([torch.full((5, 6), -20.0), torch.zeros(5, 6) + 0.25]).requires_grad_()
    read = pull(image, field, (1.0, 1.0))
    assert torch.allclose(read[0, :-1], (0.75 * image[0, :-1, :1] + 0.25 * image[0, 1:, :1]).expand(4, 6))
    (slope,) = torch.autograd.grad(read.sum(), field)
    assert not slope[0].any()
    assert torch.allclose(slope[1, :-1], (image[0, 1:, :1] - image[0, :-1, :1]).expand(4, 6), atol=1e-6)
    assert not slope[1, -1].any()


@pytest.mark.parametrize(("shape", "spacing"), LATTICES.values(), ids=LATTICES)
def test_the_scatter_is_the_transpose_of_the_reading(
    shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    a, b, field = numbers(3, *shape), numbers(3, *shape, seed=1), 3 * numbers(len(shape), *shape, seed=2)
    a.requires_grad_()
    read = pull(a, field, spacing)
    (back,) = torch.autograd.grad(read, a, b)
    forth = (read * b).double().sum()
    assert torch.isclose(forth, (a * back).double().sum(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("far", [0.5, 4.0, 30.0])
@pytest.mark.parametrize("shape", [(33, 12, 10), (70, 41)])
def test_threads_and_memory_order_do_not_change_a_bit(shape: tuple[int, ...], far: float) -> None:
    image, outer = numbers(2, *shape), numbers(2, *shape, seed=2)
    field, spacing = far * numbers(len(shape), *shape, seed=1), (1.0, 1.0, 2.0)[: len(shape)]
    found = []
    for count in (1, 2):
        with threads(count):
            found.append(gradients(image, field, spacing, outer))
            found.append(gradients(scattered(image), scattered(field), spacing, scattered(outer)))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_slabs_are_thin_for_small_and_for_common_displacements_and_thick_for_torn_ones() -> None:
    smooth = wavy((64, 8, 8), 1.5)[2]
    assert slab_thickness(smooth, 1.0, True) <= 8
    assert (
        slab_thickness(smooth + 20.0, 1.0, True) <= 32
    )  # a far but common shift: planes stay beside each other
    assert slab_thickness(60 * numbers(64, 8, 8), 1.0, True) >= 32  # one slab of a colour
    assert slab_thickness(torch.full((64, 8, 8), torch.nan), 1.0, True) == 64


def test_only_the_wanted_gradient_is_made_and_the_inputs_stay() -> None:
    image, field = numbers(2, 6, 5, 7), numbers(3, 6, 5, 7, seed=1)
    kept = image.clone(), field.clone()
    both = gradients(image, field, (1.0, 1.0, 1.0), numbers(2, 6, 5, 7, seed=2))
    for which in (0, 1):
        inputs = [image.detach().clone(), field.detach().clone()]
        inputs[which].requires_grad_()
        read = pull(inputs[0], inputs[1], (1.0, 1.0, 1.0))
        (one,) = torch.autograd.grad(read, inputs[which], numbers(2, 6, 5, 7, seed=2))
        assert torch.equal(one, both[1 + which])
    assert torch.equal(image, kept[0])
    assert torch.equal(field, kept[1])


def test_places_that_are_no_numbers_read_inside_the_image() -> None:
    image, field = numbers(1, 6, 5, 7).requires_grad_(), torch.full((3, 6, 5, 7), torch.nan)
    field[:, 3:] = torch.inf
    read = pull(image, field, (1.0, 1.0, 1.0))
    torch.autograd.grad(read.sum(), image)
    assert torch.equal(read[:, 3:], image[:, -1:, -1:, -1:].expand(1, 3, 5, 7))


def test_the_plain_form_is_torchs_own_reader() -> None:
    shape, spacing = (7, 8, 9), (1.0, 2.0, 0.5)
    image, field = numbers(2, *shape), wavy(shape, 1.0)
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    place = torch.stack([c + u / s for c, u, s in zip((x, y, z), field, spacing, strict=True)], -1)
    unit = 2 * place / (torch.tensor(shape[::-1]) - 1) - 1
    truth = torch.nn.functional.grid_sample(
        image[None], unit[None], padding_mode="border", align_corners=True
    )[0]
    assert relative(pull_plain(image, field, spacing), truth) < 1e-5


def test_shapes_that_do_not_fit_are_refused_with_both_named() -> None:
    with pytest.raises(GeometryError, match=r"\(1, 5, 6\).*\(2, 5, 7\)"):
        pull(numbers(1, 5, 6), numbers(2, 5, 7), (1.0, 1.0))
    with pytest.raises(GeometryError, match="3 spacings"):
        pull(numbers(1, 5, 6), numbers(2, 5, 6), (1.0, 1.0, 1.0))


def test_several_images_are_pulled_as_one_and_only_what_is_used_is_differentiated() -> None:
    shape, spacing = (6, 7, 8), (1.0, 1.5, 0.8)
    field = 2 * numbers(3, *shape)
    parts = [numbers(count, *shape, seed=count) for count in (1, 3, 2)]
    outers = [numbers(count, *shape, seed=9 + count) for count in (1, 3, 2)]
    truth = gradients(torch.cat(parts), field, spacing, torch.cat(outers))
    leaves = [part.clone().requires_grad_(number > 0) for number, part in enumerate(parts)]
    moved = field.clone().requires_grad_()
    found = pull_all(leaves, moved, spacing)
    assert torch.equal(torch.cat(found), truth[0])
    first, second, of_field = torch.autograd.grad(found, (*leaves[1:], moved), outers, retain_graph=True)
    assert torch.equal(torch.cat([first, second]), truth[1][1:])
    assert torch.allclose(of_field, truth[2], atol=1e-5)
    (alone,) = torch.autograd.grad(found[2], moved, outers[2])
    assert torch.allclose(alone, gradients(parts[2], field, spacing, outers[2])[2], atol=1e-6)
