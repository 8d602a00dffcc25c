"""What demons, broken-geodesic, bspline and convex have in common."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import Cancelled, GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.transforms import AffineTransform
from Testing.methods.deformed_pairs import AMPLITUDE_MM, GRIDS, error_mm, pair, register, shifted

METHODS = ("demons", "broken-geodesic", "bspline", "convex")
FEWER = {
    "demons": {"levels": 3},
    "broken-geodesic": {"levels": 3, "pieces": 2, "measure": "lncc"},
    "bspline": {"levels": 3, "spacing_mm": 12.0},
    "convex": {"window_mm": 8.0, "feature_mm": 2.0, "search_mm": 4.0},
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("where", GRIDS)
def test_a_known_bump_is_found_to_a_third_of_its_size(name: str, where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    found = register(name, fixed, moving, **FEWER[name])
    before = error_mm(AffineTransform.identity(grid.ndim), grid)
    assert before > 0.3 * AMPLITUDE_MM
    assert error_mm(found.transform, grid) < before / 3
    assert found.convergence
    assert found.notes
    assert float(found.transform.jacobian_determinant(grid).min()) > 0


@pytest.mark.parametrize("name", METHODS)
def test_two_runs_give_the_same_bits(name: str) -> None:
    fixed, moving = pair(GRIDS["2D"])
    one, two = (register(name, fixed, moving, **FEWER[name]) for _ in range(2))
    assert torch.equal(one.transform.displacement(fixed.grid), two.transform.displacement(fixed.grid))


@pytest.mark.parametrize("name", METHODS)
def test_an_initial_transform_is_applied_after_the_deformation(name: str) -> None:
    grid = GRIDS["3D oblique"]
    fixed, moving = pair(grid)
    by = np.array([30.0, -12.0, 8.0])
    moved, initial = shifted(moving, by)
    found = register(name, fixed, moved, initial, **FEWER[name])
    field = found.transform.displacement(grid) - torch.tensor(by).float().reshape(3, 1, 1, 1)
    plain = register(name, fixed, moving, **FEWER[name]).transform.displacement(grid)
    assert float((field - plain).norm(dim=0).mean()) < 0.1  # the same numbers up to rounding


@pytest.mark.parametrize("name", METHODS)
def test_what_lies_outside_of_the_fixed_mask_has_no_say(name: str) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    mask = torch.ones(grid.shape, dtype=torch.bool)
    mask[:, :12] = False
    other = fixed.data.clone()
    other[:, ~mask] = 1000.0
    options = {**FEWER[name], **({"feature_mm": 1.5} if name == "convex" else {})}
    one = register(name, fixed.with_mask(mask), moving, **options)
    two = register(name, Image(other, grid, "fixed", mask), moving, **options)
    assert torch.equal(one.transform.displacement(grid), two.transform.displacement(grid))


@pytest.mark.parametrize("name", METHODS)
def test_the_caller_can_cancel_and_hears_of_the_progress(name: str) -> None:
    fixed, moving = pair(GRIDS["2D"])
    method = get_method(name)
    heard: list[float] = []

    def listen(fraction: float, stage: str, metrics: object) -> None:
        heard.append(fraction)
        if len(heard) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        method.register(fixed, moving, method.Parameters(**FEWER[name]), listen)
    assert heard == sorted(heard)


@pytest.mark.parametrize("name", METHODS)
def test_the_inputs_are_left_as_they_are(name: str) -> None:
    fixed, moving = pair(GRIDS["2D"])
    before = fixed.data.clone(), moving.data.clone()
    register(name, fixed, moving, **FEWER[name])
    assert torch.equal(before[0], fixed.data)
    assert torch.equal(before[1], moving.data)


@pytest.mark.parametrize("name", METHODS)
def test_costs_are_stated_beforehand(name: str) -> None:
    fixed, moving = pair(GRIDS["3D oblique"])
    method = get_method(name)
    parameters = method.Parameters()
    assert method.memory_mb(fixed, moving, parameters) > 1
    assert method.expected_seconds(fixed, moving, parameters) > 0.1


@pytest.mark.parametrize("name", METHODS)
def test_bad_pairs_are_refused_with_words(name: str) -> None:
    fixed, moving = pair(GRIDS["2D"])
    solid, _ = pair(GRIDS["3D oblique"])
    with pytest.raises(InputError, match="2D"):
        register(name, fixed, solid)
    broken = moving.data.clone()
    broken[0, 3, 3] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        register(name, fixed, moving.with_data(broken))
    with pytest.raises(InputError, match="nothing to register"):
        register(name, fixed.with_data(torch.ones_like(fixed.data)), moving)
    with pytest.raises(InputError, match="mask is empty"):
        register(name, fixed.with_mask(torch.zeros(fixed.grid.shape, dtype=torch.bool)), moving)
    far = Grid.make(moving.grid.size, moving.grid.spacing, (5000.0, 0.0))
    with pytest.raises(GeometryError, match="0.0 %"):
        register(name, fixed, Image(moving.data, far, "moving"))
