"""Coarser images, and coarse fields on fine lattices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.geometry import Grid, Image
from RegSuite.numerics.pyramid import block_mean, coarser, factors_for, refine
from Testing.numerics.twins import plainly, scattered, texture
from Testing.transforms.samples import oblique_grid


def ramp_of(grid: Grid) -> Tensor:
    """A linear function of LPS points at the voxels, [1, *shape]."""
    slope = np.array([0.3, -0.7, 0.4])[: grid.ndim]
    return torch.from_numpy(2 + grid.all_points() @ slope).float()[None]


@pytest.mark.parametrize("factors", [(2, 2, 2), (3, 1, 2)])
@pytest.mark.parametrize("where", ["compiled", "plain"])
def test_refining_the_block_means_of_a_ramp_gives_the_ramp_inside(
    factors: tuple[int, ...], where: str
) -> None:
    grid = oblique_grid(3)
    ramp = ramp_of(grid)
    means = block_mean(ramp, factors)

    def back() -> Tensor:
        return refine(means, grid.shape, factors)

    found = back() if where == "compiled" else plainly(back)
    # from the first block's centre to the last whole block's
    inner = tuple(
        slice(f // 2, (n // f) * f - f // 2 if f > 1 else n)
        for n, f in zip(grid.shape, factors[::-1], strict=True)
    )
    assert torch.allclose(found[0][inner], ramp[0][inner], atol=2e-4)  # values of some tens


@pytest.mark.parametrize(("ndim", "thin"), [(2, False), (3, False), (3, True)])
def test_a_coarser_image_stays_where_it_is_in_space(ndim: int, thin: bool) -> None:
    grid = oblique_grid(ndim, thin=thin)
    factors = [min(2, n) for n in grid.size]
    image = Image(ramp_of(grid), grid)
    found = coarser(image, factors)
    whole = tuple(slice(0, n // f) for n, f in zip(grid.shape, factors[::-1], strict=True))
    assert torch.allclose(found.data[0][whole], ramp_of(found.grid)[0][whole], atol=2e-4)
    assert found.grid.shape == tuple(-(-n // f) for n, f in zip(grid.shape, factors[::-1], strict=True))


def test_a_block_over_the_border_is_the_mean_of_what_it_has() -> None:
    values = torch.arange(5.0).reshape(1, 1, 1, 5)
    assert block_mean(values, (2, 2, 2)).flatten().tolist() == [0.5, 2.5, 4.0]
    assert block_mean(values[0], (3, 1)).flatten().tolist() == [1.0, 3.5]
    assert block_mean(values, (1, 1, 1)).flatten().tolist() == values.flatten().tolist()


def test_a_mask_keeps_the_blocks_that_are_half_in_it() -> None:
    grid = Grid.make((6, 4), 1.0)
    mask = torch.zeros(grid.shape, dtype=torch.bool)
    mask[0, :2], mask[2, 2] = True, True  # half of the first block, a quarter of another
    found = coarser(Image(torch.ones(1, 4, 6), grid, mask=mask), (2, 2)).mask
    assert found is not None
    assert found.tolist() == [[True, False, False], [False, False, False]]


def test_factors_come_nearest_to_the_wanted_spacing_and_leave_four_voxels() -> None:
    grid = Grid.make((64, 64, 9), (1.0, 1.5, 5.0))
    assert factors_for(grid, 4.0) == [4, 3, 1]
    assert factors_for(grid, 100.0) == [16, 16, 2]
    assert factors_for(Grid.make((8, 1), 1.0), 2.0) == [2, 1]


def test_memory_order_does_not_matter_and_inputs_stay_as_they_are() -> None:
    values = texture((6, 7, 8))[None]
    kept = values.clone()
    assert torch.equal(block_mean(values, (2, 3, 2)), block_mean(scattered(values), (2, 3, 2)))
    fine = refine(values, (12, 14, 16), (2, 2, 2))
    assert torch.equal(fine, refine(scattered(values), (12, 14, 16), (2, 2, 2)))
    assert torch.equal(values, kept)
