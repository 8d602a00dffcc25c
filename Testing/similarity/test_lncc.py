"""Local correlation against a plain loop, its expectation on noise, and SimpleITK."""

import itertools

import pytest
import SimpleITK as sitk
import torch

from RegSuite.similarity import LNCC
from RegSuite.similarity.box_sum import box_sum
from RegSuite.similarity.lncc import _Windows
from RegSuite.similarity.pair import make_pair
from Testing.similarity.itk import itk_metric
from Testing.similarity.pairs import a_mask, a_pair, noise, some_weights


def plain_lncc(fixed, warped, weights, radius):
    """The definition in LNCC's docstring, voxel by voxel (no floor)."""
    shape = fixed.shape[1:]
    total = 0.0
    for place in itertools.product(*(range(n) for n in shape)):
        window = tuple(slice(max(0, p - r), p + r + 1) for p, r in zip(place, radius[::-1], strict=True))
        w, f, g = weights[window], fixed[0][window], warped[0][window]
        mean_f, mean_g = (w * f).sum() / w.sum(), (w * g).sum() / w.sum()
        covariance = (w * (f - mean_f) * (g - mean_g)).sum()
        squares = (w * (f - mean_f) ** 2).sum() * (w * (g - mean_g) ** 2).sum()
        if weights[place] > 0:
            total += float(weights[place] * covariance**2 / squares)
    return total / float(weights.sum())


@pytest.mark.parametrize(
    ("shape", "radius"),
    [((6, 7), (2, 1)), ((4, 5, 6), (1, 2, 3)), ((1, 6, 7), (2, 2, 2)), ((5, 1, 6), (9, 1, 1))],
)
@pytest.mark.parametrize("masked", ["none", "boolean", "weights"])
def test_value_is_that_of_a_plain_loop_over_windows(shape, radius, masked):
    fixed, warped = a_pair(shape)
    mask = {"none": None, "boolean": a_mask(shape), "weights": some_weights(shape)}[masked]
    weights = torch.ones(shape, dtype=torch.float64) if mask is None else mask.double()
    value = float(LNCC(radius=radius, variance_floor=0.0).value(fixed, warped, mask))
    assert value == pytest.approx(plain_lncc(fixed, warped, weights, radius), rel=1e-9)


def test_equal_images_have_a_value_of_one():
    fixed = noise((8, 9, 10))
    assert float(LNCC().value(fixed, 2 - 3 * fixed)) == pytest.approx(1, abs=1e-12)


def test_independent_noise_has_the_expectation_one_over_samples_less_one():
    # E r^2 = 1 / (n - 1) for n independent Gaussian pairs; a window of radius 2 in 3D has n = 125
    whole = noise((40, 40, 40), 1), noise((40, 40, 40), 2)
    windows = _Windows(make_pair(*whole, None), (2, 2, 2), 0.0).cc()[0, 2:-2, 2:-2, 2:-2]
    # about 36^3 / 125 = 370 independent windows, sd of r^2 is sqrt(2) / 125: 7 % of the mean
    assert float(windows.mean()) == pytest.approx(1 / 124, rel=0.2)


def test_windows_flatter_than_the_floor_count_towards_nothing():
    fixed = noise((12, 12, 12))
    fixed[..., 6:] *= 1e-5  # half of the image is flat, but for tiny structure that matches
    value = float(LNCC(radius=1).value(fixed, fixed))
    assert value == pytest.approx(7 / 12, abs=0.01)  # windows that touch the structured half
    assert float(LNCC(radius=1, variance_floor=1e-12).value(fixed, fixed)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("shape", [(20, 22), (12, 13, 14)], ids=str)
def test_value_agrees_with_itk_at_the_borders_of_image_and_mask_too(shape, radius, masked):
    fixed, warped = a_pair(shape)
    mask = a_mask(shape) if masked else None
    itk = itk_metric(
        fixed, warped, mask, sitk.ImageRegistrationMethod.SetMetricAsANTSNeighborhoodCorrelation, radius
    )
    assert float(LNCC(radius=radius).value(fixed, warped, mask)) == pytest.approx(-itk, rel=1e-6)


@pytest.mark.parametrize("radius", [(0, 0, 0), (1, 0, 2), (3, 9, 1), (20, 20, 20)])
def test_box_sums_are_sums_over_clipped_boxes(radius):
    values = noise((5, 6, 7), channels=2)
    summed = box_sum(values, radius)
    for place in [(0, 0, 0), (2, 3, 4), (4, 5, 6), (1, 5, 0)]:
        window = [slice(max(0, p - r), p + r + 1) for p, r in zip(place, radius[::-1], strict=True)]
        torch.testing.assert_close(
            summed[(slice(None), *place)], values[(slice(None), *window)].sum((1, 2, 3))
        )


def test_box_sum_is_its_own_adjoint():
    a, b = noise((5, 6, 7), 1), noise((5, 6, 7), 2)
    assert float((box_sum(a, (1, 2, 3)) * b).sum()) == pytest.approx(float((a * box_sum(b, (1, 2, 3))).sum()))
