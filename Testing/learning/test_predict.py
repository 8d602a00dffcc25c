"""network_uncertainty: tiles, axes, unknown voxels, calibration, and the shipped model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.geometry import Grid, Image
from RegSuite.learning.uncertainty.model_file import UncertaintyModel
from RegSuite.learning.uncertainty.network import UncertaintyNet, network_input
from RegSuite.learning.uncertainty.predict import network_uncertainty
from RegSuite.learning.uncertainty.tiles import over_tiles
from Testing.learning.small import RECIPE, a_displacement, an_image, blobs, needs_monai, oblique

pytestmark = needs_monai

GRID = Grid.make((24, 20, 16), (4, 4, 4), (-40, -35, -30))


def _lively(seed: int = 0, **changes: object) -> UncertaintyModel:
    """A model with random weights whose answers vary from voxel to voxel."""
    recipe = RECIPE.model_copy(update=changes)
    torch.manual_seed(seed)
    network = UncertaintyNet(recipe).eval().requires_grad_(False)
    for weights in network.parameters():
        weights.data.add_(0.05 * torch.randn_like(weights))
    return UncertaintyModel(network, recipe, "nothing", 0)


@pytest.fixture
def a_model() -> UncertaintyModel:
    return _lively()


@pytest.mark.parametrize("features", [(4, 8, 8), (3, 4, 6, 6, 5)])
def test_tiles_give_the_answer_of_the_whole(features: tuple[int, ...]) -> None:
    network = _lively(features=features).network
    inputs = torch.randn(5, 33, 62, 50, generator=torch.Generator().manual_seed(1))
    whole = over_tiles(network, inputs, core=200)
    tiled = over_tiles(network, inputs, core=24)
    assert float(whole.std()) > 0.01
    torch.testing.assert_close(tiled, whole, atol=2e-6, rtol=2e-6)


def test_the_moving_image_is_read_as_it_is_or_through_the_displacement() -> None:
    """Shifted by one voxel along x: warped, it is the fixed image again."""
    fixed = blobs((8, 9, 10))
    moving = torch.roll(fixed, 1, dims=2)
    shift = torch.zeros(3, 8, 9, 10)
    shift[0] = 4.0
    shift[:, 0] = torch.nan
    as_it_is = network_input(fixed, moving, shift, RECIPE)
    assert torch.equal(as_it_is[1], moving)
    warped = network_input(fixed, moving, shift, RECIPE.model_copy(update={"moving": "warped"}))
    torch.testing.assert_close(warped[1, 1:, :, :-1], fixed[1:, :, :-1])
    assert torch.equal(warped[0], fixed)
    assert torch.equal(warped[2:], torch.nan_to_num(shift) / RECIPE.displacement_mm)


def test_reach_is_as_far_as_a_voxel_is_seen() -> None:
    network = _lively(features=(3, 4, 6, 6, 5)).network
    inputs = torch.randn(1, 5, 80, 80, 80, requires_grad=True)
    network(inputs)[0, :, 39, 42, 40].sum().backward()
    seen = torch.argwhere(inputs.grad[0].abs().sum(0) > 0)
    far = (seen - torch.tensor([39, 42, 40])).abs().max()
    assert network.reach // 2 < int(far) <= network.reach


def test_unknown_displacement_gives_unknown_sd_and_there_alone(a_model) -> None:
    u = a_displacement(GRID)
    u.data[:, :3] = torch.nan
    found = network_uncertainty(an_image(GRID), an_image(GRID, 1), u, model=a_model)
    assert bool(found.sigma_mm.data[:, :3].isnan().all())
    assert bool((found.sigma_mm.data[:, 3:] > 0).all())
    assert found.source == "network"
    assert found.displacement is u


def test_calibration_scales_and_has_a_floor(a_model) -> None:
    images = (an_image(GRID), an_image(GRID, 1), a_displacement(GRID))
    raw = network_uncertainty(*images, model=a_model)
    known = a_model.calibrated(Calibration("test", scale=1.5, floor_mm=0.4, correlation_mm=22.0))
    found = network_uncertainty(*images, model=known)
    expected = ((1.5 * raw.sigma_mm.data) ** 2 + 0.4**2).sqrt()
    torch.testing.assert_close(found.sigma_mm.data, expected)
    assert (raw.correlation_mm, found.correlation_mm) == (30.0, 22.0)


def test_a_volume_stored_in_another_order_gets_the_same_answer(a_model) -> None:
    order, flips = (2, 0, 1), (-1, 1, -1)
    direction = np.eye(3)[:, order] * flips
    size = tuple(GRID.size[a] for a in order)
    origin = GRID.centre - direction @ (4.0 * (np.array(size) - 1) / 2)
    other = Grid.make(size, 4.0, origin, direction)
    one = network_uncertainty(an_image(GRID), an_image(GRID, 1), a_displacement(GRID), model=a_model)
    two = network_uncertainty(an_image(other), an_image(other, 1), a_displacement(other), model=a_model)
    index = np.rint(other.index(GRID.all_points())).astype(int)
    back = two.sigma_mm.data[:, index[..., 2], index[..., 1], index[..., 0]]
    torch.testing.assert_close(back, one.sigma_mm.data, atol=1e-4, rtol=1e-4)


def test_oblique_axes_mix_variances_with_squared_cosines(a_model) -> None:
    """Turn patient, images and field together: the variances along LPS are those of the turned axes."""
    turn = oblique()
    tilted = Grid.make(GRID.size, 4.0, turn @ np.asarray(GRID.origin), turn)
    u = a_displacement(GRID)
    turned = torch.einsum("ij,j...->i...", torch.from_numpy(turn).float(), u.data)
    images = (an_image(GRID), an_image(GRID, 1))
    one = network_uncertainty(*images, u, model=a_model).sigma_mm.data
    there = [Image(image.data, tilted) for image in (*images, u.with_data(turned))]
    two = network_uncertainty(*there, model=a_model).sigma_mm.data
    # both answers come from one answer v along the axes: W v; the rigid part enters W alike
    from RegSuite.learning.uncertainty.frame import frame_of

    straight = frame_of(*images, u, 4.0).variance_weights()
    axes = torch.einsum("ca,a...->c...", torch.from_numpy(np.linalg.inv(straight)).float(), one.square())
    weights = frame_of(*there, 4.0).variance_weights()
    expected = torch.einsum("ca,a...->c...", torch.from_numpy(weights).float(), axes).sqrt()
    torch.testing.assert_close(two, expected, atol=2e-3, rtol=2e-3)
    assert float((two - one).abs().max()) > 0.01


def test_other_voxels_are_brought_to_the_model_s(a_model) -> None:
    fine = Grid.make((48, 40, 20), (2, 2, 3.2), GRID.points([-0.25, -0.25, -0.1]))
    found = network_uncertainty(an_image(fine), an_image(fine, 1), a_displacement(fine), model=a_model)
    coarse = network_uncertainty(an_image(GRID), an_image(GRID, 1), a_displacement(GRID), model=a_model)
    assert found.sigma_mm.grid is fine
    assert float(found.sigma_mm.data.median()) == pytest.approx(
        float(coarse.sigma_mm.data.median()), rel=0.02
    )


def test_inputs_are_left_alone_and_progress_is_told(a_model) -> None:
    images = (an_image(GRID), an_image(GRID, 1), a_displacement(GRID))
    before = [image.data.clone() for image in images]
    told: list[float] = []
    network_uncertainty(*images, model=a_model, progress=lambda done, stage, _: told.append(done))
    assert all(torch.equal(a, b.data) for a, b in zip(before, images, strict=True))
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert told == sorted(told)
