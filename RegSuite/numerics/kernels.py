"""Which tensors the compiled CPU kernels serve, and how torch hands them over.

The kernels (numba, compiled once into an on-disk cache) take C-contiguous float32 arrays of
three axes; a 2D image is a volume one voxel thick. Every kernel has a plain-torch twin that
serves other devices and is the reference in the tests. Each output voxel is computed by one
thread in one order, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from RegSuite.numerics import kernels_smooth, kernels_warp


def serves(*tensors: Tensor | None) -> bool:
    """Whether all tensors are on the CPU and hold float32."""
    return all(t is None or (t.device.type == "cpu" and t.dtype == torch.float32) for t in tensors)


def array(tensor: Tensor) -> np.ndarray:
    """The tensor's memory as a C-contiguous numpy array (copied only if it is not contiguous)."""
    return tensor.detach().contiguous().numpy()


def warp(
    image: Tensor,
    shape: tuple[int, ...],
    affine: np.ndarray,
    field: Tensor | None,
    field_matrix: np.ndarray | None,
    outside: float | None,
) -> Tensor:
    """The compiled form of `resample.warp`, linear, 3D."""
    out = torch.empty((image.shape[0], *shape), dtype=torch.float32)
    a = np.ascontiguousarray(affine, dtype=np.float64)
    b = np.eye(3) if field_matrix is None else np.ascontiguousarray(field_matrix, dtype=np.float64)
    u = np.zeros((3, 1, 1, 1), np.float32) if field is None else array(field)
    for c in range(image.shape[0]):
        kernels_warp.warp_volume(
            array(image[c]),
            a,
            u,
            field is not None,
            b,
            out[c].numpy(),
            outside is not None,
            np.float32(0.0 if outside is None else outside),
        )
    return out


def convolve(values: Tensor, taps: Sequence[np.ndarray], through: Tensor | None = None) -> Tensor:
    """The compiled form of `smoothing.convolve_plain`, [C, Z, Y, X]."""
    out = torch.empty_like(values, memory_format=torch.contiguous_format)
    buffer = torch.empty_like(out) if through is None else through
    kernels_smooth.convolve(array(values), taps[0], taps[1], taps[2], buffer.numpy(), out.numpy())
    return out


def compose(outer: Tensor, inner: Tensor, spacing: Sequence[float]) -> Tensor:
    """The compiled form of `flow.compose`, [3, Z, Y, X]."""
    out = torch.empty_like(inner, memory_format=torch.contiguous_format)
    per_voxel = (1.0 / np.asarray(spacing)).astype(np.float32)
    kernels_warp.compose(array(outer), array(inner), per_voxel, out.numpy())
    return out


def warp_by_nodes(
    image: Tensor,
    shape: tuple[int, ...],
    affine: np.ndarray,
    field: Tensor,
    strides: Sequence[int],
    spacing: Sequence[float],
    wants_inside: bool,
) -> tuple[Tensor, Tensor | None]:
    """The compiled form of `node_warp.warp_by_nodes`, one channel [Z, Y, X]."""
    out = torch.empty(shape, dtype=torch.float32)
    inside = torch.empty(shape if wants_inside else (1, 1, 1), dtype=torch.float32)
    per_voxel = (1.0 / np.asarray(spacing)).astype(np.float32)
    kernels_warp.warp_by_nodes(
        array(image),
        np.ascontiguousarray(affine, dtype=np.float64),
        array(field),
        np.asarray(strides),
        per_voxel,
        out.numpy(),
        inside.numpy(),
        wants_inside,
    )
    return out, inside if wants_inside else None
