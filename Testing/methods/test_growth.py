"""The weight of a metamorphosis: constant, growing from balls, core and oedema, or a user's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.growth_evolving import evolving_growth
from RegSuite.methods.shooting.growth_given import growth_from_series
from RegSuite.methods.shooting.growth_masks import constant_growth, growth_of
from Testing.data import data_folder


def turned(degrees: float) -> list[list[float]]:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return [[c, -s], [s, c]]


def oblique_plane() -> Grid:
    return Grid.make((60, 90), (1.5, 1.0), (-20.0, 7.0), turned(25))


def blob(grid: Grid, centre: tuple[float, ...], radii: tuple[float, ...]) -> torch.Tensor:
    """An ellipsoid along LPS; centre in mm from the grid's middle."""
    away = (grid.all_points() - grid.centre - np.asarray(centre)) / np.asarray(radii)
    return torch.from_numpy((away**2).sum(axis=-1) < 1)


def dice(a: torch.Tensor, b: torch.Tensor) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def distance_to(mask: torch.Tensor, grid: Grid) -> torch.Tensor:
    from scipy import ndimage

    return torch.from_numpy(ndimage.distance_transform_edt(~mask.numpy(), sampling=grid.spacing[::-1]))


@pytest.fixture(scope="module")
def grown() -> tuple[Grid, torch.Tensor, Growth]:
    grid = oblique_plane()
    mask = blob(grid, (5.0, -4.0), (18.0, 11.0))
    return grid, mask, evolving_growth(mask, grid, times=7)


def test_a_constant_weight_is_its_level_inside_and_nothing_beyond_three_sigma() -> None:
    grid = oblique_plane()
    mask = blob(grid, (0.0, 0.0), (14.0, 9.0))
    growth = constant_growth(mask, grid, 0.6, smoothing_mm=2.0)
    weight = growth.weights[0]
    deep = distance_to(~mask, grid) > 3 * 2.0 * np.sqrt(2)
    assert torch.allclose(weight[deep], torch.tensor(0.6), atol=1e-5)
    assert float(weight[distance_to(mask, grid) > 3 * 2.0 * np.sqrt(2) + 1.5].abs().max()) == 0
    assert float(weight.sum()) == pytest.approx(0.6 * float(mask.sum()), rel=1e-3)


def test_a_soft_edge_is_as_wide_in_mm_along_every_axis() -> None:
    grid = Grid.make((40, 40), (1.0, 3.0))
    mask = torch.zeros(grid.shape, dtype=torch.bool)
    mask[:20, :20] = True
    weight = constant_growth(mask, grid, smoothing_mm=4.0).weights[0]
    x = np.arange(40) * 1.0 - 19.5
    y = np.arange(40) * 3.0 - 19.5 * 3
    from scipy.stats import norm

    assert np.abs(weight[2].numpy() - norm.cdf(-x / 4.0)).max() < 0.02
    assert np.abs(weight[:, 2].numpy() - norm.cdf(-y / 4.0)).max() < 0.04  # voxels nearly as long as sigma


def test_a_growth_starts_as_a_ball_at_the_innermost_point_and_ends_as_the_mask(
    grown: tuple[Grid, torch.Tensor, Growth],
) -> None:
    grid, mask, growth = grown
    first = growth.weights[0] > 0.5
    centre = grid.all_points()[first.numpy()].mean(axis=0)
    assert np.linalg.norm(centre - grid.centre - [5.0, -4.0]) < 1.5
    area = float(first.sum()) * grid.voxel_volume
    assert area == pytest.approx(np.pi * (0.4 * 11.0) ** 2, rel=0.25)
    assert dice(growth.weights[-1] > 0.5, mask) > 0.97
    assert torch.allclose(growth.weights[-1], constant_growth(mask, grid).weights[0], atol=1e-6)


