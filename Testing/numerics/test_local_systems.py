"""Normal equations: compiled against plain, and against what they say they are."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from torch import Tensor

from RegSuite.numerics.local_systems import (
    Blocks,
    Equations,
    lncc_equations,
    lncc_system,
    local_statistics,
    residual_equations,
    residual_system,
)
from RegSuite.numerics.smoothing import gaussian
from RegSuite.similarity.lncc import LNCC
from Testing.numerics.twins import SHAPES, plainly, relative, scattered, texture, threads

SPACING = (1.0, 1.5, 2.0)
FLOOR = 1e-4
SUMS = 2e-4
"""float32 window sums in another order: 1e-7 of the squares over variances of 1e-2 and less of them."""

LAYOUTS = [
    ((1, 1, 1), (1, 1, 1)),
    ((2, 2, 2), (1, 1, 1)),
    ((1, 1, 1), (2, 2, 2)),
    ((3, 1, 2), (1, 3, 2)),
]


def images(shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """fixed, warped (alike, but not the same) and weights with zeros, [*shape]."""
    fixed = texture(shape, 1)
    weight = (torch.rand(shape, generator=torch.Generator().manual_seed(3)) - 0.3).clamp(min=0)
    return fixed, 0.7 * fixed + 0.3 * texture(shape, 2), weight


def of_lncc(
    fixed: Tensor, warped: Tensor, weight: Tensor | None, blocks: Blocks, radius: int = 2, **options: object
) -> Equations:
    statistics = local_statistics(fixed, radius, FLOOR)
    return lncc_equations(fixed, statistics, warped, weight, blocks, 10.0, **options)  # type: ignore[arg-type]


def assert_alike(found: Equations, truth: Equations, tolerance: float) -> None:
    assert relative(found.matrix, truth.matrix) < tolerance
    assert relative(found.vector, truth.vector) < tolerance
    assert found.loss == pytest.approx(truth.loss, rel=tolerance)
    assert found.every == truth.every


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_local_statistics_are_those_of_the_voxels_that_exist(shape: tuple[int, ...]) -> None:
    image = texture(shape)
    found = local_statistics(image, 2, FLOOR)
    z, y, x = (min(1, n - 1) for n in shape)
    window = image[max(z - 2, 0) : z + 3, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].double()
    assert float(found.mean[z, y, x]) == pytest.approx(float(window.mean()), abs=1e-6)
    precision = float((window.var(correction=0) + FLOOR).rsqrt())
    assert float(found.precision[z, y, x]) == pytest.approx(precision, rel=SUMS)
    plain = plainly(lambda: local_statistics(image, 2, FLOOR))
    assert relative(found.mean, plain.mean) < 1e-6
    assert relative(found.precision, plain.precision) < SUMS


@pytest.mark.parametrize(("weighted", "robust"), [(False, 0.0), (True, 1.5)])
@pytest.mark.parametrize(("strides", "every"), LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_compiled_lncc_equations_are_the_plain_ones(
    shape: tuple[int, ...], strides: tuple[int, ...], every: tuple[int, ...], weighted: bool, robust: float
) -> None:
    fixed, warped, weight = images(shape)
    weight_ = weight if weighted else None
    blocks = Blocks(SPACING, strides)

    def build() -> Equations:
        return of_lncc(fixed, warped, weight_, blocks, robust=robust, every=every)

    assert_alike(build(), plainly(build), SUMS)


@pytest.mark.parametrize(("weighted", "of_fixed"), [(False, 0.5), (True, 0.0)])
@pytest.mark.parametrize(("strides", "every"), LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_compiled_residual_equations_are_the_plain_ones(
    shape: tuple[int, ...], strides: tuple[int, ...], every: tuple[int, ...], weighted: bool, of_fixed: float
) -> None:
    fixed, warped, weight = images(shape)
    two, other = torch.stack([fixed, warped * warped]), torch.stack([warped, fixed])
    weight_ = weight if weighted else None

    def build() -> Equations:
        blocks = Blocks(SPACING, strides)
        return residual_equations(
            two - other, two, other, weight_, blocks, 10.0, of_fixed=of_fixed, every=every
        )

    assert_alike(build(), plainly(build), 2e-6)  # plain sums of some hundred float32 products


@pytest.mark.parametrize("every", [(1, 1, 1), (2, 2, 2), (1, 3, 2)])
def test_every_node_gets_the_solution_of_its_own_system(every: tuple[int, ...]) -> None:
    fixed, warped, _ = images((7, 8, 9))
    equations = of_lncc(fixed, warped, None, Blocks(SPACING, (1, 1, 1)), every=every)
    damping, longest = 0.1 * float(equations.matrix[:3].mean()), 0.4
    found = equations.solve(damping, longest)
    assert relative(found, plainly(lambda: equations.solve(damping, longest))) < 1e-4
    z, y, x = 6, 5, 8
    a = equations.matrix[:, z // every[2], y // every[1], x // every[0]].double()
    matrix = a[[0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(3, 3) + damping * torch.eye(3)
    d = torch.linalg.solve(matrix, equations.vector[:, z, y, x].double())
    d *= min(1.0, longest / float(d.norm()))
    assert torch.allclose(found[:, z, y, x].double(), d, atol=1e-5)
    assert float(found.norm(dim=0).max()) <= longest * (1 + 1e-6)


def test_without_structure_the_step_is_zero_and_finite() -> None:
    flat = torch.full((4, 5, 6), 0.5)
    equations = of_lncc(flat, flat, None, Blocks(SPACING, (2, 2, 2)))
    assert torch.equal(equations.solve(1e-6, 1.0), torch.zeros(3, 2, 3, 3))


def shifted(shift_mm: tuple[float, ...], shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """moving(x) and fixed(x) = moving(x + shift), both analytic sums of waves of 10 voxels."""
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in shape), indexing="ij")
    generator = torch.Generator().manual_seed(4)
    out = []
    waves = torch.randn((24, 3), generator=generator, dtype=torch.float64)
    waves[:, 2] *= shape[0] > 1
    waves *= 2 * torch.pi / 10 / waves.norm(dim=1, keepdim=True) / torch.tensor(SPACING)
    phases = 6.3 * torch.rand(24, generator=generator, dtype=torch.float64)
    for by in ((0.0, 0.0, 0.0), shift_mm):
        places = [p * s + b for p, s, b in zip((x, y, z), SPACING, by, strict=True)]
        angles = [sum(w * p for w, p in zip(wave, places, strict=True)) for wave in waves]
        out.append(sum(torch.sin(a + phase) for a, phase in zip(angles, phases, strict=True)).float() / 10)
    return out[0], out[1]


@pytest.mark.parametrize(("measure", "left"), [("ssd", 0.1), ("lncc", 0.2)])
@pytest.mark.parametrize("shape", [(14, 18, 20), (1, 26, 30)], ids=["3D", "one slice"])
def test_one_step_finds_a_small_shift_and_a_second_one_what_is_left(
    measure: str, left: float, shape: tuple[int, ...]
) -> None:
    """left: of the shift after a step.

    Of ssd by half differences instead of derivatives and r^2 / reach^2 on the diagonal; of lncc
    moreover since its equations leave out that a window's mean moves with the shift: little in
    windows about as wide as the waves, as here (half of it in windows of half a wave).
    """
    shift = torch.tensor((0.3, -0.2, 0.25 if shape[0] > 1 else 0.0))
    fixed = shifted(tuple(shift.tolist()), shape)[1]
    inner = torch.zeros(shape)
    inner[slice(4, -4) if shape[0] > 1 else 0, 4:-4, 4:-4] = 1.0
    blocks = Blocks(SPACING, shape[::-1])  # one node: the whole image shares a step
    found = torch.zeros(3)
    for step in (1, 2):
        warped = shifted(tuple(found.tolist()), shape)[1]
        if measure == "lncc":  # contrast and brightness are free
            equations = of_lncc(3.0 * fixed - 1.0, warped, inner, blocks, radius=4)
        else:
            difference = (fixed - warped)[None]
            equations = residual_equations(difference, fixed[None], warped[None], inner, blocks, 1e3)
        found = found + equations.solve(1e-6, 10.0)[:, 0, 0, 0]
        assert float((found - shift).norm()) < left**step * float(shift.norm())


def test_the_vector_is_minus_half_the_slope_of_the_squared_residuals() -> None:
    shape = (10, 11, 12)
    moving, fixed = shifted((0.3, -0.2, 0.25), shape)
    blocks, whole = Blocks(SPACING, shape[::-1]), slice(2, -2)
    inner = torch.zeros(shape)
    inner[whole, whole, whole] = 1.0  # away from the borders, whose slopes are one-sided
    found = residual_equations(
        (fixed - moving)[None], fixed[None], moving[None], inner, blocks, 1e3, of_fixed=0.0
    ).vector[:, 0, 0, 0]
    slopes = []
    for axis in range(3):
        step = tuple(0.01 if a == axis else 0.0 for a in range(3))
        energies = []
        for sign in (-1.0, 1.0):  # moving(x + step), analytic
            there = shifted(tuple(sign * s for s in step), shape)[1]
            energies.append(float((inner * (fixed - there).double().square()).sum()))
        slopes.append((energies[1] - energies[0]) / 0.02)
    # half differences of waves of 10 voxels are 6 % under the derivative
    truth = -0.5 * torch.tensor(slopes)
    assert float((found - truth).norm() / truth.norm()) < 0.1


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_the_loss_follows_one_minus_squared_lncc(noise: float) -> None:
    fixed = texture((20, 21, 22), 1, 2.0)
    warped = 0.3 + 0.5 * fixed + noise * texture((20, 21, 22), 2, 1.0)
    loss = of_lncc(fixed, warped, None, Blocks((1.0,) * 3, (1, 1, 1))).loss
    truth = 1 - float(LNCC(radius=2).value(fixed[None], warped[None]))
    # the residual is read at the window's middle, where the line is nearest: at least half of the mean
    # over the window; 0.03: the variance floor against windows of 3 % contrast
    assert 0.5 * truth - 1e-3 < loss < truth + 0.03


def test_a_perfect_line_in_every_window_leaves_nothing() -> None:
    fixed = texture((9, 10, 11), 1, 2.0)
    assert of_lncc(fixed, 0.2 + 3 * fixed, None, Blocks(SPACING, (1, 1, 1))).loss < 1e-4
    # inverted contrast is no likeness: the slope is not negative
    assert of_lncc(fixed, 1 - fixed, None, Blocks(SPACING, (1, 1, 1))).loss > 0.1


def test_no_voxel_asks_for_more_than_half_of_the_reach() -> None:
    fixed, warped, _ = images((8, 9, 10))
    equations = residual_equations(
        50 * (fixed - warped)[None], fixed[None], warped[None], None, Blocks(SPACING, (1, 1, 1)), 2.0
    )
    assert float(equations.solve(1e-9, 100.0).norm(dim=0).max()) <= 1.0 + 1e-4


def test_voxels_without_weight_have_no_say() -> None:
    fixed, warped, weight = images((9, 10, 11))
    other = warped.clone()
    weight[:, :, :8] = 0.0
    other[:, :, :5] = 9.0  # windows of the voxels from 8 on reach to 6
    blocks = Blocks(SPACING, (2, 2, 2))
    one, two = (of_lncc(fixed, w, weight, blocks) for w in (warped, other))
    assert torch.equal(one.matrix, two.matrix)
    assert torch.equal(one.vector, two.vector)
    assert one.loss == two.loss


@pytest.mark.parametrize("where", ["compiled", "plain"])
def test_memory_order_does_not_matter_and_inputs_stay_as_they_are(where: str) -> None:
    given = list(images((7, 8, 9)))
    before = [t.clone() for t in given]
    blocks = Blocks(SPACING, (2, 1, 2))

    def build(fixed: Tensor, warped: Tensor, weight: Tensor) -> list[Equations]:
        residual = residual_equations(fixed[None], fixed[None], warped[None], weight, blocks, 9.0)
        return [of_lncc(fixed, warped, weight, blocks), residual]

    one, two = (
        build(*g) if where == "compiled" else plainly(lambda g=g: build(*g))  # type: ignore[misc]
        for g in (given, [scattered(t) for t in given])
    )
    for a, b in zip(one, two, strict=True):
        assert_alike(a, b, 1e-5)
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True))


def test_one_and_two_threads_give_the_same_bits() -> None:
    fixed, warped, weight = images((19, 18, 17))
    blocks = Blocks(SPACING, (2, 2, 2))
    found = []
    for count in (1, 2):
        with threads(count):
            statistics = local_statistics(fixed, 2, FLOOR)
            system, loss = lncc_system(fixed, statistics, warped, weight, blocks, 10.0)
            other, rest = residual_system(fixed[None], fixed[None], warped[None], weight, blocks, 10.0)
            d = of_lncc(fixed, warped, weight, blocks, every=(2, 2, 2)).solve(0.01, 1.0)
            found.append(
                [statistics.mean, statistics.precision, system, other, d, torch.tensor([loss, rest])]
            )
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_the_sum_of_equations_is_that_of_both() -> None:
    fixed, warped, weight = images((6, 7, 8))
    blocks = Blocks(SPACING, (2, 2, 2))
    a, b = of_lncc(fixed, warped, None, blocks), of_lncc(warped, fixed, weight, blocks)
    both = a.add(b)
    assert {f.name for f in fields(both)} == {"matrix", "vector", "every", "loss"}
    assert torch.equal(both.matrix, a.matrix + b.matrix)
    assert torch.equal(both.vector, a.vector + b.vector)
    assert both.loss == a.loss + b.loss


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_gpu_gives_the_compiled_equations(shape: tuple[int, ...]) -> None:
    fixed, warped, weight = images(shape)
    blocks = Blocks(SPACING, (2, 2, 2))
    here = of_lncc(fixed, warped, weight, blocks)
    there = of_lncc(fixed.cuda(), warped.cuda(), weight.cuda(), blocks)
    assert_alike(Equations(there.matrix.cpu(), there.vector.cpu(), there.every, there.loss), here, SUMS)
    window = gaussian(there.vector, 1.0).cpu()
    assert relative(window, gaussian(here.vector, 1.0)) < SUMS
