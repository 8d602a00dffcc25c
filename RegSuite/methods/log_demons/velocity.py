"""Velocity fields on a lattice: their bracket, their composition in the log domain, their norm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def lie_bracket(v: Tensor, u: Tensor, spacing: Sequence[float]) -> Tensor:
    """[v, u] = Jv u - Ju v of fields [d, *shape] in mm along the lattice's axes.

    With this sign exp(v) o exp(u) = exp(v + u + [v, u] / 2 + ...).
    Source: Vercauteren et al. 2008, MICCAI, doi:10.1007/978-3-540-85988-8_90, equation 7.
    """
    out = torch.zeros_like(v)
    for axis, step in enumerate(spacing):
        dim = v.ndim - 1 - axis
        if v.shape[dim] > 1:
            out += derivative(v, dim, step) * u[axis] - derivative(u, dim, step) * v[axis]
    return out


def log_of_product(v: Tensor, u: Tensor, spacing: Sequence[float], order: int) -> Tensor:
    """log(exp(v) o exp(u)) to the first (v + u) or second order of Baker, Campbell and Hausdorff."""
    out = v + u
    return out if order == 1 else out.add_(lie_bracket(v, u, spacing), alpha=0.5)


def sobolev_norm_mm(velocity: Tensor, spacing: Sequence[float], sigma_mm: float) -> float:
    """||v||_V in mm: the root of the mean over the lattice of |v|^2 + sigma^2 |Dv|^2.

    The square of smoothing's inverse, exp(sigma^2 |k|^2) in frequencies k for a Gaussian of
    `sigma_mm`, to first order in sigma^2: the Sobolev (H1) norm that belongs to the smoothing.
    """
    total = float(velocity.square().sum(dtype=torch.float64))
    for axis, step in enumerate(spacing):
        dim = velocity.ndim - 1 - axis
        if velocity.shape[dim] > 1:
            slope = derivative(velocity, dim, step)
            total += sigma_mm**2 * float(slope.square().sum(dtype=torch.float64))
    return float((total / velocity[0].numel()) ** 0.5)


def derivative(values: Tensor, dim: int, step: float) -> Tensor:
    """Central differences along a tensor dimension, one-sided at both ends (at least 2 long)."""
    n = values.shape[dim]
    out = torch.empty_like(values)
    out.narrow(dim, 1, n - 2).copy_(
        (values.narrow(dim, 2, n - 2) - values.narrow(dim, 0, n - 2)) / (2 * step)
    )
    for edge, inner, sign in ((0, 1, 1.0), (n - 1, n - 2, -1.0)):
        out.select(dim, edge).copy_(sign * (values.select(dim, inner) - values.select(dim, edge)) / step)
    return out
