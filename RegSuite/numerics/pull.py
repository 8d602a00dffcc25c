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
    return pull_all((image,), displacement, spacing)[0]


def pull_all(images: Sequence[Tensor], displacement: Tensor, spacing: Sequence[float]) -> tuple[Tensor, ...]:
    """`pull` of several images [C_i, *S] by one displacement, none of them copied together.

    Cheaper than `pull` of their concatenation: gradients are made for the images that want one.
    """
    shape = tuple(displacement.shape[1:])
    d = len(shape)
    if d not in (2, 3) or len(displacement) != d or len(spacing) != d:
        raise GeometryError(
            f"a displacement of shape {tuple(displacement.shape)} and {len(spacing)} spacings do not fit",
            mend="give [d, *S] and d spacings, d = 2 or 3",
        )
    for image in images:
        if tuple(image.shape[1:]) != shape:
            raise GeometryError(
                f"an image of shape {tuple(image.shape)} and a displacement of shape "
                f"{tuple(displacement.shape)} do not fit",
                mend="give [C, *S] and [d, *S]",
            )
    from RegSuite.numerics import kernels

    if kernels.serves(displacement, *images):
        pulled: tuple[Tensor, ...] = _Pull.apply(displacement, tuple(map(float, spacing)), *images)  # type: ignore[no-untyped-call]
        return pulled
    return tuple(pull_plain(image, displacement, spacing) for image in images)


class _Pull(torch.autograd.Function):
    """The compiled form of `pull_plain`, for images by one displacement."""

    @staticmethod
    def forward(
        ctx: Any, displacement: Tensor, spacing: tuple[float, ...], *images: Tensor
    ) -> tuple[Tensor, ...]:
        from RegSuite.numerics import kernels, kernels_pull

        ctx.set_materialize_grads(False)
        ctx.save_for_backward(displacement, *(images if ctx.needs_input_grad[0] else ()))
        ctx.per_voxel = (1.0 / np.asarray(spacing)).astype(np.float32)
        run = kernels_pull.pull_plane if displacement.ndim == 3 else kernels_pull.pull_volume
        field = kernels.array(displacement)
        read = []
        for image in images:
            read.append(torch.empty_like(image, memory_format=torch.contiguous_format))
            run(kernels.array(image), field, ctx.per_voxel, read[-1].numpy())
        return tuple(read)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        from RegSuite.numerics import kernels, kernels_pull

        displacement, *images = ctx.saved_tensors
        wants_field, _, *wants_images = ctx.needs_input_grad
        plane = displacement.ndim == 3
        run = kernels_pull.pull_plane_back if plane else kernels_pull.pull_volume_back
        field = kernels.array(displacement)
        writes = any(wanted and g is not None for wanted, g in zip(wants_images, gradients, strict=True))
        thick = slab_thickness(displacement[-1], ctx.per_voxel[-1], writes)
        nothing = torch.empty((1,) * displacement.ndim)
        of_field: Tensor | None = None
        of_images: list[Tensor | None] = []
        for number, gradient in enumerate(gradients):
            of_images.append(None)
            wanted = wants_images[number]
            if gradient is None or not (wanted or wants_field):
                continue
            adds = of_field is not None
            if wants_field and of_field is None:
                of_field = torch.empty(displacement.shape)
            one = torch.zeros(gradient.shape) if wanted else None
            run(
                _flat(images[number] if wants_field else nothing),
                field,
                ctx.per_voxel,
                kernels.array(gradient),
                thick,
                wanted,
                wants_field,
                adds,
                _flat(nothing if one is None else one),
                (nothing if of_field is None else of_field).numpy(),
            )
            of_images[-1] = one
        return of_field, None, *of_images


def slab_thickness(along: Tensor, per_voxel: float, writes: bool) -> int:
    """Planes a slab [n, ...], so that every second slab reads places of its own.

    along: the displacement along the first dimension; all planes where no thinner slabs are apart.
    writes: whether it matters.
    """
    n = len(along)
    thick = _PLANES_A_SLAB if along.ndim == 3 else _ROWS_A_SLAB
    if not writes or thick >= n:
        return thick
    rows = along.detach().reshape(n, -1)
    least, most = rows.amin(dim=1), rows.amax(dim=1)  # 20 times as fast as aminmax
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
