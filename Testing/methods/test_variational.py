"""Variational: control functions, the determinant that comes of them, J to V, the principle itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.errors import Cancelled, GeometryError, InputError, MethodFailed
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.methods.local_forces.level import make_level
from RegSuite.methods.local_forces.pair import make_pair
from RegSuite.methods.prescribed.controls import Domain
from RegSuite.methods.prescribed.descent import Lbfgs
from RegSuite.methods.prescribed.folding import (
    range_penalty,
    require_unfolded,
    smallest_determinant,
    stepped_back,
)
from RegSuite.methods.prescribed.inverse import undo
from RegSuite.methods.prescribed.match import Match
from RegSuite.methods.prescribed.piece import Piece
from RegSuite.methods.prescribed.principle import prescribed_map
from RegSuite.numerics.flow import along_axes, along_lps
from RegSuite.numerics.resample import warp
from RegSuite.phantoms.shapes import shapes_phantom
from RegSuite.quality.dice import dice
from RegSuite.transforms import AffineTransform, DisplacementTransform
from Testing.methods.deformed_pairs import AMPLITUDE_MM, GRIDS, error_mm, pair, register, shifted

OPTIONS = {"intensities": "linear", "levels": 3}
DOMAINS = {
    "plane": Domain((1, 12, 15), (1.0, 1.5, 4.0), 1.2),
    "plane across": Domain((12, 1, 15), (1.0, 4.0, 1.5), 1.2),
    "volume": Domain((9, 8, 10), (1.0, 1.5, 2.0), 1.2),
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def swell(domain: Domain, amplitude: float) -> Tensor:
    """A smooth displacement [3, Z, Y, X] that is zero on the border, along the axes that move."""
    axes = [torch.linspace(0, math.pi, n) if n > 1 else torch.full((1,), math.pi / 2) for n in domain.shape]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    bump = (torch.sin(x) * torch.sin(y) * torch.sin(z)) ** 2
    u = torch.stack([bump * torch.sin(2 * y), bump * torch.cos(1.5 * x), bump * torch.sin(x + y)])
    for axis in range(3):
        if axis not in domain.axes:
            u[axis] = 0
    return amplitude * u


@pytest.mark.parametrize("where", DOMAINS)
def test_the_curl_of_controls_has_no_divergence_and_a_gradient_no_curl(where: str) -> None:
    domain = DOMAINS[where]
    inner = tuple(slice(2, -2) if n > 1 else slice(None) for n in domain.shape)
    turning = domain.curl_of_controls(noise(domain.curls, *domain.shape))
    divergence = sum(domain.gradient(turning[a])[a] for a in range(3))
    assert float(divergence[inner].abs().max()) < 1e-5
    assert float(domain.curl(domain.gradient(noise(*domain.shape)))[(slice(None), *inner)].abs().max()) < 1e-5


@pytest.mark.parametrize("where", DOMAINS)
def test_the_finer_the_lattice_the_nearer_a_small_prescription_comes_to_its_map(where: str) -> None:
    errors = []
    for times in (1, 2):
        shape = tuple(times * (n - 1) + 1 for n in DOMAINS[where].shape)
        domain = Domain(shape, tuple(s / times for s in DOMAINS[where].spacing))
        u = swell(domain, 1e-4)
        found = domain.displacement(domain.determinant(u), domain.curl(u))
        errors.append(float((found - u).norm() / u.norm()))
    assert errors[0] < 0.3
    assert errors[1] < 0.35 * errors[0]  # a quarter, but for the border


@pytest.mark.parametrize("where", DOMAINS)
def test_the_gradient_of_a_piece_is_what_differences_say(where: str) -> None:
    domain = DOMAINS[where]
    images = [
        Image(noise(1, *domain.shape, seed=s), Grid.make(domain.shape[::-1], domain.spacing)) for s in (1, 2)
    ]
    level = make_level(make_pair(*images, None), 0.1, 0.1, 0)
    piece = Piece(Match(level), domain, swell(domain, 0.1), 0.9, 5.0)
    x = piece.start() + 0.02 * noise(len(piece.start()), seed=3)
    value, slope = piece.energy(x)
    assert math.isfinite(value)
    direction = slope / slope.norm()
    ahead, behind = (piece.energy(x + step * direction)[0] for step in (1e-2, -1e-2))
    assert (ahead - behind) / 2e-2 == pytest.approx(float(slope @ direction), rel=0.03)


def test_corner_determinants_see_a_fold_between_neighbours_that_central_differences_miss() -> None:
    domain = Domain((1, 8, 8), (1.0, 1.0, 1.0))
    u = torch.zeros(3, 1, 8, 8)
    u[0, :, :, 3] = 1.2  # one column has passed the next
    assert float(domain.determinant(u).min()) > 0
    assert smallest_determinant(u, domain) == pytest.approx(-0.2)
    assert range_penalty(u, domain, 0.4)[0] == math.inf
    back, share = stepped_back(u, domain)
    assert 0.5 < share < 1
    assert smallest_determinant(back, domain) > 0


def test_the_penalty_of_the_determinants_range_falls_along_its_gradient() -> None:
    domain = DOMAINS["volume"]
    u = 0.25 * noise(3, *domain.shape, seed=4)
    u = u * stepped_back(u, domain)[1] * 0.9
    value, slope, smallest = range_penalty(u, domain, 0.6)
    assert value > 0
    assert smallest == pytest.approx(min(float(d.min()) for d in domain.corner_determinants(u)))
    step = 1e-3 * slope / slope.norm()
    ahead, behind = range_penalty(u + step, domain, 0.6)[0], range_penalty(u - step, domain, 0.6)[0]
    assert (ahead - behind) / 2e-3 == pytest.approx(float(slope.norm()), rel=0.02)


def test_a_map_that_folds_on_the_final_grid_is_refused_with_words() -> None:
    determinant = torch.ones(4, 5)
    assert require_unfolded(determinant, 2.0) == 1.0
    determinant[1, 2] = -0.25
    with pytest.raises(
        MethodFailed, match=r"folds at 5 % of the voxels \(smallest Jacobian determinant -0.25\)"
    ):
        require_unfolded(determinant, 2.0)


def test_the_descent_solves_a_quadratic_in_few_steps_and_steps_over_no_forbidden_edge() -> None:
    scales = torch.logspace(0, 3, 12, dtype=torch.float64)

    def energy(x: Tensor) -> tuple[float, Tensor]:
        if float(x.min()) <= 0:
            return math.inf, torch.zeros_like(x)
        return float((0.5 * scales * (x - 1).square()).sum()), scales * (x - 1)

    descent = Lbfgs(energy, torch.full((12,), 0.01, dtype=torch.float64))
    values = [descent.value]
    while len(values) < 80 and descent.step():
        values.append(descent.value)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1e-6 * values[0]


@pytest.mark.parametrize("swapped", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_j_becomes_v_and_v_becomes_j(swapped: bool) -> None:
    phantom = shapes_phantom("j-to-v", size=64)
    fixed, moving = (phantom.moving, phantom.fixed) if swapped else (phantom.fixed, phantom.moving)
    labels = (phantom.moving_labels, phantom.fixed_labels)[:: 1 if swapped else -1]
    found = register("variational", fixed, moving)
    transform = found.transform
    field = transform.displacement(fixed.grid)
    warped = warp(moving.data, fixed.grid.shape, np.eye(2, 3), field)
    ratio = float((warped - fixed.data).square().sum() / (moving.data - fixed.data).square().sum())
    assert ratio <= 0.0034
    assert found.extra["loss_ratio"] == pytest.approx(ratio, rel=1e-3)
    smallest = float(transform.jacobian_determinant(fixed.grid).min())
    assert smallest >= 0.2
    assert found.extra["jacobian_min"] == pytest.approx(smallest)
    carried = warp(labels[1].data.float(), fixed.grid.shape, np.eye(2, 3), field, mode="nearest")
    assert dice(labels[0].data[0], carried[0].round().int()).mean >= 0.94  # strokes of 7 voxels
    undone = undo(transform, moving.grid)
    assert undone.there_and_back <= 0.15  # voxels twice as large as at 128
    assert undone.back_and_there <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [False, True])
def test_letters_at_128_reach_the_papers_figures(swapped: bool) -> None:
    phantom = shapes_phantom("j-to-v")
    fixed, moving = (phantom.moving, phantom.fixed) if swapped else (phantom.fixed, phantom.moving)
    labels = (phantom.moving_labels, phantom.fixed_labels)[:: 1 if swapped else -1]
    found = register("variational", fixed, moving)
    assert found.extra["loss_ratio"] <= 0.0034
    assert found.extra["jacobian_min"] >= 0.2
    field = found.transform.displacement(fixed.grid)
    carried = warp(labels[1].data.float(), fixed.grid.shape, np.eye(2, 3), field, mode="nearest")
    assert dice(labels[0].data[0], carried[0].round().int()).mean >= 0.965
    assert undo(found.transform, moving.grid).there_and_back <= 0.1


def test_without_the_penalty_f_alone_does_not_hold_the_determinant_but_nothing_folds() -> None:
    phantom = shapes_phantom("j-to-v", size=40)
    options = {"jacobian_min": 0.5, "pieces": 2, "levels": 3}
    free = register("variational", phantom.fixed, phantom.moving, determinant_weight=0.0, **options)
    held = register("variational", phantom.fixed, phantom.moving, **options)
    assert free.extra["control_f_min"] >= 0.5
    assert 0 < free.extra["jacobian_min"] < 0.3
    assert free.extra["corner_jacobian_min"] > 0
    assert held.extra["jacobian_min"] > 0.4
    assert any("measured on the final grid" in note for note in free.notes)


@pytest.mark.parametrize("where", GRIDS)
def test_a_known_bump_is_found_on_any_grid(where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    found = register("variational", fixed, moving, **OPTIONS, pieces=2)
    before = error_mm(AffineTransform.identity(grid.ndim), grid)
    assert before > 0.3 * AMPLITUDE_MM
    assert error_mm(found.transform, grid) < before / 3
    assert float(found.transform.jacobian_determinant(grid).min()) > 0
    assert found.convergence


def test_a_32_cubed_volume_with_a_mask_keeps_its_border_and_its_caller() -> None:
    grid = Grid.make(
        (32, 32, 32), (1.5, 1.5, 2.0), (3.0, -8.0, 2.0), np.asarray(GRIDS["3D oblique"].direction)
    )
    fixed, moving = pair(grid)
    mask = torch.ones(grid.shape, dtype=torch.bool)
    mask[:4] = False
    other = fixed.data.clone()
    other[:, ~mask] = 1000.0
    before = other.clone(), moving.data.clone()
    options = {**OPTIONS, "finest_mm": 3.0, "levels": 2, "pieces": 2, "iterations": 10}
    one = register("variational", fixed.with_mask(mask), moving, **options)
    two = register("variational", Image(other, grid, "fixed", mask), moving, **options)
    field = one.transform.displacement(grid)
    assert torch.equal(field, two.transform.displacement(grid))
    assert torch.equal(before[0], other)
    assert torch.equal(before[1], moving.data)
    for dim in (1, 2, 3):
        assert float(field.select(dim, 0).abs().max()) < 0.2
        assert float(field.select(dim, 31).abs().max()) < 0.2
    assert one.extra["loss_ratio"] < 0.5


def test_an_initial_transform_is_applied_after_the_map() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    by = np.array([30.0, -12.0])
    moved, initial = shifted(moving, by)
    found = register("variational", fixed, moved, initial, **OPTIONS)
    plain = register("variational", fixed, moving, **OPTIONS)
    field = found.transform.displacement(grid) - torch.tensor(by).float().reshape(2, 1, 1)
    assert float((field - plain.transform.displacement(grid)).norm(dim=0).mean()) < 0.1


def test_the_caller_can_cancel_and_hears_of_the_progress() -> None:
    fixed, moving = pair(GRIDS["2D"])
    method = get_method("variational")
    heard: list[float] = []

    def listen(fraction: float, stage: str, metrics: object) -> None:
        heard.append(fraction)
        if len(heard) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        method.register(fixed, moving, method.Parameters(**OPTIONS), listen)
    assert heard == sorted(heard)


def test_bad_pairs_are_refused_with_words() -> None:
    fixed, moving = pair(GRIDS["2D"])
    solid, _ = pair(GRIDS["3D oblique"])
    with pytest.raises(InputError, match="2D"):
        register("variational", fixed, solid)
    with pytest.raises(InputError, match="nothing to register"):
        register("variational", fixed.with_data(torch.ones_like(fixed.data)), moving)
    with pytest.raises(InputError, match="mask is empty"):
        register("variational", fixed.with_mask(torch.zeros(fixed.grid.shape, dtype=torch.bool)), moving)
    far = Grid.make(moving.grid.size, moving.grid.spacing, (5000.0, 0.0))
    with pytest.raises(GeometryError, match=r"0\.0 %"):
        register("variational", fixed, Image(moving.data, far, "moving"))
    thin = Grid.make((48, 2), (1.0, 1.0))
    with pytest.raises(InputError, match="hardly any can move"):
        register("variational", Image(noise(1, 2, 48), thin), Image(noise(1, 2, 48, seed=1), thin))


@pytest.mark.parametrize("where", ["2D", "3D oblique", "3D mirrored"])
def test_a_map_is_built_from_its_determinant_and_curl(where: str) -> None:
    turn = np.asarray(GRIDS["3D oblique"].direction)
    grids = {
        "2D": Grid.make((32, 28), (1.0, 1.5), (5.0, -7.0), turn[:2, :2]),
        "3D oblique": Grid.make((14, 12, 13), (1.0, 1.0, 2.0), (0.0, 3.0, 1.0), turn),
        "3D mirrored": Grid.make(
            (14, 12, 13), (1.0, 1.0, 2.0), (0.0, 3.0, 1.0), turn @ np.diag([1, 1, -1.0])
        ),
    }
    grid = grids[where]
    shape = grid.shape if grid.ndim == 3 else (1, *grid.shape)
    domain = Domain(shape, (*grid.spacing, 1.0)[:3])
    u = swell(domain, 1.5)
    wanted = along_lps(u if grid.ndim == 3 else u[:2, 0], grid)
    g = domain.curl(u)
    turned = (
        along_lps(g, grid) * float(np.linalg.det(np.asarray(grid.direction))) if grid.ndim == 3 else g[0, 0]
    )
    found = prescribed_map(domain.determinant(u).reshape(grid.shape).numpy(), turned.numpy(), grid)
    error = (along_axes(found.transform.displacement_mm - wanted, grid)).norm(dim=0).max()
    assert float(error) < 0.02
    assert found.determinant_error["max"] < 0.01
    assert found.scale == pytest.approx(1.0, abs=1e-3)
    assert torch.allclose(found.curl, turned, atol=0.02)
    assert found.smallest_determinant == pytest.approx(float(found.determinant.min()))
    assert found.misfit[1] < 0.01 * found.misfit[0]


def test_a_prescription_that_no_map_can_obey_says_how_far_it_got() -> None:
    grid = Grid.make((24, 24), (1.0, 1.0))
    f = np.full(grid.shape, 3.0)
    f[8:16, 8:16] = 9.0
    found = prescribed_map(f, np.zeros(grid.shape), grid, steps=60)
    assert found.scale == pytest.approx(1 / 3.75, rel=0.06)  # 64 of some 23^2 cells are three times as large
    middle = float(found.determinant[10:14, 10:14].mean())
    assert middle == pytest.approx(float(9 * found.scale), rel=0.15)
    assert found.determinant_error["max"] > 0.05
    assert found.smallest_determinant > 0


def test_prescriptions_that_cannot_be_are_refused_with_words() -> None:
    grid = Grid.make((12, 10), (1.0, 1.0))
    good, still = np.ones(grid.shape), np.zeros(grid.shape)
    with pytest.raises(InputError, match="-1 at the least"):
        prescribed_map(np.where(np.arange(12) == 3, -1.0, good), still, grid)
    with pytest.raises(InputError, match="f of shape"):
        prescribed_map(good[:5], still, grid)
    with pytest.raises(InputError, match="g of shape"):
        prescribed_map(good, np.zeros((3, *grid.shape)), grid)
    with pytest.raises(InputError, match="g of shape"):
        prescribed_map(good, np.full(grid.shape, np.nan), grid)


def test_the_inverse_is_put_on_a_finer_lattice_only_where_that_is_needed() -> None:
    grid = Grid.make((40, 40), (1.0, 1.0))
    domain = Domain((1, 40, 40), (1.0, 1.0, 1.0))
    mild, strong = (DisplacementTransform(swell(domain, a)[:2, 0].contiguous(), grid) for a in (0.5, 5.5))
    assert undo(mild).times == 1
    coarse, fine = undo(strong, most=1), undo(strong, within_voxels=coarse_half(strong))
    assert fine.times > 1
    assert fine.there_and_back < coarse.there_and_back / 2 + 1e-9
    assert fine.back_and_there < 0.01
    with pytest.raises(InputError, match="at most 0 times"):
        undo(mild, most=0)


def coarse_half(transform: DisplacementTransform) -> float:
    """Half the distance that the inverse on the map's own grid leaves."""
    return undo(transform, most=1).there_and_back / 2
