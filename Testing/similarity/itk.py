"""Metric values of SimpleITK, the second program."""

from __future__ import annotations

from collections.abc import Callable

import SimpleITK as sitk
from torch import Tensor


def itk_metric(
    fixed: Tensor, warped: Tensor, mask: Tensor | None, choose: Callable[..., None], *options
) -> float:
    """Value of the metric that `choose(registration, *options)` sets, of two images [1, *shape]."""
    images = [sitk.GetImageFromArray(image[0].numpy()) for image in (fixed, warped)]
    registration = sitk.ImageRegistrationMethod()
    registration.SetInitialTransform(sitk.TranslationTransform(images[0].GetDimension()))
    registration.SetInterpolator(sitk.sitkLinear)
    registration.SetMetricSamplingStrategy(sitk.ImageRegistrationMethod.NONE)
    if mask is not None:
        of_mask = sitk.GetImageFromArray(mask.numpy().astype("uint8"))
        registration.SetMetricFixedMask(of_mask)
        registration.SetMetricMovingMask(of_mask)
    choose(registration, *options)
    return float(registration.MetricEvaluate(*images))
