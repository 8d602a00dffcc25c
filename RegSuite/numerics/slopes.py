"""Slopes of an image along the lattice's axes and the stretch det(I + Du), both differentiable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.numerics.jacobian import determinant_of_identity_plus

_PLANES_A_SLAB = 8


def slopes(image: Tensor, spacing: Sequence[float]) -> Tensor:
    """Slopes of image [C, *S] along x, y(, z): [C, d, *S], per unit of `spacing` (x, y, z).

    Central differences, one-sided at the borders, 0 along an axis of one voxel. Differentiable.
    """
    _check(image.ndim - 1, spacing)
    from RegSuite.numerics import kernels

    if kernels.serves(image):
        found: Tensor = _Slopes.apply(image, tuple(map(float, spacing)))  # type: ignore[no-untyped-call]
        return found
    return slopes_plain(image, spacing)


def stretch(displacement: Tensor, spacing: Sequence[float]) -> Tensor:
    """det(I + Du) of a displacement [d, *S] along the lattice's axes: [*S]; slopes as above.

    Differentiable.
    """
    d = displacement.ndim - 1
    _check(d, spacing)
    if len(displacement) != d:
        raise GeometryError(
            f"a displacement of shape {tuple(displacement.shape)} has not {d} components",
            mend="give one component an axis",
        )
    from RegSuite.numerics import kernels

    if kernels.serves(displacement):
        found: Tensor = _Stretch.apply(displacement, tuple(map(float, spacing)))  # type: ignore[no-untyped-call]
        return found
    return stretch_plain(displacement, spacing)


def push(weight: Tensor, image: Tensor, spacing: Sequence[float]) -> Tensor:
    """sum over c of weight[c] grad image[c], [d, *S], of weight and image [C, *S]; slopes as above.

    The momentum z grad I in one pass, without the slopes of every channel. Differentiable in both.
    """
    d = image.ndim - 1
    _check(d, spacing)
    if weight.shape != image.shape:
        raise GeometryError(f"weights {tuple(weight.shape)} do not fit an image {tuple(image.shape)}")
    from RegSuite.numerics import kernels

    if kernels.serves(weight, image):
        pushed: Tensor = _Push.apply(weight, image, tuple(map(float, spacing)))  # type: ignore[no-untyped-call]
        return pushed
    return push_plain(weight, image, spacing)


def push_plain(weight: Tensor, image: Tensor, spacing: Sequence[float]) -> Tensor:
    """`push` in plain torch: any device, any floating type."""
    return (weight[:, None] * slopes_plain(image, spacing)).sum(dim=0)


def slopes_plain(image: Tensor, spacing: Sequence[float]) -> Tensor:
    """`slopes` in plain torch: any device, any floating type."""
    parts = []
    for axis, step in enumerate(spacing):
        dim = image.ndim - 1 - axis
        n = image.shape[dim]
        if n == 1:
            parts.append(torch.zeros_like(image))
            continue
        wide = (image.narrow(dim, 2, n - 2) - image.narrow(dim, 0, n - 2)) / (2 * step)
        first = (image.narrow(dim, 1, 1) - image.narrow(dim, 0, 1)) / step
        last = (image.narrow(dim, n - 1, 1) - image.narrow(dim, n - 2, 1)) / step
        parts.append(torch.cat([first, wide, last], dim))
    return torch.stack(parts, dim=1)


def stretch_plain(displacement: Tensor, spacing: Sequence[float]) -> Tensor:
    """`stretch` in plain torch: any device, any floating type."""
    return determinant_of_identity_plus(slopes_plain(displacement, spacing))


class _Slopes(torch.autograd.Function):
    """The compiled form of `slopes_plain`."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, spacing: tuple[float, ...]) -> Tensor:
        from RegSuite.numerics import kernels, kernels_slopes

        d = image.ndim - 1
        ctx.inverse = (1.0 / np.asarray(spacing)).astype(np.float32)
        out = torch.empty((image.shape[0], d, *image.shape[1:]))
        kernels_slopes.slopes(_deep(kernels.array(image), d), ctx.inverse, _deep(out.numpy(), d))
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        from RegSuite.numerics import kernels, kernels_slopes

        d = gradient.shape[1]
        out = torch.empty((gradient.shape[0], *gradient.shape[2:]))
        kernels_slopes.slopes_back(_deep(kernels.array(gradient), d), ctx.inverse, _deep(out.numpy(), d))
        return out, None


class _Stretch(torch.autograd.Function):
    """The compiled form of `stretch_plain`."""

    @staticmethod
    def forward(ctx: Any, displacement: Tensor, spacing: tuple[float, ...]) -> Tensor:
        from RegSuite.numerics import kernels, kernels_slopes

        d = len(displacement)
        ctx.save_for_backward(displacement)
        ctx.inverse = (1.0 / np.asarray(spacing)).astype(np.float32)
        out = torch.empty(displacement.shape[1:])
        kernels_slopes.stretch(_deep(kernels.array(displacement), d), ctx.inverse, _deep(out.numpy(), d))
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        from RegSuite.numerics import kernels, kernels_slopes

        (displacement,) = ctx.saved_tensors
        d = len(displacement)
        out = torch.empty(displacement.shape)
        kernels_slopes.stretch_back(
            _deep(kernels.array(displacement), d),
            ctx.inverse,
            _deep(kernels.array(gradient), d),
            _PLANES_A_SLAB,
            _deep(out.numpy(), d),
        )
        return out, None


class _Push(torch.autograd.Function):
    """The compiled form of `push_plain`."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, image: Tensor, spacing: tuple[float, ...]) -> Tensor:
        from RegSuite.numerics import kernels, kernels_slopes

        d = image.ndim - 1
        ctx.save_for_backward(weight, image)
        ctx.inverse = (1.0 / np.asarray(spacing)).astype(np.float32)
        out = torch.empty((d, *image.shape[1:]))
        w, i = (_deep(kernels.array(t), d) for t in (weight, image))
        kernels_slopes.push(w, i, ctx.inverse, _deep(out.numpy(), d))
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        from RegSuite.numerics import kernels, kernels_slopes

        weight, image = ctx.saved_tensors
        d = len(gradient)
        wants_weight, wants_image, _ = ctx.needs_input_grad
        nothing = torch.empty((1,) * image.ndim)
        of_weight = torch.empty(image.shape) if wants_weight else None
        of_image = torch.empty(image.shape) if wants_image else None
        w, i, g = (_deep(kernels.array(t), d) for t in (weight, image, gradient))
        to = [_deep((nothing if t is None else t).numpy(), d) for t in (of_weight, of_image)]
        kernels_slopes.push_back(w, i, ctx.inverse, g, wants_weight, wants_image, *to)
        return of_weight, of_image, None


def _deep(values: np.ndarray, d: int) -> np.ndarray:
    """The same memory with a z axis of one voxel where the lattice is a plane."""
    return values if d == 3 else np.expand_dims(values, -3)


def _check(d: int, spacing: Sequence[float]) -> None:
    if d not in (2, 3) or len(spacing) != d:
        raise GeometryError(f"{len(spacing)} spacings do not fit a lattice of {d} axes", mend="d = 2 or 3")
