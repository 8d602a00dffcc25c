"""Sampling an image at other places: the one warp that everything uses."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

Mode = Literal["linear", "nearest"]


def index_map(
    shape: tuple[int, ...],
    affine: np.ndarray,
    field: Tensor | None = None,
    field_matrix: np.ndarray | None = None,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Moving voxel index (x, y, z order) of every fixed voxel: [*shape, d].

    index = affine[:, :d] @ i + affine[:, d] + field_matrix @ field(i).
    affine: [d, d+1] fixed voxel index -> moving voxel index. field: [d, *shape];
    field_matrix: [d, d] from the field's unit to moving voxels (identity if None).
    """
    d = len(shape)
    axes = torch.meshgrid(*(torch.arange(n, device=device, dtype=dtype) for n in shape), indexing="ij")
    base = torch.stack(axes[::-1], dim=-1)
    a = torch.tensor(np.asarray(affine), dtype=dtype, device=device)
    out = base @ a[:, :d].T + a[:, d]
    if field is not None:
        u = field.movedim(0, -1).to(dtype)
        if field_matrix is not None:
            u = u @ torch.tensor(np.asarray(field_matrix), dtype=dtype, device=device).T
        out = out + u
    return out


def sample(image: Tensor, index: Tensor, mode: Mode = "linear", outside: float | None = None) -> Tensor:
    """Values of image [C, *S] at voxel indices [*out, d] (x, y, z order): [C, *out].

    outside: the value beyond the outer voxel CENTRES' border by more than half a voxel;
    None repeats the border. Differentiable in image and index (linear mode).
    """
    size = torch.tensor(image.shape[:0:-1], dtype=index.dtype, device=index.device)
    # one-voxel axes: align_corners divides by size - 1, so their coordinate is fixed at the voxel
    normalised = torch.where(size > 1, 2 * index / (size - 1).clamp(min=1) - 1, torch.zeros_like(index))
    d = index.shape[-1]
    flat = normalised.reshape(1, *((1,) * (d - 1)), -1, d)
    values = nnf.grid_sample(
        image[None].to(index.dtype),
        flat,
        mode="bilinear" if mode == "linear" else "nearest",
        padding_mode="border",
        align_corners=True,
    )
    values = values.reshape(image.shape[0], *index.shape[:-1])
    if outside is not None:
        inside = ((index >= -0.5) & (index <= size - 0.5)).all(dim=-1)
        values = torch.where(inside, values, torch.full_like(values, outside))
    return values


def warp(
    image: Tensor,
    shape: tuple[int, ...],
    affine: np.ndarray,
    field: Tensor | None = None,
    field_matrix: np.ndarray | None = None,
    *,
    mode: Mode = "linear",
    outside: float | None = None,
) -> Tensor:
    """Image [C, *S] pulled onto a fixed lattice of `shape`: [C, *shape], float32.

    The place each fixed voxel reads is `index_map`'s; `outside` as in `sample`.
    On CPU a compiled kernel does both in one pass; elsewhere torch's operators.
    """
    from RegSuite.numerics import kernels

    if kernels.serves(image, field) and mode == "linear" and len(shape) == 3:
        return kernels.warp(image, shape, affine, field, field_matrix, outside)
    index = index_map(shape, affine, field, field_matrix, device=image.device)
    return sample(image.float(), index, mode, outside)
