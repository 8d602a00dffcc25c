"""Poisson's equation with values zero on the border of a lattice, solved exactly by sine transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def solve_poisson(rhs: Tensor, spacing: Sequence[float], smoothing: float = 0.0) -> Tensor:
    """u with Laplace u = S rhs inside the lattice and u = 0 on its outer nodes: [C, *shape].

    rhs: [C, *shape], 2D or 3D; its values on the outer nodes have no say. spacing: x, y, z. Laplace
    is the sum of second differences over the spacing squared: the answer is exact for it.
    smoothing: S = exp(smoothing^2 Laplace / 2), a Gaussian of that sigma (in the spacing's unit)
    whose values too are zero on the border; 0: S = 1. An axis of one node is no axis of the domain;
    one of two nodes is all border, so that u = 0. Differentiable; the operator is its own adjoint
    and negative. On CPU by scipy's sine transforms, elsewhere by products with sine matrices.
    """
    solved: Tensor = _Poisson.apply(rhs, tuple(float(s) for s in spacing), float(smoothing))  # type: ignore[no-untyped-call]
    return solved


def laplacian(values: Tensor, spacing: Sequence[float]) -> Tensor:
    """Second differences over the spacing squared, summed over the axes of the domain; 0 on the border."""
    out = torch.zeros_like(values)
    inside = _interior(values.shape[1:])
    for axis, step in enumerate(spacing):
        dim = values.ndim - 1 - axis
        if values.shape[dim] == 1:
            continue
        bend = torch.zeros_like(values)
        n = values.shape[dim]
        bend.narrow(dim, 1, n - 2).copy_(values.diff(n=2, dim=dim))
        out[inside] += bend[inside] / step**2
    return out


class _Poisson(torch.autograd.Function):
    """The solve and, since it is self-adjoint, the same solve backward."""

    @staticmethod
    def forward(ctx: Any, rhs: Tensor, spacing: tuple[float, ...], smoothing: float) -> Tensor:
        ctx.how = spacing, smoothing
        return _solve(rhs, spacing, smoothing)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        spacing, smoothing = ctx.how
        return solve_poisson(upstream[0], spacing, smoothing), None, None


def _solve(rhs: Tensor, spacing: tuple[float, ...], smoothing: float) -> Tensor:
    out = torch.zeros_like(rhs)
    inside = _interior(rhs.shape[1:])
    inner = rhs[inside]
    dims = [d for d in range(1, rhs.ndim) if rhs.shape[d] > 1]
    if inner.numel() == 0 or not dims:
        return out
    waves = _sine_transform(inner, dims, inverse=False)
    steps = dict(zip(range(rhs.ndim - 1, 0, -1), spacing, strict=True))
    curvature = sum(_eigenvalues(inner, d, steps[d]) for d in dims)
    assert isinstance(curvature, Tensor)
    gain = 1 / curvature if smoothing == 0 else torch.exp(0.5 * smoothing**2 * curvature) / curvature
    out[inside] = _sine_transform(waves * gain, dims, inverse=True)
    return out


def _interior(shape: Sequence[int]) -> tuple[slice, ...]:
    """The nodes that are not on the border, all channels; an axis of one node has no border."""
    return (slice(None), *(slice(1, -1) if n > 1 else slice(None) for n in shape))


def _eigenvalues(inner: Tensor, dim: int, step: float) -> Tensor:
    """Those of the second difference along one axis of n inner nodes, shaped to broadcast (all negative)."""
    n = inner.shape[dim]
    wave = torch.arange(1, n + 1, dtype=torch.float64, device=inner.device)
    values = -((2 / step * torch.sin(math.pi * wave / (2 * (n + 1)))) ** 2)
    shape = [1] * inner.ndim
    shape[dim] = n
    return values.reshape(shape).to(inner.dtype)


def _sine_transform(values: Tensor, dims: list[int], *, inverse: bool) -> Tensor:
    """The discrete sine transform of the first kind along `dims`; `inverse` undoes it."""
    if values.device.type == "cpu":
        from scipy import fft

        transform = fft.idstn if inverse else fft.dstn
        done = transform(values.detach().numpy(), type=1, axes=dims, workers=torch.get_num_threads())
        return torch.from_numpy(done)
    return sine_transform_plain(values, dims, inverse=inverse)


def sine_transform_plain(values: Tensor, dims: list[int], *, inverse: bool) -> Tensor:
    """The same in torch: a product with the matrix 2 sin(pi j k / (n + 1)) along each axis."""
    for dim in dims:
        n = values.shape[dim]
        count = torch.arange(1, n + 1, dtype=torch.float64, device=values.device)
        sines = 2 * torch.sin(math.pi * torch.outer(count, count) / (n + 1))
        if inverse:
            sines = sines / (2 * (n + 1))
        values = torch.tensordot(values, sines.to(values.dtype), dims=([dim], [0])).movedim(-1, dim)
    return values
