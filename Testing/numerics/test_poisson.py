"""Poisson's equation with zero border: formulas, other lattices, its adjoint, its twin."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from RegSuite.numerics.poisson import laplacian, sine_transform_plain, solve_poisson

LATTICES = {
    "plane": ((14, 11), (1.0, 2.5)),
    "volume": ((7, 9, 12), (1.0, 2.0, 0.5)),
    "one slice": ((1, 9, 12), (1.0, 2.0, 4.0)),
}


def wave(nodes: tuple[int, int], spacing: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """sin(pi x / a) sin(2 pi y / b) on a plane [1, Y, X], and its Laplacian by formula."""
    a, b = ((n - 1) * s for n, s in zip(nodes[::-1], spacing, strict=True))
    x = torch.arange(nodes[1], dtype=torch.float64) * spacing[0]
    y = torch.arange(nodes[0], dtype=torch.float64) * spacing[1]
    u = torch.outer(torch.sin(2 * math.pi * y / b), torch.sin(math.pi * x / a))[None]
    return u, -((math.pi / a) ** 2 + (2 * math.pi / b) ** 2) * u


def test_a_wave_is_found_from_its_laplacian_with_an_error_that_falls_with_the_spacing_squared() -> None:
    errors = []
    for steps in (16, 32):
        spacing = (24.0 / steps, 30.0 / steps)
        u, rhs = wave((steps + 1, steps + 1), spacing)
        errors.append(float((solve_poisson(rhs, spacing) - u).abs().max()))
    assert errors[0] < 0.02
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.05)


@pytest.mark.parametrize("where", LATTICES)
def test_the_laplacian_of_the_answer_is_the_right_hand_side(where: str) -> None:
    shape, spacing = LATTICES[where]
    rhs = torch.randn((2, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    u = solve_poisson(rhs, spacing)
    inside = (slice(None), *(slice(1, -1) if n > 1 else slice(None) for n in shape))
    assert torch.allclose(laplacian(u, spacing)[inside], rhs[inside], atol=1e-12)
    border = torch.ones(shape, dtype=torch.bool)
    border[inside[1:]] = False
    assert float(u[:, border].abs().max()) == 0


def test_smoothing_damps_a_wave_as_a_gaussian_does() -> None:
    spacing, sigma = (0.5, 0.5), 3.0
    u, rhs = wave((61, 81), spacing)
    damping = math.exp(-0.5 * sigma**2 * float((-rhs / u)[0, 7, 9]))
    smoothed = solve_poisson(rhs, spacing, sigma)
    assert torch.allclose(smoothed, damping * u, atol=2e-3 * damping)


@pytest.mark.parametrize("where", LATTICES)
def test_the_solve_is_its_own_adjoint_and_autograd_agrees(where: str) -> None:
    shape, spacing = LATTICES[where]
    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn((2, 1, *shape), generator=generator, dtype=torch.float64)
    there = (solve_poisson(a, spacing, 1.5) * b).sum()
    back = (a * solve_poisson(b, spacing, 1.5)).sum()
    assert float(there) == pytest.approx(float(back), rel=1e-12)
    a.requires_grad_()
    (slope,) = torch.autograd.grad((solve_poisson(a, spacing, 1.5) * b).sum(), a)
    assert torch.allclose(slope, solve_poisson(b, spacing, 1.5))


def test_axes_in_another_order_give_the_same_answer() -> None:
    shape, spacing = LATTICES["volume"]
    rhs = torch.randn((1, *shape), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    turned = solve_poisson(rhs.permute(0, 3, 1, 2).contiguous(), (spacing[1], spacing[2], spacing[0]))
    assert torch.allclose(turned.permute(0, 2, 3, 1), solve_poisson(rhs, spacing), atol=1e-12)


def test_the_plain_sine_transform_is_scipys_and_inverts_itself() -> None:
    from scipy import fft

    values = torch.randn((2, 5, 8, 7), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    waves = sine_transform_plain(values, [1, 3], inverse=False)
    assert torch.allclose(waves, torch.from_numpy(fft.dstn(values.numpy(), type=1, axes=[1, 3])))
    assert torch.allclose(sine_transform_plain(waves, [1, 3], inverse=True), values)


@pytest.mark.parametrize("shape", [(2, 6), (1, 1)])
def test_a_lattice_that_is_all_border_does_not_move(shape: tuple[int, int]) -> None:
    assert float(solve_poisson(torch.ones(1, *shape), (1.0, 1.0)).abs().max()) == 0
