"""The parts of shooting: the objective's gradient, levels, transfer, descent, scene, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.descent import descend
from RegSuite.methods.shooting.geodesic import Momentum
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.levels import carried, level_factors, make_levels, whole
from RegSuite.methods.shooting.objective import Objective
from RegSuite.methods.shooting.parameters import (
    LDDMMParameters,
    MetamorphosisParameters,
    ShootingParameters,
    WeightedMetamorphosisParameters,
)
from RegSuite.methods.shooting.run import register_by_shooting
from RegSuite.methods.shooting.scene import make_scene
from RegSuite.methods.shooting.transfer import transferred
from RegSuite.numerics.slopes import push
from Testing.methods.deformed_pairs import GRIDS, pair

GRID = GRIDS["2D"]


def disk_growth(grid: Grid, radius_mm: float = 12.0, times: int = 1) -> Growth:
    away = torch.from_numpy(np.linalg.norm(grid.all_points() - grid.centre, axis=-1))
    return Growth(torch.stack([(away < radius_mm * (k + 1) / times).float() for k in range(times)]), grid)


def objective_of(
    parameters: ShootingParameters, momentum: Momentum = "image", growth: Growth | None = None
) -> Objective:
    scene = make_scene(*pair(GRID), parameters, None, growth)
    level = make_levels(scene, parameters, parameters.intensity_gain > 0)[0]
    return Objective(level, parameters, momentum, lambda: None)


def some_x(objective: Objective, voxels: float = 1.5) -> Tensor:
    """A smooth variable whose velocity is at most so many voxels."""
    shape = objective.dynamics.variable_shape
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    x = objective.dynamics.kernel(noise)
    return x * (voxels * max(objective.level.grid.spacing) / objective.length(x))


KERNELS = {"kernels_mm": (6.0, 12.0), "levels": 1, "time_steps": 5}
CASES = {
    "image ssd": (LDDMMParameters(**KERNELS), "image", None),
    "vector ssd": (LDDMMParameters(**KERNELS), "vector", None),
    "stationary ssd": (LDDMMParameters(**KERNELS), "stationary", None),
    "image lncc": (LDDMMParameters(similarity="lncc", **KERNELS), "image", None),
    "image mi": (LDDMMParameters(similarity="mi", **KERNELS), "image", None),
    "metamorphosis": (MetamorphosisParameters(**KERNELS), "image", None),
    "evolving weight": (WeightedMetamorphosisParameters(**KERNELS), "image", disk_growth(GRID, times=3)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_of_the_energy_is_that_of_finite_differences(name: str) -> None:
    objective = objective_of(*CASES[name])
    x = some_x(objective)
    value, gradient = objective(x)
    assert gradient is not None
    along = gradient / gradient.norm() * x.norm()
    step = 1e-2
    there, back = (objective(x + sign * step * along)[0] for sign in (1, -1))
    assert float((gradient * along).sum()) == pytest.approx((there - back) / (2 * step), rel=0.02)
    assert value == pytest.approx(objective(x.clone())[0], abs=0)


@pytest.mark.parametrize("name", ["image ssd", "vector ssd", "evolving weight"])
def test_sparing_memory_changes_neither_energy_nor_gradient(name: str) -> None:
    objective = objective_of(*CASES[name])
    x = some_x(objective)
    value, gradient = objective(x)
    objective._spare = True
    again, other = objective(x)
    assert gradient is not None
    assert other is not None
    assert again == pytest.approx(value, rel=1e-6)
    assert float((gradient - other).norm()) < 1e-4 * float(gradient.norm())


def test_a_path_that_folds_has_no_energy() -> None:
    objective = objective_of(*CASES["image ssd"])
    assert math.isfinite(objective(some_x(objective, 1.0))[0])
    assert objective(some_x(objective, 60.0)) == (math.inf, None)


def test_the_energy_is_the_sum_of_what_is_told() -> None:
    objective = objective_of(*CASES["evolving weight"])
    value, _ = objective(some_x(objective, 0.5))
    reached = objective.reached
    assert reached is not None
    told = reached.data + reached.velocity + reached.intensity
    assert reached.velocity > 0
    assert reached.intensity > 0
    assert told <= value < told * 1.01  # the rest: what the steps' errors cost


def test_a_length_is_the_largest_change_of_velocity_in_mm() -> None:
    objective = objective_of(*CASES["vector ssd"])
    x = some_x(objective)
    velocity = objective.dynamics.kernel(x) * 6.0  # lengths inside are in units of the smallest sigma
    assert objective.length(x) == pytest.approx(float(velocity.square().sum(dim=0).max().sqrt()), rel=1e-5)


def quadratic(scales: Tensor):
    def evaluate(x: Tensor) -> tuple[float, Tensor | None]:
        return float((scales * (x - 1).square()).sum()), 2 * scales * (x - 1)

    return evaluate


def test_the_descent_finds_the_least_of_an_uneven_quadratic() -> None:
    scales = torch.logspace(0, 3, 20)
    heard: list[float] = []
    end = descend(
        quadratic(scales), torch.zeros(20), iterations=200, tolerance=1e-9, length=lambda s: float(s.norm()),
        longest=10.0, accepted=lambda n, energy: heard.append(energy),
    )  # fmt: skip
    assert float((end.x - 1).abs().max()) < 1e-2
    assert heard == sorted(heard, reverse=True)
    assert len(heard) == end.iterations < 200
    assert end.converged
    assert not end.blocked


def test_the_descent_never_goes_where_there_is_no_energy_nor_farther_than_allowed() -> None:
    evaluate = quadratic(torch.ones(2))
    seen: list[Tensor] = []

    def walled(x: Tensor) -> tuple[float, Tensor | None]:
        return (math.inf, None) if float(x.max()) > 0.8 else evaluate(x)

    def length(step: Tensor) -> float:
        return float(step.abs().max())

    def look(x: Tensor) -> tuple[float, Tensor | None]:
        seen.append(x.clone())
        return walled(x)

    end = descend(
        look, torch.full((2,), -3.0), iterations=30, tolerance=1e-6, length=length, longest=0.5,
        accepted=lambda n, energy: None,
    )  # fmt: skip
    assert 0.5 < float(end.x.max()) <= 0.8
    assert end.blocked  # it says that the border ended it
    assert max(length(b - a) for a, b in itertools.pairwise(seen)) < 1.0


def test_levels_are_blocks_of_the_fixed_grid_from_coarse_to_fine() -> None:
    grid = GRIDS["3D oblique"]
    given = LDDMMParameters(kernels_mm=(8.0,), finest_mm=2.0, levels=3)
    factors = level_factors(grid, given)
    assert factors[-1] == (1, 1, 1)  # finest_mm is honoured
    voxels = [grid.coarser(f).voxels for f in factors]
    assert voxels == sorted(voxels)
    assert max(grid.coarser(factors[0]).spacing) <= 8.0
    halved = level_factors(Grid.make((64, 64, 64), 1.0), LDDMMParameters(kernels_mm=(6.0,)))
    assert halved[-1] == (3, 3, 3)  # by itself half of the smallest sigma, in volumes


def test_a_level_keeps_means_of_images_and_weights() -> None:
    parameters = WeightedMetamorphosisParameters(kernels_mm=(6.0,), finest_mm=4.0, levels=1, edge_voxels=0.0)
    scene = make_scene(*pair(GRID), parameters, None, disk_growth(GRID, times=4))
    (level,) = make_levels(scene, parameters, True)
    assert level.weight is not None
    assert scene.growth is not None
    assert float(level.source.mean()) == pytest.approx(float(scene.source.mean()), abs=1e-4)
    wanted = [float(scene.growth.at(k / parameters.time_steps).mean()) for k in range(13)]
    assert level.weight.mean(dim=(1, 2)).tolist() == pytest.approx(wanted, abs=1e-5)
    x = torch.from_numpy(level.grid.all_points()).float()[None, ..., 0]
    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert torch.allclose(
        whole(x, level, GRID)[inner],
        torch.from_numpy(GRID.all_points()).float()[None, ..., 0][inner],
        atol=0.05,
    )


def test_a_momentum_goes_to_the_finer_level_with_its_velocity() -> None:
    # edges sharper than the coarse voxels
    points = GRID.all_points() - GRID.centre
    disk = torch.from_numpy((np.linalg.norm(points, axis=-1) < 18).astype(np.float32))[None]
    parameters = LDDMMParameters(kernels_mm=(8.0,), levels=2, edge_voxels=0.7)
    scene = make_scene(Image(disk, GRID), Image(disk.clone(), GRID), parameters, None, None)
    levels = make_levels(scene, parameters, False)
    coarse, fine = (Objective(level, parameters, "image", lambda: None) for level in levels)
    momentum = coarse.change(some_x(coarse))

    def velocity(z: Tensor, objective: Objective) -> Tensor:
        return objective.dynamics.kernel(push(z, objective.dynamics.source, objective.spacing))

    wanted = carried(velocity(momentum, coarse), levels[0], levels[1])
    same, interpolated = transferred(momentum, coarse, fine)
    errors = [float((velocity(z, fine) - wanted).norm() / wanted.norm()) for z in (same, interpolated)]
    assert errors[0] < 0.1
    assert errors[0] < 0.6 * errors[1]


def test_images_are_scaled_by_percentiles_of_what_is_not_tumour() -> None:
    fixed, moving = pair(GRID)
    growth = disk_growth(GRID)
    bright = fixed.data + 500 * growth.weights
    parameters = WeightedMetamorphosisParameters()
    scene = make_scene(fixed.with_data(bright), moving, parameters, None, growth)
    plain = make_scene(fixed, moving, parameters, None, growth)
    outside = growth.weights[0] < 0.05
    assert torch.allclose(scene.target[:, outside], plain.target[:, outside])
    assert -0.2 < float(scene.source.min()) < float(scene.source.max()) < 1.2
    low, high = (float(torch.quantile(moving.data[:, outside], q)) for q in (0.005, 0.995))
    assert float(scene.scale) == pytest.approx(high - low, rel=1e-3)


def test_one_scale_of_both_keeps_a_difference_of_brightness() -> None:
    moving = pair(GRID)[1]
    brighter = moving.with_data(2 * moving.data)
    common = make_scene(brighter, moving, LDDMMParameters(intensities="common"), None, None)
    own = make_scene(brighter, moving, LDDMMParameters(), None, None)
    assert torch.allclose(own.source, own.target, atol=1e-4)
    assert float((common.target - common.source).mean()) > 0.5


def refused(error: type[Exception], words: str, **changed) -> InputError:
    fixed, moving = pair(GRID)
    given = {
        "fixed": fixed,
        "moving": moving,
        "parameters": WeightedMetamorphosisParameters(),
        "growth": None,
    }
    with pytest.raises(error, match=words) as caught:
        register_by_shooting(**(given | changed))
    return caught.value


def test_a_kernel_smaller_than_a_voxel_is_refused_in_mm() -> None:
    error = refused(InputError, "0.4 mm makes the kernel", parameters=LDDMMParameters(kernels_mm=(0.4, 9.0)))
    assert error.where == "kernels_mm"
    assert "1 mm or more" in error.mend  # half of 2 mm, the coarser of both


@pytest.mark.parametrize(
    ("weights", "words"),
    [(0.0, "weights from 0 to 0"), (2.0, "to 2"), (-0.5, "from -0.5"), (math.nan, "nan")],
)
def test_weights_that_are_none_are_refused(weights: float, words: str) -> None:
    growth = Growth(torch.full((1, *GRID.shape), weights), GRID)
    assert refused(InputError, words, growth=growth).where == "growth"


def test_a_growth_on_another_grid_is_refused() -> None:
    away = Grid.make(GRID.size, GRID.spacing, (50.0, 0.0))
    assert refused(InputError, "the growth lies on", growth=disk_growth(away)).where == "growth"
    with pytest.raises(GeometryError, match="do not fit a grid"):
        Growth(torch.ones(1, 3, 3), GRID)


def test_constant_images_are_refused() -> None:
    fixed, moving = pair(GRID)
    refused(
        InputError,
        "all voxels are 3: nothing to register",
        fixed=fixed.with_data(torch.full_like(fixed.data, 3.0)),
    )
    refused(
        InputError,
        "all voxels are 3: nothing to register",
        moving=moving.with_data(torch.full_like(moving.data, 3.0)),
    )


def test_masks_without_overlap_are_refused() -> None:
    fixed, moving = pair(GRID)
    left = torch.zeros(GRID.shape, dtype=torch.bool)
    left[:, :10] = True
    refused(InputError, "masks", fixed=fixed.with_mask(left), moving=moving.with_mask(left.flip(1)))


def test_weights_that_do_not_match_the_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="2 kernel_weights for 3 kernels_mm"):
        LDDMMParameters(kernels_mm=(3.0, 6.0, 9.0), kernel_weights=(1.0, 2.0))
    assert LDDMMParameters(kernels_mm=(3.0, 6.0), kernel_weights=(1.0, 3.0)).weights == (0.25, 0.75)


def test_only_mu_squared_over_rho_acts() -> None:
    assert MetamorphosisParameters(mu=0.3, rho=3.0).intensity_gain == pytest.approx(0.03)
    assert LDDMMParameters().intensity_gain == 0.0