def test_a_growth_never_shrinks_and_never_leaves_the_mask(
    grown: tuple[Grid, torch.Tensor, Growth],
) -> None:
    grid, mask, growth = grown
    steps = growth.weights[1:] - growth.weights[:-1]
    assert float(steps.min()) > -1e-6
    assert float(growth.weights[:, distance_to(mask, grid) > 6.0].abs().max()) == 0
    sizes = growth.weights.flatten(1).sum(dim=1)
    assert float((sizes[1:] - sizes[:-1]).max()) < 0.35 * float(sizes[-1])  # no jump


def test_the_ball_is_carried_by_lddmm_to_most_of_the_mask(
    grown: tuple[Grid, torch.Tensor, Growth],
) -> None:
    said = [note for note in grown[2].notes if "carried by LDDMM" in note]
    assert len(said) == 1
    reached = float(said[0].split("Dice of ")[1].split()[0])
    assert 0.93 < reached <= 1.0


def test_the_same_tumour_on_other_voxels_grows_alike() -> None:
    fine = Grid.make((70, 70), (1.0, 1.0), (-35.0, -35.0))
    flat = Grid.make((70, 35), (1.0, 2.0), (-35.0, -34.5))
    sizes = []
    for grid in (fine, flat):
        away = grid.all_points() / np.array([20.0, 12.0])
        mask = torch.from_numpy((away**2).sum(axis=-1) < 1)
        growth = evolving_growth(mask, grid, times=5, ball_mm=5.0, smoothing_mm=1.5)
        sizes.append(growth.weights.flatten(1).sum(dim=1) * grid.voxel_volume)
    assert float((sizes[0] - sizes[1]).abs().max()) < 0.06 * float(sizes[0][-1])


def test_each_tumour_has_its_own_ball() -> None:
    grid = Grid.make((100, 60))
    places = (((-30.0, 0.0), 12.0), ((12.0, 8.0), 9.0), ((40.0, -20.0), 2.0))
    parts = [blob(grid, at, (r, r)) for at, r in places]
    growth = evolving_growth(parts[0] | parts[1] | parts[2], grid, times=4)
    for part in parts:
        inside = growth.weights[:, part].sum(dim=1)
        assert 0 < float(inside[0]) < 0.7 * float(inside[-1])
        assert dice((growth.weights[-1] > 0.5) & part, part) > 0.8
    assert "3 tumours" in growth.notes[0]


