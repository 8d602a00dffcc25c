"""Whole registrations by shooting: recovery, what metamorphosis adds, the path, cancelling, threads."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.errors import Cancelled, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.parameters import (
    LDDMMParameters,
    MetamorphosisParameters,
    WeightedMetamorphosisParameters,
)
from RegSuite.methods.shooting.run import register_by_shooting
from RegSuite.methods.shooting.shot import Shot
from RegSuite.numerics.resample import sample
from RegSuite.phantoms.tumor import toy_phantom
from RegSuite.transforms.base import Transform
from Testing.methods.deformed_pairs import GRIDS, TURN, bump_mm, error_mm, pair, register, shifted

GRID = GRIDS["2D"]
KERNELS = (5.0, 10.0)


def warped(image: Image, transform: Transform, grid: Grid) -> Tensor:
    """image(transform) on a grid, read at LPS points."""
    points = grid.all_points() + np.moveaxis(transform.displacement(grid).numpy(), 0, -1)
    index = torch.from_numpy(image.grid.index(points)).float()
    most = torch.tensor(image.grid.size) - 1
    return sample(image.data.float(), torch.minimum(index.clamp(min=0), most))


@pytest.mark.parametrize(
    ("where", "similarity"),
    [
        *(("2D", name) for name in ("ssd", "lncc", "mi")),
        ("3D oblique", "ssd"),
        *(pytest.param("3D oblique", name, marks=pytest.mark.slow) for name in ("lncc", "mi")),
    ],
)
def test_a_known_deformation_is_found_in_mm(where: str, similarity: str) -> None:
    fixed, moving = pair(GRIDS[where])
    if similarity == "mi":
        moving = moving.with_data(100 - moving.data)
    shot = register("lddmm", fixed, moving, kernels_mm=KERNELS, similarity=similarity, iterations=(20, 10))
    start = float(np.linalg.norm(bump_mm(GRIDS[where].all_points(), GRIDS[where]), axis=-1).mean())
    assert start > 0.5
    assert error_mm(shot.transform, GRIDS[where]) < (0.6 if similarity == "ssd" else 0.9)
    assert isinstance(shot, Shot)
    assert shot.extra["jacobian_least"] > 0.02
    assert shot.intensity_change is None  # LDDMM adds none


@pytest.mark.parametrize("momentum", ["vector", "stationary"])
def test_the_other_momenta_find_it_too(momentum: str) -> None:
    fixed, moving = pair(GRID)
    shot = register("lddmm", fixed, moving, kernels_mm=KERNELS, momentum=momentum, iterations=(20, 10))
    assert error_mm(shot.transform, GRID) < 0.6


def test_the_initial_transform_is_gone_through_after_the_deformation() -> None:
    fixed, moving = pair(GRID)
    away, initial = shifted(moving, np.array([17.0, -9.0]))
    plain = register("lddmm", fixed, moving, kernels_mm=KERNELS, iterations=(15,))
    shot = register("lddmm", fixed, away, initial, kernels_mm=KERNELS, iterations=(15,))
    apart = shot.transform.displacement(GRID) - plain.transform.displacement(GRID)
    assert torch.allclose(apart, torch.tensor([17.0, -9.0]).reshape(2, 1, 1).expand_as(apart), atol=0.1)
    assert isinstance(shot, Shot)
    assert shot.path is not None
    assert torch.allclose(
        shot.path.displacement_mm[0], torch.tensor([17.0, -9.0]).reshape(2, 1, 1).expand_as(apart), atol=1e-3
    )


def test_a_mask_leaves_out_what_lies_beyond_it() -> None:
    fixed, moving = pair(GRID)
    spoilt = fixed.data.clone()
    spoilt[:, :, :10] = 8.0
    mask = torch.ones(GRID.shape, dtype=torch.bool)
    mask[:, :12] = False
    found = [
        error_mm(register("lddmm", f, moving, kernels_mm=KERNELS, iterations=(20, 10)).transform, GRID)
        for f in (fixed.with_data(spoilt).with_mask(mask), fixed.with_data(spoilt))
    ]
    assert found[0] < 0.8
    assert found[0] < found[1]


@cache
def tumour() -> tuple[Image, Image, Image]:
    """fixed with a deformation and a new bright blob, moving without, and the blob's mask as an image."""
    fixed, moving = pair(GRID)
    away = torch.from_numpy(np.linalg.norm(GRID.all_points() - GRID.centre - [8.0, 5.0], axis=-1))
    blob = torch.sigmoid((9.0 - away) / 1.5)
    painted = 40 + 7 * fixed.data * (1 - blob) + 30 * blob  # in the moving image's contrast
    mask = (away < 15.0)[None].float()
    return fixed.with_data(painted), moving, Image(mask, GRID)


