"""Composing displacements and integrating velocities on one lattice.

Here fields lie along the lattice's own axes (component 0 along x, in mm), so that no direction
matrix is needed; `along_axes` and `along_lps` turn to LPS and back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

STEP_VOXELS = 0.5
"""Largest displacement of one squaring's first step, in voxels."""


def compose(outer: Tensor, inner: Tensor, spacing: Sequence[float]) -> Tensor:
    """x -> inner(x) + outer(x + inner(x)): [d, *shape] mm along the axes; beyond the border its value."""
    from RegSuite.numerics import kernels

    if inner.ndim == 4 and kernels.serves(outer, inner):
        return kernels.compose(outer, inner, spacing)
    from RegSuite.numerics.resample import sample

    d = inner.ndim - 1
    axes = torch.meshgrid(
        *(torch.arange(n, device=inner.device, dtype=inner.dtype) for n in inner.shape[1:]), indexing="ij"
    )
    per_voxel = torch.tensor([1.0 / s for s in spacing], dtype=inner.dtype, device=inner.device)
    index = torch.stack(axes[::-1], dim=-1) + inner.movedim(0, -1) * per_voxel
    size = torch.tensor(inner.shape[:0:-1], dtype=inner.dtype, device=inner.device)
    index = torch.minimum(index.clamp(min=0), size - 1).reshape(*inner.shape[1:], d)
    return inner + sample(outer, index)


def exponential(velocity: Tensor, spacing: Sequence[float], *, step_voxels: float = STEP_VOXELS) -> Tensor:
    """Displacement of the flow of a stationary velocity over unit time, by scaling and squaring.

    velocity: [d, *shape] mm along the lattice's axes. The number of squarings is chosen so that
    the first step is at most `step_voxels`. Source: Arsigny et al., MICCAI 2006.
    """
    per_voxel = torch.tensor([1.0 / s for s in spacing], dtype=velocity.dtype, device=velocity.device)
    largest = float((velocity.abs().flatten(1).amax(dim=1) * per_voxel).max())
    squarings = max(0, math.ceil(math.log2(largest / step_voxels))) if largest > 0 else 0
    out: Tensor = velocity / 2**squarings
    for _ in range(squarings):
        out = compose(out, out, spacing)
    return out


def along_lps(field: Tensor, grid: Grid) -> Tensor:
    """A field along the lattice's axes as LPS components."""
    matrix = torch.as_tensor(grid.direction, dtype=field.dtype, device=field.device)
    return torch.einsum("pa,a...->p...", matrix, field)


def along_axes(field: Tensor, grid: Grid) -> Tensor:
    """A field of LPS components along the lattice's axes."""
    matrix = torch.as_tensor(grid.direction, dtype=field.dtype, device=field.device)
    return torch.einsum("pa,p...->a...", matrix, field)
