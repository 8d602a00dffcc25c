"""Mutual information against entropies known by formula, and ITK's Mattes metric."""

import math

import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import InputError
from RegSuite.similarity import MutualInformation
from RegSuite.similarity.parzen import TAPS, _window, _window_slope
from Testing.similarity.itk import itk_metric
from Testing.similarity.pairs import a_mask, a_pair, noise, some_weights

COUNTS = torch.tensor([[40, 8, 0], [4, 60, 12], [16, 20, 40]])
"""A made-up joint histogram of three tissues: 200 voxels."""


def images_of(counts):
    """Two images whose joint histogram is `counts`, at intensities 0, 1, 2."""
    rows, columns = torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")
    repeats = counts.flatten()
    fixed = rows.flatten().repeat_interleave(repeats).double().reshape(1, 10, 20)
    warped = columns.flatten().repeat_interleave(repeats).double().reshape(1, 10, 20)
    return fixed, warped


def entropy(counts):
    p = counts.double().flatten() / counts.sum()
    return -float((p[p > 0] * p[p > 0].log()).sum())


def test_a_made_up_joint_histogram_has_the_information_of_its_entropies():
    # 32 bins: the three intensities are 14 bins apart, so their windows do not touch
    expected = entropy(COUNTS.sum(1)) + entropy(COUNTS.sum(0)) - entropy(COUNTS)
    assert float(MutualInformation().value(*images_of(COUNTS))) == pytest.approx(expected, rel=1e-9)


def test_an_image_tells_all_about_itself():
    fixed, _ = images_of(COUNTS)
    assert float(MutualInformation().value(fixed, fixed)) == pytest.approx(entropy(COUNTS.sum(1)), rel=1e-9)


def test_normalised_information_has_the_entropy_of_the_window_added_below_and_above():
    # at the middle of a bin's window the weights of all three tissues are equal: H(b) and H(a,b) gain
    # the mean entropy of the window, which depends on where the intensity falls in its bin
    fixed, warped = images_of(COUNTS)
    blur = 0.0
    for level, count in zip((0.0, 1.0, 2.0), COUNTS.sum(0).tolist(), strict=True):
        term = level / (2.0 / 28) + 2
        place = term - min(math.floor(term), 29)
        window = [float(_window(torch.tensor(place, dtype=torch.float64), tap)) for tap in range(TAPS)]
        blur -= count / 200 * sum(w * math.log(w) for w in window if w > 0)
    of_fixed, of_warped, both = entropy(COUNTS.sum(1)), entropy(COUNTS.sum(0)), entropy(COUNTS)
    expected = (of_fixed + of_warped + blur) / (both + blur)
    value = float(MutualInformation(normalised=True).value(fixed, warped))
    assert value == pytest.approx(expected, rel=1e-9)


def test_normalised_information_of_constant_images_is_one_without_gradient():
    constant = torch.full((1, 5, 6, 7), 4.0)
    loss, gradient = MutualInformation(normalised=True).loss_and_gradient(constant, constant)
    assert loss == pytest.approx(-1, rel=1e-6)
    assert float(gradient.abs().max()) < 1e-12


def test_independent_images_share_next_to_nothing():
    value = float(MutualInformation(bins=12).value(noise((30, 40, 40), 1), noise((30, 40, 40), 2)))
    assert 0 <= value < 0.001  # bias at most (rows - 1) (columns - 1) / 2N = 0.0005 nats


@pytest.mark.parametrize("bins", [20, 32, 50])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(20, 22), (12, 13, 14)], ids=str)
def test_value_agrees_with_itks_mattes_metric(shape, masked, bins):
    fixed, warped = a_pair(shape)
    mask = a_mask(shape) if masked else None
    itk = itk_metric(
        fixed, warped, mask, sitk.ImageRegistrationMethod.SetMetricAsMattesMutualInformation, bins
    )
    assert float(MutualInformation(bins=bins).value(fixed, warped, mask)) == pytest.approx(-itk, rel=1e-5)


