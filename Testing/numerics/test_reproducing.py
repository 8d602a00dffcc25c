"""The reproducing kernel: symmetric, positive, and the Gaussians that it says."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.numerics.reproducing import ReproducingKernel, Way
from Testing.numerics.test_pull import numbers
from Testing.numerics.test_slopes import lattice
from Testing.numerics.twins import relative, scattered

WAYS: tuple[Way, ...] = ("fft", "separable")
KERNELS = {
    "volume": ((14, 20, 31), (1.0, 1.5, 2.5), (2.0, 4.0), (0.7, 0.3)),
    "wide in a volume": ((24, 26, 30), (1.0, 1.2, 1.5), (9.0,), (1.0,)),
    "plane": ((40, 55), (1.0, 0.8), (2.0, 5.0), (1.0, 2.0)),
    "one slice": ((1, 30, 32), (1.0, 1.0, 9.0), (3.0,), (1.0,)),
    "wider than the lattice": ((9, 8), (1.0, 2.0), (40.0,), (1.0,)),
    "half a voxel": ((12, 13), (2.0, 1.0), (1.0,), (1.0,)),
}


def gaussian(distances2: Tensor, sigma: float) -> Tensor:
    return torch.exp(-0.5 * distances2.double() / sigma**2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("shape", "spacing", "sigmas", "weights"), KERNELS.values(), ids=KERNELS)
def test_the_kernel_is_symmetric_and_positive(
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    sigmas: tuple[float, ...],
    weights: tuple[float, ...],
    way: Way,
) -> None:
    kernel = ReproducingKernel.of(sigmas, weights, spacing, shape, way=way)
    a, b = numbers(2, *shape), numbers(2, *shape, seed=1)
    left, right = (kernel(a) * b).double().sum(), (a * kernel(b)).double().sum()
    size = float(kernel(a).double().norm() * b.double().norm())
    assert abs(float(left - right)) < 1e-6 * size
    rough = b.clone()
    rough[..., ::2] *= -1  # the fastest wave, which the kernel damps most
    for values in (a, b, rough):
        assert float((kernel(values) * values).double().sum()) > -1e-6 * float(values.double().square().sum())


@pytest.mark.parametrize("way", WAYS)
def test_all_eigenvalues_on_a_small_lattice_are_those_of_a_positive_matrix(way: Way) -> None:
    shape = (5, 6, 4)
    kernel = ReproducingKernel.of((1.5, 3.0), (0.6, 0.4), (1.0, 1.4, 2.0), shape, way=way)
    matrix = kernel(torch.eye(120, dtype=torch.float64).reshape(120, *shape)).reshape(120, 120)
    assert torch.allclose(matrix, matrix.T, atol=1e-12)
    values = torch.linalg.eigvalsh(matrix)
    assert float(values.min()) > -1e-7
    assert 0.1 < float(values.max()) < 1.0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spacing", [(1.0, 1.5, 2.0), (1.0, 1.0, 1.0)])
def test_a_point_becomes_the_gaussian_of_unit_integral(way: Way, spacing: tuple[float, float, float]) -> None:
    shape, sigmas, weights = (21, 25, 33), (2.0, 4.0), (0.25, 0.75)
    point = torch.zeros(1, *shape)
    point[0, 10, 12, 16] = 1.0
    found = ReproducingKernel.of(sigmas, weights, spacing, shape, way=way)(point)[0]
    x, y, z = (c - c[10, 12, 16] for c in lattice(shape, spacing))
    away2 = x * x + y * y + z * z
    voxel = math.prod(spacing)
    truth = sum(
        w * voxel * gaussian(away2, s) / (s * math.sqrt(2 * math.pi)) ** 3
        for s, w in zip(sigmas, weights, strict=True)
    )
    assert relative(found.double(), truth) < 1e-4


@pytest.mark.parametrize("way", WAYS)
def test_a_gaussian_becomes_the_wider_gaussian(way: Way) -> None:
    shape, spacing = (60, 70), (1.0, 0.8)
    x, y = lattice(shape, spacing)
    away2 = (x - 34.0) ** 2 + (y - 25.0) ** 2
    found = ReproducingKernel.of((4.0,), (1.0,), spacing, shape, way=way)(gaussian(away2, 3.0).float()[None])[
        0
    ]
    truth = gaussian(away2, 5.0) * (3.0 / 5.0) ** 2
    assert relative(found.double(), truth) < 1e-4


@pytest.mark.parametrize("way", WAYS)
def test_nothing_lies_beyond_the_lattice(way: Way) -> None:
    ones = torch.ones(1, 3, 4, 40)
    found = ReproducingKernel.of((2.0,), (1.0,), (1.0, 1.0, 1.0), (3, 4, 40), way=way)(ones)[0]
    wide = ReproducingKernel.of((2.0,), (1.0,), (1.0, 1.0, 1.0), (43, 44, 80), way=way)
    padded = torch.zeros(1, 43, 44, 80)
    padded[:, 20:23, 20:24, 20:60] = 1
    assert torch.allclose(found, wide(padded)[0, 20:23, 20:24, 20:60], atol=3e-5)
    assert float(found[1, 1, 0]) < 0.6 * float(found[1, 1, 20])


@pytest.mark.parametrize(("shape", "spacing", "sigmas", "weights"), KERNELS.values(), ids=KERNELS)
def test_both_ways_agree_and_float64_follows(
    shape: tuple[int, ...], spacing: tuple[float, ...], sigmas: tuple[float, ...], weights: tuple[float, ...]
) -> None:
    values = numbers(3, *shape)
    truth = ReproducingKernel.of(sigmas, weights, spacing, shape, way="fft")(values.double())
    largest = sum(weights) * float(values.abs().max())
    for way in WAYS:
        kernel = ReproducingKernel.of(sigmas, weights, spacing, shape, way=way)
        for given in (values, scattered(values)):
            found = kernel(given)
            assert found.dtype == torch.float32
            assert float((found - truth).abs().max()) < 5e-5 * largest
    assert ReproducingKernel.of(sigmas, weights, spacing, shape).way in WAYS


@pytest.mark.parametrize("way", WAYS)
def test_it_is_its_own_gradient_and_leaves_its_input(way: Way) -> None:
    kernel = ReproducingKernel.of((1.0, 2.0), (0.5, 0.5), (1.0, 1.2), (4, 5), way=way)
    values = numbers(2, 4, 5).double().requires_grad_()
    kept = values.detach().clone()
    assert torch.autograd.gradcheck(kernel, (values,))
    assert torch.equal(values, kept)
    outer = numbers(2, 4, 5, seed=1).double()
    (back,) = torch.autograd.grad(kernel(values), values, outer)
    assert torch.equal(back, kernel(outer))


def test_auto_takes_matrices_for_wide_gaussians() -> None:
    assert ReproducingKernel.of((10.0,), (1.0,), (1.0, 1.0), (300, 300)).way == "separable"
    assert ReproducingKernel.of((5.0,), (1.0,), (2.0, 2.0, 2.0), (64, 64, 64)).smallest_sigma == 5.0


def test_a_kernel_smaller_than_a_voxel_is_refused_in_words() -> None:
    with pytest.raises(
        InputError, match=r"0\.9 mm.*smaller than a voxel of 2 mm(.|\n)*mend: give 1 mm or more"
    ):
        ReproducingKernel.of((0.9, 5.0), (1.0, 1.0), (1.0, 1.0, 2.0), (8, 9, 10))
    assert ReproducingKernel.of((0.9,), (1.0,), (1.0, 1.0, 2.0), (1, 9, 10)).smallest_sigma == 0.9


def test_other_kernels_that_cannot_be_are_refused_in_words() -> None:
    for sigmas, weights, words in (
        ((2.0,), (1.0, 1.0), "1 sigmas and 2 weights"),
        ((), (), "0 sigmas"),
        ((math.nan,), (1.0,), "sigma nan"),
        ((2.0,), (-1.0,), "weight -1"),
    ):
        with pytest.raises(InputError, match=words):
            ReproducingKernel.of(sigmas, weights, (1.0, 1.0), (8, 9))
    with pytest.raises(InputError, match="recursive"):
        ReproducingKernel.of((2.0,), (1.0,), (1.0, 1.0), (8, 9), way="recursive")  # type: ignore[arg-type]
    with pytest.raises(GeometryError, match="2 spacings"):
        ReproducingKernel.of((2.0,), (1.0,), (1.0, 1.0), (8, 9, 10))
    with pytest.raises(GeometryError, match="do not fit"):
        ReproducingKernel.of((2.0,), (1.0,), (1.0, 1.0), (8, 9))(numbers(1, 9, 8))


@pytest.mark.parametrize("way", WAYS)
def test_threads_change_nothing_that_matters(way: Way) -> None:
    kernel = ReproducingKernel.of((2.0, 5.0), (0.5, 0.5), (1.0, 1.5, 2.0), (20, 33, 41), way=way)
    values, before = numbers(3, 20, 33, 41), torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(kernel(values))
    finally:
        torch.set_num_threads(before)
    assert relative(found[0], found[1]) < 1e-6


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_gpu_gives_what_the_cpu_gives() -> None:
    shape, spacing, sigmas = (20, 33, 41), (1.0, 1.5, 2.0), (2.0, 5.0)
    values = numbers(3, *shape)
    truth = ReproducingKernel.of(sigmas, (0.5, 0.5), spacing, shape)(values)
    for way in WAYS:
        kernel = ReproducingKernel.of(sigmas, (0.5, 0.5), spacing, shape, device="cuda", way=way)
        assert relative(kernel(values.cuda()).cpu(), truth) < 1e-4
