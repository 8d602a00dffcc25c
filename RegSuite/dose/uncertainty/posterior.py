"""What a regularised registration may still be wrong by, where images tell so much and no more.

A registration weighs the images' curvature H against a regulariser of strength lambda: of a true
displacement it leaves out R = (I + H / lambda)^-1, as ridge regression does. What is left out has the
covariance R P R, P being how much displacements vary on the scale that the regulariser acts on. P is read
from the found displacement itself (empirical Bayes): where it departs much from its own smooth course,
more was and more may have been left out. R acts along the curvature's own axes, so that an edge holds
the displacement across and not along.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from RegSuite.numerics.smoothing import gaussian, sigmas_voxels


def covariance_left(curvature: Tensor, prior: Tensor, stiffness: float) -> Tensor:
    """R P R [3, 3, ...] in mm^2 for curvature [3, 3, ...] and prior covariance [3, 3, ...] in mm^2.

    stiffness: the curvature (same unit) that holds back half. Negative curvature (images that
    contradict each other) counts as none, so that the trace never exceeds the prior's.
    """
    values, vectors = torch.linalg.eigh(curvature.movedim((0, 1), (-2, -1)).double())
    held = 1 / (1 + values.clamp(min=0) / stiffness)
    left = (vectors * held[..., None, :]) @ vectors.transpose(-1, -2)
    covariance: Tensor = left @ prior.movedim((0, 1), (-2, -1)).double() @ left
    return covariance.movedim((-2, -1), (0, 1)).float()


def unevenness(displacement: Tensor, known: Tensor, course_mm: float, spacing: Sequence[float]) -> Tensor:
    """How far a displacement departs from its own smooth course: mean of r r^T, [3, 3, Z, Y, X] in mm^2.

    displacement [3, Z, Y, X] mm along the grid's axes; known [Z, Y, X]: where it counts. r is it less its
    Gaussian mean of SD course_mm; the mean of r r^T is taken with half that SD.
    """
    weight = known.float()[None]
    rest = torch.where(known, displacement - _mean(displacement, weight, course_mm, spacing), 0.0)
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    products = torch.stack([rest[i] * rest[j] for i, j in pairs])
    six = _mean(products, weight, course_mm / 2, spacing)
    return six[[0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(3, 3, *six.shape[1:])


def _mean(values: Tensor, weight: Tensor, sd_mm: float, spacing: Sequence[float]) -> Tensor:
    """Gaussian means over what is known; of a place far from anything known, zero."""
    sigmas = sigmas_voxels(sd_mm, spacing)
    return gaussian(values * weight, sigmas) / gaussian(weight, sigmas).clamp(min=math.exp(-12))
