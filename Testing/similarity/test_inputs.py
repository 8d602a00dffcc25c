"""What the measures take, refuse and leave alone."""

import pytest
import torch

from RegSuite.errors import InputError
from Testing.similarity.pairs import NAMES, SHAPES, a_mask, a_pair, measure_of, noise

OF_CONSTANTS = {"ssd": 9.0, "ncc": 0.0, "lncc": 0.0, "mind": 0.0, "ngf": 1.0, "mi": 0.0}
"""Values of two constant images that differ by 3, as the docstrings state them."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_constant_images_have_the_stated_value_and_a_finite_gradient(name, shape, dtype):
    measure = measure_of(name, len(shape))
    fixed = torch.full((1, *shape), 1000.1, dtype=dtype)
    loss, gradient = measure.loss_and_gradient(fixed, fixed + 3)
    value = float(measure.value(fixed, fixed + 3))
    assert value == pytest.approx(OF_CONSTANTS[name], rel=1e-4, abs=1e-9)
    assert abs(loss) == pytest.approx(abs(value))
    assert torch.isfinite(gradient).all()
    assert name == "ssd" or (gradient == 0).all()


@pytest.mark.parametrize("name", ["ncc", "lncc", "mi"])
def test_a_constant_image_has_nothing_in_common_with_any_other(name):
    fixed, warped = a_pair((6, 7, 8))
    measure = measure_of(name, 3)
    for pair in ((torch.full_like(fixed, 7.7), warped), (fixed, torch.full_like(fixed, 7.7))):
        loss, gradient = measure.loss_and_gradient(*pair)
        assert loss == pytest.approx(0, abs=1e-12)
        assert float(gradient.abs().max()) < 1e-12


@pytest.mark.parametrize("name", ["ncc", "lncc", "mind"])
def test_rounding_of_a_constant_image_is_not_taken_for_structure(name):
    shape = (8, 9, 10)
    constant = torch.full((1, *shape), 1000.0)
    rounded = constant + 6.1e-5 * noise(shape, 5).sign().float()
    expected = float(measure_of(name, 3).value(constant, constant))
    assert float(measure_of(name, 3).value(rounded, rounded)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_images_that_do_not_lie_contiguously_are_taken_as_they_are(name):
    fixed, warped = a_pair((6, 7, 8))
    mask = a_mask((6, 7, 8))
    expected = measure_of(name, 3).loss_and_gradient(fixed, warped, mask)
    scattered = [torch.stack([x, x + 1], -1)[..., 0] for x in (fixed, warped)]
    turned_mask = mask.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert not scattered[0].is_contiguous()
    assert not turned_mask.is_contiguous()
    loss, gradient = measure_of(name, 3).loss_and_gradient(*scattered, turned_mask)
    assert loss == pytest.approx(expected[0], rel=1e-12)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_callers_tensors_are_left_as_they_were(name, masked):
    fixed, warped = a_pair((6, 7, 8))
    mask = a_mask((6, 7, 8)) if masked else None
    before = fixed.clone(), warped.clone()
    measure_of(name, 3).loss_and_gradient(fixed, warped, mask)
    measure_of(name, 3).value(fixed, warped, mask)
    assert torch.equal(fixed, before[0])
    assert torch.equal(warped, before[1])
    assert not warped.requires_grad
    assert mask is None or torch.equal(mask, a_mask((6, 7, 8)))


@pytest.mark.parametrize("name", NAMES)
def test_the_value_is_one_number_and_the_loss_goes_down_to_the_better(name):
    fixed, warped = a_pair((6, 7, 8))
    measure = measure_of(name, 3)
    value, loss = measure.value(fixed, warped), measure.loss(fixed, warped)
    assert value.shape == ()
    assert float(loss) == (-float(value) if measure.higher_is_better else float(value))
    assert measure.name == name


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_raised_and_the_gradient_comes_back_in_it(name):
    fixed, warped = (image.half() for image in a_pair((6, 7, 8)))
    loss, gradient = measure_of(name, 3).loss_and_gradient(fixed, warped)
    assert gradient.dtype == torch.float16
    assert loss == pytest.approx(measure_of(name, 3).loss_and_gradient(fixed.float(), warped.float())[0])


def test_images_on_two_lattices_are_refused_with_both_shapes():
    with pytest.raises(InputError, match=r"\(1, 4, 5\).*\(1, 4, 6\)"):
        measure_of("ssd", 2).value(noise((4, 5)), noise((4, 6)))


def test_whole_numbers_are_refused():
    with pytest.raises(InputError, match="float32"):
        measure_of("ssd", 2).value(torch.ones(1, 4, 5, dtype=torch.int16), noise((4, 5)))


def test_an_image_without_channels_is_refused():
    with pytest.raises(InputError, match=r"\[C, Z, Y, X\]"):
        measure_of("ssd", 2).value(torch.ones(4, 5), torch.ones(4, 5))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("lncc", {"radius": 0}, "makes no window"),
        ("lncc", {"radius": (1, -1, 1)}, "makes no window"),
        ("lncc", {"variance_floor": 1.5}, "variance_floor"),
        ("mind", {"radius": -1}, "make no descriptor"),
        ("mind", {"dilation": 0}, "make no descriptor"),
        ("ngf", {"eta": 0.0}, "eta"),
        ("ngf", {"spacing": (1.0, 0.0, 1.0)}, "not positive"),
        ("mi", {"bins": 5}, "too few"),
        ("mi", {"sampling_fraction": 0.0}, "sampling_fraction"),
        ("mi", {"warped_range": (1.0, 1.0)}, "no width"),
    ],
)
def test_options_out_of_bounds_are_refused(name, options, words):
    from RegSuite.similarity import make_similarity

    with pytest.raises(InputError, match=words):
        make_similarity(name, **options)
