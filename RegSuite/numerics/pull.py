"""Reading an image at displaced places, differentiable in the image and in the displacement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError

_PLANES_A_SLAB = 2
_ROWS_A_SLAB = 8

_ROUNDING = 1e-3
"""Voxels by which places in float32 and in float64 may differ, with room."""


def pull(image: Tensor, displacement: Tensor, spacing: Sequence[float]) -> Tensor:
    """image [C, *S] at x + displacement(x): [C, *S]; linear between voxels, its border repeated.

    displacement: [d, *S] along the lattice's axes (component 0 along x), in the unit of `spacing`
    (x, y, z). Differentiable in both, once. Where x + displacement lies beyond an axis, the
    displacement's gradient along it is 0; at a voxel it is that of the cell on the right.
    The same bits on the CPU for any number of threads. Raises GeometryError for shapes that do not fit.
    """
    shape = tuple(image.shape[1:])
    d = len(shape)
    if d not in (2, 3) or tuple(displacement.shape) != (d, *shape) or len(spacing) != d:
        raise GeometryError(
            f"an image of shape {tuple(image.shape)}, a displacement of shape "
            f"{tuple(displacement.shape)} and {len(spacing)} spacings do not fit",
            mend="give [C, *S], [d, *S] and d spacings, d = 2 or 3",
        )
    from RegSuite.numerics import kernels

    if kernels.serves(image, displacement):
        pulled: Tensor = _Pull.apply(image, displacement, tuple(map(float, spacing)))  # type: ignore[no-untyped-call]
        return pulled
    return pull_plain(image, displacement, spacing)


class _Pull(torch.autograd.Function):
    """The compiled form of `pull_plain`."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, displacement: Tensor, spacing: tuple[float, ...]) -> Tensor:
        from RegSuite.numerics import kernels, kernels_pull

        ctx.save_for_backward(image if ctx.needs_input_grad[1] else None, displacement)
        ctx.per_voxel = (1.0 / np.asarray(spacing)).astype(np.float32)
        out = torch.empty_like(image, memory_format=torch.contiguous_format)
        run = kernels_pull.pull_plane if image.ndim == 3 else kernels_pull.pull_volume
        run(kernels.array(image), kernels.array(displacement), ctx.per_voxel, out.numpy())
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        from RegSuite.numerics import kernels, kernels_pull

        image, displacement = ctx.saved_tensors
        wants_image, wants_field, _ = ctx.needs_input_grad
        plane = gradient.ndim == 3
        nothing = torch.empty((1,) * gradient.ndim)
        of_image = torch.zeros(gradient.shape) if wants_image else None
        of_field = torch.empty(displacement.shape) if wants_field else None
        run = kernels_pull.pull_plane_back if plane else kernels_pull.pull_volume_back
        run(
            _flat(nothing if image is None else image),
            kernels.array(displacement),
            ctx.per_voxel,
            kernels.array(gradient),
            slab_thickness(displacement[-1], ctx.per_voxel[-1], wants_image),
            wants_image,
            wants_field,
            _flat(nothing if of_image is None else of_image),
            (nothing if of_field is None else of_field).numpy(),
        )
        return of_image, of_field, None


def slab_thickness(along: Tensor, per_voxel: float, writes: bool) -> int:
    """Planes a slab [n, ...], so that every second slab reads places of its own.

    along: the displacement along the first dimension; all planes where no thinner slabs are apart.
    writes: whether it matters.
    """
    n = len(along)
    thick = _PLANES_A_SLAB if along.ndim == 3 else _ROWS_A_SLAB
    if not writes or thick >= n:
        return thick
    least, most = torch.aminmax(along.reshape(n, -1), dim=1)
    place = np.arange(n)
    low = place + per_voxel * least.double().numpy() - _ROUNDING
    high = place + per_voxel * most.double().numpy() + _ROUNDING
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return n
    low = np.floor(low.clip(0, n - 2))
    high = np.floor(high.clip(0, n - 2)) + 1
    while thick < n:
        starts = np.arange(0, n, thick)
        first, last = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        if (np.maximum.accumulate(last[0:-2:2]) < first[2::2]).all() and (
            np.maximum.accumulate(last[1:-2:2]) < first[3::2]
        ).all():
            break
        thick *= 2
    return min(thick, n)


def _flat(values: Tensor) -> np.ndarray:
    """[C, voxels], contiguous."""
    from RegSuite.numerics import kernels

    return kernels.array(values).reshape(values.shape[0], -1)


def pull_plain(image: Tensor, displacement: Tensor, spacing: Sequence[float]) -> Tensor:
    """`pull` in plain torch: any device, any floating type."""
    shape = image.shape[1:]
    d = len(shape)
    lefts, weights = [], []
    for axis in range(d):
        dim = d - 1 - axis
        n = shape[dim]
        base = torch.arange(n, dtype=image.dtype, device=image.device)
        base = base.reshape([-1 if e == dim else 1 for e in range(d)])
        place = (base + displacement[axis] * (1.0 / float(spacing[axis]))).clamp(0, n - 1)
        left = place.detach().floor().clamp(0, max(n - 2, 0))
        weights.append(place - left)
        lefts.append(left.long())
    flat = image.reshape(image.shape[0], -1)
    out = torch.zeros_like(image)
    for corner in range(1 << d):
        weight: Tensor | float = 1.0
        index: Tensor | int = 0
        for axis in reversed(range(d)):
            n = shape[d - 1 - axis]
            right = corner >> axis & 1
            weight = weight * (weights[axis] if right else 1 - weights[axis])
            index = index * n + (lefts[axis] + right).clamp(max=n - 1)
        assert isinstance(index, Tensor)
        out = out + weight * flat.index_select(1, index.reshape(-1)).reshape(image.shape)
    return out
