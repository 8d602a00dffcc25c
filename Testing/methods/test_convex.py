"""Convex: the search, its plan, and large motion."""

from __future__ import annotations

import pytest
import torch

from RegSuite.errors import OutOfMemory
from RegSuite.geometry import Grid, Image
from RegSuite.methods.convex_search.parameters import ConvexParameters
from RegSuite.methods.convex_search.run import BUDGET_MB, make_plan
from RegSuite.methods.convex_search.search import costs_of, coupled_minimum, made_consistent, search
from RegSuite.numerics.flow import compose
from Testing.methods.deformed_pairs import GRIDS, error_mm, pair, register

WINDOW = (2, 1, 1)


def random_lattices() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    fixed = torch.rand((5, 4, 6, 7), generator=generator)
    moving = torch.rand((5, 6, 8, 11), generator=generator)
    return fixed, moving, torch.rand((4, 6, 7), generator=generator)


def test_the_compiled_search_agrees_with_its_plain_twin() -> None:
    fixed, moving, weight = random_lattices()
    compiled = costs_of(fixed, moving, weight, WINDOW, WINDOW)
    plain = costs_of(fixed.double(), moving.double(), weight.double(), WINDOW, WINDOW)
    assert torch.allclose(compiled, plain.float(), atol=1e-5)
    field = torch.rand((3, 4, 6, 7), generator=torch.Generator().manual_seed(1))
    for coupling in (0.0, 0.3):
        one = coupled_minimum(compiled, field, WINDOW, coupling)
        two = coupled_minimum(compiled.double(), field.double(), WINDOW, coupling)
        assert torch.equal(one, two.float())


@pytest.mark.parametrize("shift", [(3, -2, 1), (-4, 0, 2)])
def test_a_shift_within_the_window_is_found_exactly(shift: tuple[int, int, int]) -> None:
    window = (4, 3, 2)
    generator = torch.Generator().manual_seed(7)
    wide = torch.rand((12, 8 + 4, 10 + 6, 12 + 8), generator=generator)
    z, y, x = shift[2] + 2, shift[1] + 3, shift[0] + 4
    fixed = wide[:, z : z + 8, y : y + 10, x : x + 12]
    found = search(fixed, wide, torch.ones(8, 10, 12), window, window)
    assert torch.allclose(found, torch.tensor(shift).float().reshape(3, 1, 1, 1).expand_as(found), atol=1e-4)


def test_fields_become_the_inverse_of_each_other() -> None:
    x = torch.linspace(0, 3.14, 24)
    there = torch.zeros(3, 6, 6, 24)
    there[0] = 2.0 * torch.sin(x)
    consistent = made_consistent(there, torch.zeros_like(there))
    # a field without a counterpart is taken back half way
    assert float(consistent[0, 3, 3, 12]) == pytest.approx(1.0, abs=0.25)
    back = -made_consistent(there, -there)
    assert float(compose(back, consistent, (1.0, 1.0, 1.0)).abs().max()) < 2.0


def test_the_plan_stays_within_its_memory_and_says_when_it_cannot() -> None:
    large = Grid.make((400, 400, 300), 1.0)
    plan = make_plan(large, ConvexParameters(window_mm=40.0))
    assert plan.costs_mb <= BUDGET_MB
    assert plan.search_mm > 4.0
    with pytest.raises(OutOfMemory, match="window_mm"):
        make_plan(
            Grid.make((4, 4, 200), (1.0, 1.0, 0.01)), ConvexParameters(window_mm=200.0, feature_mm=0.01)
        )


def test_motion_larger_than_the_structures_is_found() -> None:
    grid = Grid.make((72, 64), 2.0)
    fixed, moving = pair(grid, 16.0)
    found = register("convex", fixed, moving, window_mm=20.0, feature_mm=2.0, search_mm=4.0)
    assert error_mm(found.transform, grid, 16.0) < 1.5
    assert found.extra["percent_nonpositive"] == 0


def test_inverted_contrast_does_not_matter() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    found = register("convex", fixed, Image(-moving.data, grid, "moving"), window_mm=8.0, feature_mm=2.0)
    assert error_mm(found.transform, grid) < 0.8
