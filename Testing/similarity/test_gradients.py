"""The gradients with respect to warped."""

import pytest
import torch

from Testing.similarity.pairs import NAMES, SHAPES, a_mask, a_pair, measure_of, noise, some_weights

OPTIONS = {"mi": {"fixed_range": (-6.0, 6.0), "warped_range": (-6.0, 6.0), "bins": 12}}
MASKS = {"none": lambda shape: None, "boolean": a_mask, "weights": some_weights}


def slope(measure, fixed, warped, mask, along, step=1e-5):
    """Central difference of the loss along a direction."""
    ends = [float(measure.loss(fixed, warped + s * along, mask)) for s in (step, -step)]
    return (ends[0] - ends[1]) / (2 * step)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_slope_of_the_loss(name, shape, mask):
    fixed, warped = a_pair(shape, channels=2)
    measure = measure_of(name, len(shape), **OPTIONS.get(name, {}))
    weights = MASKS[mask](shape)
    loss, gradient = measure.loss_and_gradient(fixed, warped, weights)
    assert loss == pytest.approx(float(measure.loss(fixed, warped, weights)), abs=1e-12)
    assert gradient.shape == warped.shape
    for seed in (11, 12):
        along = noise(shape, seed, channels=2)
        expected = slope(measure, fixed, warped, weights, along)
        assert float((gradient * along).sum()) == pytest.approx(expected, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ncc", {"squared": True}),
        ("ngf", {"eta": 0.7}),
        ("mi", {"normalised": True}),
        ("lncc", {"radius": (1, 3, 2)}),
    ],
)
def test_gradient_with_options_is_the_slope_of_the_loss(name, options):
    shape = (7, 8, 9)
    fixed, warped = a_pair(shape)
    measure = measure_of(name, 3, **(OPTIONS.get(name, {}) | options))
    _, gradient = measure.loss_and_gradient(fixed, warped, a_mask(shape))
    along = noise(shape, 13)
    expected = slope(measure, fixed, warped, a_mask(shape), along)
    assert abs(expected) > 1e-6
    assert float((gradient * along).sum()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_value_differentiated_by_autograd_gives_the_same_gradient(name):
    shape = (6, 7, 8)
    fixed, warped = a_pair(shape)
    measure = measure_of(name, 3)
    leaf = warped.clone().requires_grad_(True)
    measure.loss(fixed, leaf, some_weights(shape)).backward()
    _, gradient = measure.loss_and_gradient(fixed, warped, some_weights(shape))
    torch.testing.assert_close(leaf.grad, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_float32_images_give_the_value_and_gradient_of_float64_ones(name):
    shape = (8, 9, 10)
    fixed, warped = (1000 + 200 * image for image in a_pair(shape))
    fixed, warped = fixed.float().double(), warped.float().double()  # the same numbers in both types
    measure = measure_of(name, 3)
    exact, exact_gradient = measure.loss_and_gradient(fixed, warped)
    loss, gradient = measure.loss_and_gradient(fixed.float(), warped.float())
    assert gradient.dtype == torch.float32
    assert loss == pytest.approx(exact, rel=2e-5)
    torch.testing.assert_close(
        gradient.double(), exact_gradient, rtol=0, atol=2e-4 * float(exact_gradient.abs().max())
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_step_against_the_gradient_lowers_the_loss(name):
    fixed, warped = a_pair((8, 9, 10))
    measure = measure_of(name, 3)
    loss, gradient = measure.loss_and_gradient(fixed, warped)
    step = 0.01 / float(gradient.abs().max())
    assert float(measure.loss(fixed, warped - step * gradient)) < loss