@cache
def weighted() -> Shot:
    fixed, moving, mask = tumour()
    parameters = WeightedMetamorphosisParameters(
        kernels_mm=KERNELS, iterations=(25, 15), intensities="common"
    )
    return register_by_shooting(fixed, moving, parameters, growth=Growth(mask.data, GRID))


def test_weighted_metamorphosis_takes_a_new_blob_for_appearance() -> None:
    fixed, moving, mask = tumour()
    shot = weighted()
    assert shot.intensity_change is not None
    away = torch.from_numpy(np.linalg.norm(GRID.all_points() - GRID.centre - [8.0, 5.0], axis=-1))[None]
    change = shot.intensity_change.data
    assert float(change[mask.data > 0.5].mean()) > 5.0
    assert float(change[away > 21.0].abs().max()) < 0.01 * float(change.abs().max())  # 6 mm from the mask
    final = warped(moving, shot.transform, GRID) + change
    before = (moving.data - fixed.data).square().sum()
    assert float((final - fixed.data).square().sum()) < 0.1 * float(before)
    lddmm = register("lddmm", fixed, moving, kernels_mm=KERNELS, iterations=(25, 15), intensities="common")
    assert error_mm(shot.transform, GRID) < 0.8 * error_mm(lddmm.transform, GRID)
    assert float(shot.extra["jacobian_least"]) >= 0.02


def test_the_path_goes_from_the_template_to_the_result() -> None:
    mask = tumour()[2]
    shot, path = weighted(), weighted().path
    assert path is not None
    assert shot.intensity_change is not None
    assert path.times == pytest.approx([k / 12 for k in range(13)])
    assert float(path.displacement_mm[0].abs().max()) < 1e-5
    assert not path.intensity[0].any()
    assert path.grid.same_space(GRID)  # in 2D at full resolution
    assert torch.allclose(path.displacement_mm[-1], shot.transform.displacement(GRID), atol=1e-4)
    assert torch.allclose(path.intensity[-1], shot.intensity_change.data, atol=1e-4)
    assert path.weight is not None
    assert torch.equal(path.weight[3], mask.data[0])
    assert len(path.kinetic) == len(path.added) == 13


def test_energies_fall_and_are_those_of_the_convergence() -> None:
    shot = weighted()
    for stage in {p.stage for p in shot.energies}:
        sums = [p.data + p.velocity + p.intensity for p in shot.energies if p.stage == stage]
        assert sums[-1] < sums[0]
    assert [c.value for c in shot.convergence] == [p.data + p.velocity + p.intensity for p in shot.energies]


def test_metamorphosis_adds_intensity_everywhere_and_fits_closer_than_lddmm() -> None:
    fixed, moving, _ = tumour()
    options = {"kernels_mm": KERNELS, "iterations": (20, 10), "intensities": "common"}
    both = register("metamorphosis", fixed, moving, **options)
    shape = register("lddmm", fixed, moving, **options)
    assert isinstance(both, Shot)
    assert both.intensity_change is not None
    assert both.mask is None
    final = warped(moving, both.transform, GRID) + both.intensity_change.data
    other = warped(moving, shape.transform, GRID)
    assert float((final - fixed.data).square().sum()) < 0.7 * float((other - fixed.data).square().sum())


def test_weighted_by_name_takes_the_fixed_mask_for_what_corresponds() -> None:
    fixed, moving, mask = tumour()
    with pytest.raises(InputError, match="where the images do not correspond"):
        register("weighted-metamorphosis", fixed, moving)
    shot = register(
        "weighted-metamorphosis", fixed.with_mask(mask.data[0] < 0.5), moving, kernels_mm=KERNELS,
        iterations=(25, 15), intensities="common",
    )  # fmt: skip
    assert torch.equal(shot.transform.displacement(GRID), weighted().transform.displacement(GRID))


@pytest.mark.slow
def test_on_the_toy_weighted_metamorphosis_fits_far_closer_than_lddmm() -> None:
    toy = toy_phantom(100)
    options = {"kernels_mm": (4.0, 8.0), "iterations": (60, 40), "intensities": "common"}
    growth = Growth(toy.tumor.data.float(), toy.target.grid)
    final = register_by_shooting(
        toy.target, toy.template, WeightedMetamorphosisParameters(**options), growth=growth
    )
    shape = register_by_shooting(toy.target, toy.template, LDDMMParameters(**options))
    assert final.intensity_change is not None
    ends = [
        warped(toy.template, final.transform, toy.target.grid) + final.intensity_change.data,
        warped(toy.template, shape.transform, toy.target.grid),
    ]
    ssd = [float((end - toy.target.data).square().sum()) for end in ends]
    assert ssd[0] < 0.5 * ssd[1]


