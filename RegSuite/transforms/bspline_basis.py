"""Uniform cubic B-splines: weights at a place, and as a matrix along one axis."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Derivative = Literal[0, 1, 2]


def cubic_weights(fraction: Tensor, derivative: Derivative = 0) -> Tensor:
    """Weights of the control points -1, 0, 1, 2 around a place [n] in 0..1 between 0 and 1: [n, 4].

    derivative: 0 for the value, 1 or 2 for derivatives by the place (per control spacing).
    Source: Rueckert et al. 1999, IEEE TMI 18(8), doi:10.1109/42.796284, after equation 3.
    """
    t, one = fraction, torch.ones_like(fraction)
    if derivative == 0:
        w = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4 * one, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
        return torch.stack(w, dim=-1) / 6
    if derivative == 1:
        w = (-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + one, t**2)
        return torch.stack(w, dim=-1) / 2
    return torch.stack((1 - t, 3 * t - 2, 1 - 3 * t, t), dim=-1)


def support(place: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where places [n] lie on a control axis: (first control point [n], fraction [n], inside [n]).

    place: in control point numbers 0..count-1. Inside is 1..count-2, where four control points
    surround the place (ITK's valid region, its upper end included).
    """
    inside = (place >= 1) & (place <= count - 2)
    safe = torch.where(inside, place, torch.ones_like(place))
    cell = safe.floor().clamp(max=count - 3)
    return cell.long() - 1, safe - cell, inside


def axis_matrix(place: Tensor, count: int, derivative: Derivative = 0) -> Tensor:
    """Matrix [n, count] that takes control values along an axis to places [n]; rows outside are 0.

    A dense matrix: the tensor-product evaluation then is one product an axis.
    """
    first, fraction, inside = support(place, count)
    columns = first[:, None] + torch.arange(4, device=place.device)
    weights = torch.where(inside[:, None], cubic_weights(fraction, derivative), 0.0)
    out = torch.zeros((len(place), count), dtype=place.dtype, device=place.device)
    return out.scatter_add_(1, columns, weights)


def tensor_product(control: Tensor, matrices: list[Tensor]) -> Tensor:
    """Control values [C, *m] to [C, *n], matrices [n_a, m_a] in voxel axis order x, y[, z].

    The slowest axis first: the intermediate results are then the smallest.
    """
    out = control
    for axis in reversed(range(len(matrices))):  # z, y, x = tensor dimensions 1, 2, 3
        dim = out.ndim - 1 - axis
        lead, tail = out.shape[:dim], out.shape[dim + 1 :]
        matrix = matrices[axis].to(out)
        if axis == 0:
            out = out @ matrix.T
        else:
            out = (matrix @ out.reshape(lead.numel(), out.shape[dim], tail.numel())).reshape(*lead, -1, *tail)
    return out
