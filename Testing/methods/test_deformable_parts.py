"""Parts of the deformable method: folds and their mending, stages, filled masks, memory, a brain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.methods.deformable import forces
from RegSuite.methods.deformable.forces import make_force
from RegSuite.methods.deformable.masked import filled, scaled
from RegSuite.methods.deformable.motion import DAMPING, step, unfold
from RegSuite.methods.deformable.parameters import DeformableParameters
from RegSuite.methods.deformable.scene import at_stage, make_scene
from RegSuite.methods.deformable.stages import stages
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.local_systems import Blocks, Equations, residual_equations
from RegSuite.phantoms import brain_phantom, shapes_phantom
from Testing.methods.deformed_pairs import GRIDS, pair, register
from Testing.numerics.twins import texture

BRAIN_GRID = Grid.make((42, 50, 36), 4.0, (-82.0, -98.0, -70.0))


def least_jacobian(found: Tensor, spacing: tuple[float, ...]) -> float:
    return float(jacobian_determinant(found, Grid.make(found.shape[:0:-1], spacing)).min())


def test_a_brains_known_deformation_is_mostly_found_at_four_millimetres() -> None:
    phantom = brain_phantom(BRAIN_GRID, 8.0, 1)
    truth, brain = phantom.displacement.data, phantom.fixed_labels.data[0] > 0
    transform = register("deformable", phantom.fixed, phantom.moving).transform
    error = (transform.displacement(BRAIN_GRID) - truth).norm(dim=0)[brain]
    # with bias field, noise and gamma; half a voxel is what interpolated sulci of this size allow
    assert float(error.mean()) < 0.5 * 4.0
    assert float(error.mean()) < 0.45 * float(truth.norm(dim=0)[brain].mean())
    assert float(transform.jacobian_determinant(BRAIN_GRID).min()) > 0


HARD = {
    "as it comes": {},
    "symmetric": {"symmetric": True},
    "coarse nodes": {"finest_mm": 3.0, "smoothness_mm": 0.5, "window_mm": 2.0},
    "hardly smoothed": {"iterations": (20,), "smoothness_mm": 0.2},
    "hardly smoothed, symmetric": {"iterations": (20,), "smoothness_mm": 0.2, "symmetric": True},
}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        pytest.param(k, g, id=f"{k}, {n}", marks=[pytest.mark.slow] if k != "noise" and "hardly" in n else [])
        for k in ("c to disc", "noise")
        for n, g in HARD.items()
    ],
)
def test_a_hard_pair_does_not_fold(kind: str, given: dict[str, object]) -> None:
    if kind == "noise":
        grid = Grid.make((40, 40), 1.0)
        fixed, moving = (
            Image(torch.randn((1, 40, 40), generator=torch.Generator().manual_seed(s)), grid) for s in (1, 2)
        )
    else:
        phantom = shapes_phantom("c-to-disc", 48)
        fixed, moving = phantom.fixed, phantom.moving
    transform = register("deformable", fixed, moving, **given).transform
    assert float((transform.jacobian_determinant(fixed.grid) <= 0).float().mean()) == 0.0
    assert float(transform.displacement(fixed.grid).norm(dim=0).max()) > 2.0


@pytest.mark.parametrize("shape", [(20, 22, 24), (1, 30, 32)], ids=["3D", "one slice"])
def test_a_fold_is_taken_out_and_the_rest_stays(shape: tuple[int, ...]) -> None:
    spacing = (1.5, 1.0, 2.0)
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    z0, y0 = shape[0] // 2, 8
    near = torch.exp(-((x - 7) ** 2 + (y - y0) ** 2 + (z - z0) ** 2) / 8)
    folded = torch.stack([-3.0 * (x - 7) * near, 0.1 * y, torch.zeros_like(x)])
    kept = folded.clone()
    assert least_jacobian(folded, spacing) < -0.5
    found = unfold(folded, spacing)
    assert least_jacobian(found, spacing) > 0
    assert torch.equal(folded, kept)
    assert torch.equal(found[..., 22:], folded[..., 22:])
    fine = 0.1 * folded
    assert unfold(fine, spacing) is fine


def test_nodes_without_structure_follow_their_neighbours_and_no_step_is_too_long() -> None:
    shape = (1, 24, 24)
    image = texture(shape, 1, 2.0)
    image[:, :, 12:] = image[:, :, 11:12]
    other = torch.roll(image, 1, 1)
    blocks = Blocks((1.0, 1.0, 1.0), (1, 1, 1))
    equations = residual_equations((image - other)[None], image[None], other[None], None, blocks, 10.0)
    found = step(equations, (2.0, 2.0, 0.0), 0.7)
    assert bool(torch.isfinite(found).all())
    assert float(found.norm(dim=0).max()) <= 0.7 * (1 + 1e-5)
    nothing = replace(equations, matrix=0 * equations.matrix, vector=0 * equations.vector)
    assert torch.equal(step(nothing, (2.0, 2.0, 0.0), 0.7), torch.zeros_like(found))


@pytest.mark.parametrize("every", [(1, 1, 1), (2, 2, 2), (3, 1, 2)])
def test_shared_matrices_step_like_own_ones_up_to_the_border(every: tuple[int, ...]) -> None:
    """An odd number of nodes: the last matrix of a row is that of one node, not of two."""
    nodes = (5, 9, 8)
    wide = tuple(-(-n // e) for n, e in zip(nodes, every[::-1], strict=True))
    ones = torch.ones((1, *nodes))
    counts = torch.zeros((6, *wide))
    for z, y, x in np.ndindex(nodes):
        counts[:3, z // every[2], y // every[1], x // every[0]] += ones[0, z, y, x]
    found = step(Equations(counts, 0.2 * ones.repeat(3, 1, 1, 1), every, 0.0), (1.0, 1.5, 2.0), 5.0)
    assert torch.allclose(found, torch.tensor(0.2 / (1 + DAMPING)), atol=1e-5)


def test_stages_halve_and_end_with_a_node_every_voxel() -> None:
    grid = Grid.make((192, 160, 96), (1.0, 1.0, 2.0))
    plan = stages(grid, DeformableParameters(iterations=(7, 6, 5, 4, 3), coarsest_mm=8.0))
    assert [s.steps for s in plan] == [7, 6, 5, 4, 3][-len(plan) :]
    assert plan[-1].factors == plan[-2].factors == (1, 1, 1)
    assert (plan[-2].strides, plan[-1].strides) == ((2, 2, 2), (1, 1, 1))
    assert plan[0].grid(grid).spacing == (8.0, 8.0, 8.0)
    assert [s.steps for s in stages(grid, DeformableParameters(iterations=(5, 0)))][-1] == 5
    assert stages(grid, DeformableParameters(finest_mm=4.0))[-1].grid(grid).spacing == (4.0, 4.0, 4.0)


def test_values_outside_a_mask_are_carried_on_from_within() -> None:
    _, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in (5, 16, 18)), indexing="ij")
    ramp = (2 + x + 0.5 * y)[None]
    mask = ((x > 3) & (x < 13) & (y > 4))[None]
    spoiled = torch.where(mask, ramp, torch.tensor(torch.nan))
    kept = spoiled.clone()
    found = filled(spoiled, mask)
    assert torch.equal(found[mask], ramp[mask])
    assert bool(torch.isfinite(found).all())
    inside = ramp[mask]
    assert float(inside.min()) <= float(found.min())
    assert float(found.max()) <= float(inside.max())
    step_x = (found[..., 1:] - found[..., :-1]).abs()
    assert float(step_x.max()) < 3.0  # the mask's edge is no edge: a ramp's step is 1, its range 14
    assert torch.equal(torch.nan_to_num(spoiled), torch.nan_to_num(kept))
    whole = torch.ones_like(mask)
    assert filled(ramp, whole) is ramp


def test_intensities_are_scaled_by_what_the_mask_holds() -> None:
    grid = Grid.make((50, 40), 1.0)
    values = torch.rand((1, 40, 50), generator=torch.Generator().manual_seed(0)) * 7 + 3
    mask = torch.ones(grid.shape, dtype=torch.bool)
    mask[:4] = False
    values[:, :4] = 1e6
    found = scaled(Image(values, grid, mask=mask))[0][mask]
    assert float(found.min()) == 0.0
    assert float(torch.quantile(found, 0.995)) == pytest.approx(1.0, abs=1e-4)


def test_the_scene_of_a_stage_shows_the_same_places() -> None:
    """A voxel of the stage's fixed image and the moving voxel it maps to are one LPS point."""
    grid = GRIDS["3D oblique"]
    fixed, moving = pair(grid)
    small = Grid.make((26, 30, 17), (2.5, 1.5, 3.5), np.asarray(grid.origin) + 3.0, grid.direction)
    other = Image(torch.rand((1, *small.shape), generator=torch.Generator().manual_seed(1)), small)
    stage = stages(grid, DeformableParameters(coarsest_mm=4.0))[0]
    assert max(stage.factors) > 1
    scene = at_stage(make_scene(fixed, other, np.eye(4)), stage)
    coarse = stage.grid(grid)
    factors = [round(a / b) for a, b in zip(scene.moving_spacing, small.spacing, strict=True)]
    index = np.array([3.0, 2.0, 1.0])
    there = (scene.affine @ [*index, 1.0])[:3]
    assert np.allclose(small.coarser(factors).points(there), coarse.points(index), atol=1e-9)
    assert moving.grid is grid