@pytest.mark.slow
def test_the_same_problem_on_thick_oblique_slices_gives_the_same_deformation() -> None:
    found = []
    for spacing in ((1.0, 1.0, 1.0), (1.0, 1.0, 3.0)):
        size = tuple(round(40 / s) for s in spacing)
        grid = Grid.make(size, spacing, direction=TURN)
        grid = replace(grid, origin=tuple(np.asarray(grid.origin) - grid.centre))
        points = grid.all_points()

        def image(p: np.ndarray) -> Tensor:
            waves = np.sin(p[..., 0] / 3.5) + np.cos(p[..., 1] / 4.0) + np.sin((p[..., 2] + p[..., 0]) / 6.0)
            return torch.from_numpy(waves)[None].float()

        moved = points + 2.5 * np.exp(-(points**2).sum(-1, keepdims=True) / 200) * [0.8, -0.6, 0.0]
        parameters = LDDMMParameters(kernels_mm=(6.0, 12.0), finest_mm=1.0, iterations=(30, 20, 10), levels=2)
        shot = register_by_shooting(Image(image(moved), grid), Image(image(points), grid), parameters)
        common = np.stack(np.meshgrid(*(np.linspace(-10, 10, 7),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        found.append((shot.transform.points(torch.from_numpy(common)) - torch.from_numpy(common)).numpy())
    assert float(np.linalg.norm(found[0], axis=-1).max()) > 1.5
    assert float(np.linalg.norm(found[0] - found[1], axis=-1).mean()) < 0.3


def test_one_thread_and_two_find_the_same() -> None:
    threads = torch.get_num_threads()
    found = []
    for n in (1, 2, 2):
        torch.set_num_threads(n)
        fixed, moving = pair(GRID)
        shot = register("lddmm", fixed, moving, kernels_mm=KERNELS, iterations=(5,))
        found.append(shot.transform.displacement(GRID))
    torch.set_num_threads(threads)
    assert torch.equal(found[1], found[2])  # the same bits again
    assert torch.allclose(found[0], found[1], atol=0.02)  # sums of torch depend on the threads


def test_the_images_are_left_as_they_were() -> None:
    fixed, moving, mask = tumour()
    copies = [t.clone() for t in (fixed.data, moving.data, mask.data)]
    parameters = MetamorphosisParameters(kernels_mm=KERNELS, iterations=(2,))
    register_by_shooting(fixed, moving, parameters, growth=Growth(mask.data, GRID))
    assert all(torch.equal(a, b) for a, b in zip(copies, (fixed.data, moving.data, mask.data), strict=True))


def test_progress_rises_to_one_with_the_energies() -> None:
    heard: list[tuple[float, str, dict[str, float]]] = []
    method = get_method("weighted-metamorphosis")
    fixed, moving, mask = tumour()
    fixed = fixed.with_mask(mask.data[0] < 0.5)
    parameters = method.Parameters(kernels_mm=KERNELS, iterations=(3, 2))
    method.register(fixed, moving, parameters, lambda f, s, m: heard.append((f, s, dict(m))))
    fractions = [f for f, _, _ in heard]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == pytest.approx(1.0)
    energy, *parts = (heard[-1][2][name] for name in ("energy", "data", "velocity", "intensity"))
    assert sum(parts) == pytest.approx(energy, rel=0.02)


def test_a_run_is_cancelled_within_a_second() -> None:
    asked: list[float] = []

    def cancel(fraction: float, stage: str, metrics: object) -> None:
        if fraction > 0.01:
            asked.append(time.monotonic())
            raise Cancelled

    fixed, moving = pair(GRIDS["3D oblique"])
    parameters = LDDMMParameters(kernels_mm=KERNELS, finest_mm=2.0)
    with pytest.raises(Cancelled):
        register_by_shooting(fixed, moving, parameters, cancel)
    assert time.monotonic() - asked[0] < 1.0
    assert len(asked) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("where", ["2D", "3D oblique"])
def test_a_gpu_finds_what_the_cpu_finds(where: str) -> None:
    fixed, moving = pair(GRIDS[where])
    here = register("lddmm", fixed, moving, kernels_mm=KERNELS, iterations=(10,))
    there = register(
        "lddmm", *(replace(i, data=i.data.cuda()) for i in (fixed, moving)), kernels_mm=KERNELS,
        iterations=(10,),
    )  # fmt: skip
    apart = there.transform.displacement(GRIDS[where]).cpu() - here.transform.displacement(GRIDS[where])
    assert float(apart.abs().max()) < 0.1
