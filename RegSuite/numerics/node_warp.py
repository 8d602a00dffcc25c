"""Warping an image by a displacement that lives on coarser nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from RegSuite.numerics import kernels
from RegSuite.numerics.pyramid import refine
from RegSuite.numerics.resample import index_map, sample


def warp_by_nodes(
    image: Tensor,
    shape: tuple[int, ...],
    affine: np.ndarray,
    field: Tensor,
    strides: Sequence[int],
    spacing: Sequence[float],
    wants_inside: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """(warped [C, *shape], inside [*shape] or None): image [C, Z, Y, X] at affine (x + u(x)).

    field: u [3, *nodes] in mm along the fixed lattice's axes, at the centres of blocks of
    `strides` (x, y, z) voxels, linear in between. spacing: of the fixed lattice, mm.
    affine: [3, 4] fixed voxel to moving voxel. Beyond the image its border is repeated;
    `inside` is 1 where the voxel read lies between the image's outer faces, else 0.
    """
    if kernels.serves(image, field):
        pairs = [
            kernels.warp_by_nodes(c, shape, affine, field, strides, spacing, wants_inside and i == 0)
            for i, c in enumerate(image)
        ]
        return torch.stack([p[0] for p in pairs]) if len(pairs) > 1 else pairs[0][0][None], pairs[0][1]
    u = refine(field, shape, strides)
    per_voxel = torch.tensor([1.0 / s for s in spacing], dtype=u.dtype, device=u.device)
    matrix = np.asarray(affine)[:, :3]
    index = index_map(shape, affine, u * per_voxel.reshape(3, 1, 1, 1), matrix, device=image.device)
    size = torch.tensor(image.shape[:0:-1], dtype=index.dtype, device=index.device)
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(dim=-1).float() if wants_inside else None
    return sample(image, torch.minimum(index.clamp(min=0), size - 1)), inside