def test_gradient_with_automatic_range_is_the_slope_at_all_but_the_extreme_voxels():
    fixed, warped = a_pair((7, 8, 9))
    measure = MutualInformation(bins=16)
    along = noise((7, 8, 9), 5)
    along.view(-1)[[int(warped.argmin()), int(warped.argmax())]] = 0
    _, gradient = measure.loss_and_gradient(fixed, warped)
    ends = [float(measure.loss(fixed, warped + s * along)) for s in (1e-6, -1e-6)]
    # the steps are small enough that no other voxel becomes the extreme
    assert float((gradient * along).sum()) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4)


def test_the_window_is_a_partition_of_one_and_the_slopes_are_its_derivatives():
    place = torch.linspace(0, 1, 11, dtype=torch.float64, requires_grad=True)
    windows = [_window(place, tap) for tap in range(TAPS)]
    torch.testing.assert_close(torch.stack(windows).sum(0), torch.ones_like(place))
    assert [float(w[0].detach()) for w in windows] == pytest.approx([1 / 6, 4 / 6, 1 / 6, 0])
    for tap, window in enumerate(windows):
        (slope,) = torch.autograd.grad(window.sum(), place)
        torch.testing.assert_close(_window_slope(place.detach(), tap), slope)


@pytest.mark.parametrize("masked", [False, True])
def test_a_sample_of_the_voxels_gives_about_the_value_of_all(masked):
    shape = (30, 32, 34)
    fixed, warped = a_pair(shape)
    mask = some_weights(shape) if masked else None
    every = float(MutualInformation(bins=16).value(fixed, warped, mask))
    scattered = MutualInformation(bins=16, sampling_fraction=0.4)
    drawn = MutualInformation(bins=16, sampling_fraction=0.4, generator=torch.Generator().manual_seed(0))
    assert float(scattered.value(fixed, warped, mask)) == pytest.approx(every, rel=0.05)
    assert float(drawn.value(fixed, warped, mask)) == pytest.approx(every, rel=0.05)


def test_sampled_gradient_is_the_slope_of_the_sampled_loss():
    fixed, warped = a_pair((7, 8, 9))
    measure = MutualInformation(bins=12, sampling_fraction=0.3, fixed_range=(-6, 6), warped_range=(-6, 6))
    along = noise((7, 8, 9), 5)
    _, gradient = measure.loss_and_gradient(fixed, warped, a_mask((7, 8, 9)))
    ends = [float(measure.loss(fixed, warped + s * along, a_mask((7, 8, 9)))) for s in (1e-5, -1e-5)]
    assert float((gradient * along).sum()) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5)


def test_draws_repeat_with_the_seed_and_differ_from_call_to_call():
    fixed, warped = a_pair((12, 13, 14))

    def two_draws(seed):
        generator = torch.Generator().manual_seed(seed)
        measure = MutualInformation(sampling_fraction=0.2, generator=generator)
        return [float(measure.value(fixed, warped)) for _ in range(2)]

    assert two_draws(7) == two_draws(7)
    assert two_draws(7)[0] != two_draws(7)[1]
    assert two_draws(7) != two_draws(8)


def test_values_beyond_a_given_range_count_at_its_end_and_do_not_pull():
    fixed, warped = a_pair((8, 9, 10))
    measure = MutualInformation(bins=12, fixed_range=(-1, 1), warped_range=(-1, 1))
    loss, gradient = measure.loss_and_gradient(fixed, warped)
    assert loss == pytest.approx(-float(measure.value(fixed, warped.clamp(-1, 1))), rel=1e-12)
    assert (gradient[(warped < -1) | (warped > 1)] == 0).all()
    assert gradient.abs().max() > 0


def test_nan_in_an_image_is_refused():
    fixed, warped = a_pair((5, 6))
    warped[0, 1, 1] = float("nan")
    with pytest.raises(InputError, match="have no histogram"):
        MutualInformation().value(fixed, warped)