def test_a_tumour_in_a_volume_of_thick_slices_grows_to_its_mask() -> None:
    direction = [[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]
    grid = Grid.make((36, 34, 14), (1.5, 1.5, 4.0), (3.0, -9.0, 20.0), direction)
    mask = blob(grid, (2.0, 0.0, 1.0), (15.0, 12.0, 14.0))
    growth = evolving_growth(mask, grid, times=4)
    assert dice(growth.weights[-1] > 0.5, mask) > 0.95
    assert float((growth.weights[1:] - growth.weights[:-1]).min()) > -1e-6
    sizes = growth.weights.flatten(1).sum(dim=1)
    assert 0 < float(sizes[0]) < 0.2 * float(sizes[-1])


def test_a_single_slice_grows_without_lddmm_and_says_so() -> None:
    grid = Grid.make((30, 30, 1), (1.0, 1.0, 5.0))
    growth = evolving_growth(blob(grid, (0.0, 0.0, 0.0), (9.0, 9.0, 9.0)), grid, times=3)
    assert any("too thin" in note or "ball" in note for note in growth.notes)
    assert float(growth.weights[0].sum()) < float(growth.weights[1].sum()) < float(growth.weights[2].sum())


def test_core_and_oedema_end_with_their_own_weights_and_the_core_comes_first() -> None:
    grid = Grid.make((80, 80))
    core, whole = blob(grid, (0.0, 0.0), (11.0, 11.0)), blob(grid, (3.0, 0.0), (24.0, 22.0))
    growth = growth_of(core, whole, grid, evolving=True, core_weight=0.9, oedema_weight=0.3, times=5)
    inner = distance_to(~core, grid) > 4
    outer = (distance_to(~(whole & ~core), grid) > 4) & whole & ~core
    assert torch.allclose(growth.weights[-1][inner], torch.tensor(0.9), atol=1e-3)
    assert torch.allclose(growth.weights[-1][outer], torch.tensor(0.3), atol=1e-3)
    assert float(growth.weights[0][outer].max()) == 0
    assert float(growth.weights[0][40, 40]) > 0.85  # both balls start in the core
    assert float(growth.weights.max()) <= 0.9 + 1e-6


def test_a_constant_weight_of_the_oedema_alone_is_the_oedemas() -> None:
    grid = Grid.make((40, 40))
    growth = growth_of(None, blob(grid, (0.0, 0.0), (12.0, 12.0)), grid, evolving=False, oedema_weight=0.4)
    assert len(growth.weights) == 1
    assert float(growth.weights.max()) == pytest.approx(0.4)


def test_masks_are_not_changed() -> None:
    grid = Grid.make((40, 40))
    mask = blob(grid, (0.0, 0.0), (12.0, 8.0))
    before = mask.clone()
    growth_of(mask, None, grid, evolving=True, times=3)
    assert torch.equal(mask, before)


@pytest.mark.parametrize("name", ["BraTS2021_00090_seg", "BraTS2021_00147_seg"])
def test_a_real_jagged_tumour_is_reached_whole(name: str) -> None:
    from PIL import Image as Picture

    path = data_folder("metamorphosis2d", f"{name}.png")
    mask = torch.from_numpy(np.asarray(Picture.open(path).convert("L")) > 127)
    growth = evolving_growth(mask, Grid.make((240, 240)), times=9)
    assert dice(growth.weights[-1] > 0.5, mask) > 0.95
    assert float((growth.weights[1:] - growth.weights[:-1]).min()) > -1e-6


def test_a_users_growth_is_taken_as_it_is() -> None:
    grid = oblique_plane()
    weights = torch.rand((4, *grid.shape), generator=torch.Generator().manual_seed(1))
    growth = growth_from_series(Image(weights, grid), grid)
    assert torch.equal(growth.weights, weights)
    assert torch.allclose(growth.at(0.5), (weights[1] + weights[2]) / 2, atol=1e-6)


def test_a_users_growth_that_shrinks_is_doubted() -> None:
    grid = Grid.make((20, 20))
    weights = torch.stack([torch.ones(20, 20), 0.2 * torch.ones(20, 20)])
    assert "backwards" in growth_from_series(Image(weights, grid), grid).notes[-1]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (torch.full((2, 20, 20), 255.0), "255 to 255"),
        (torch.full((2, 20, 20), float("nan")), "not finite"),
        (torch.stack([torch.ones(20, 20), torch.zeros(20, 20)]), "ends without a tumour"),
    ],
)
def test_a_users_growth_that_is_no_weight_is_refused(values: torch.Tensor, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        growth_from_series(Image(values, Grid.make((20, 20)), name="model"), Grid.make((20, 20)))
    assert "model" in caught.value.where
    assert caught.value.mend


def test_a_users_growth_on_another_grid_is_refused() -> None:
    with pytest.raises(GeometryError, match="lies on"):
        growth_from_series(Image(torch.ones(2, 20, 20), Grid.make((20, 20))), Grid.make((20, 20), 2.0))


def test_masks_that_cannot_be_are_refused_with_words() -> None:
    grid = Grid.make((20, 20))
    empty, full = torch.zeros(20, 20, dtype=torch.bool), torch.ones(20, 20, dtype=torch.bool)
    with pytest.raises(InputError, match="empty"):
        constant_growth(empty, grid)
    with pytest.raises(GeometryError, match="shape"):
        evolving_growth(full[:10], grid)
    with pytest.raises(InputError, match=r"weight of 1\.5"):
        growth_of(full, None, grid, evolving=False, core_weight=1.5)
    with pytest.raises(InputError, match="neither"):
        growth_of(None, None, grid, evolving=True)
    with pytest.raises(InputError, match="time"):
        evolving_growth(full, grid, times=1)