@pytest.mark.parametrize("measure", ["ncc", "mi", "ngf"])
def test_a_gradients_scale_asks_for_half_a_voxel_first_and_is_kept(measure: str) -> None:
    fixed, moving = texture((1, 30, 32), 1, 2.0)[None], texture((1, 30, 32), 2, 2.0)[None]
    blocks, parameters = Blocks((2.0, 2.0, 1.0), (1, 1, 1)), DeformableParameters(measure=measure)
    first = make_force(fixed, blocks, (2.0, 2.0, 1.0), parameters)
    assert isinstance(first, forces.GradientForce)
    first.equations(fixed, moving, None)
    assert first.scale > 0
    second = make_force(fixed, blocks, (2.0, 2.0, 1.0), parameters, first)
    assert isinstance(second, forces.GradientForce)
    assert second.scale == (0.0 if measure == "mi" else first.scale)


@pytest.mark.parametrize(
    ("measure", "symmetric"),
    [
        ("lncc", False),
        pytest.param("lncc", True, marks=pytest.mark.slow),
        pytest.param("mind", False, marks=pytest.mark.slow),
    ],
)
def test_the_memory_said_is_within_a_factor_two_of_that_used(measure: str, symmetric: bool) -> None:
    """Beside the images and 50 MB for torch itself; the stated number is an upper estimate."""
    grid = Grid.make((64, 56, 56), 2.0)
    fixed, moving = (Image(texture(grid.shape, s, 2.0)[None], grid) for s in (1, 2))
    options = {"measure": measure, "symmetric": symmetric, "iterations": (1,)}
    used = peak_tensor_mb(lambda: register("deformable", fixed, moving, **options))
    said = get_method("deformable").memory_mb(fixed, moving, DeformableParameters(**options)) - 50
    assert used / 2 < said < 2.5 * used


def peak_tensor_mb(call: Callable[[], object]) -> float:
    """Largest sum of bytes torch's allocator held for the CPU during the call, in MB."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        call()
    held = largest = 0
    for event in found.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            largest = max(largest, held)
    return largest / 1e6
