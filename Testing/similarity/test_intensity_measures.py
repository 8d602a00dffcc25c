"""SSD and NCC against formulas and SimpleITK."""

import pytest
import SimpleITK as sitk
import torch

from RegSuite.similarity import NCC, SSD
from Testing.similarity.itk import itk_metric
from Testing.similarity.pairs import a_mask, a_pair


def test_ssd_weighs_squared_differences():
    fixed = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    warped = torch.tensor([[[1.0, 1.0], [5.0, 100.0]]])
    weights = torch.tensor([[1.0, 0.5], [0.5, 0.0]])
    loss, gradient = SSD().loss_and_gradient(fixed, warped, weights)
    assert loss == pytest.approx((1 * 1 + 0.5 * 0 + 0.5 * 9) / 2)
    torch.testing.assert_close(gradient, torch.tensor([[[1.0, 0.0], [1.5, 0.0]]]))


def test_ssd_of_many_large_float32_values_keeps_its_digits():
    fixed = torch.zeros(1, 100, 100, 100)
    assert float(SSD().value(fixed, fixed + 1000.0)) == 1e6


def test_correlation_of_orthogonal_waves_at_an_angle_is_the_cosine():
    x = torch.arange(64, dtype=torch.float64) * (2 * torch.pi / 64)
    fixed = torch.sin(x).expand(1, 8, 64)
    warped = (0.6 * torch.sin(x) + 0.8 * torch.cos(x)).expand(1, 8, 64)
    assert float(NCC().value(fixed, warped)) == pytest.approx(0.6, abs=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_ssd_and_squared_correlation_agree_with_itk(masked):
    fixed, warped = a_pair((9, 10, 11))
    mask = a_mask((9, 10, 11)) if masked else None
    mean_squares = itk_metric(fixed, warped, mask, sitk.ImageRegistrationMethod.SetMetricAsMeanSquares)
    correlation = itk_metric(fixed, warped, mask, sitk.ImageRegistrationMethod.SetMetricAsCorrelation)
    assert float(SSD().value(fixed, warped, mask)) == pytest.approx(mean_squares, rel=1e-6)
    assert float(NCC(squared=True).value(fixed, warped, mask)) == pytest.approx(-correlation, rel=1e-6)
