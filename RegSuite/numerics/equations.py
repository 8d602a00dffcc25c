"""What normal equations are held in: blocks of voxels, a matrix and a vector a node, and their solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.numerics import kernels, kernels_residual


@dataclass(frozen=True)
class Blocks:
    """How voxels are gathered to nodes: spacing in mm and voxels a block, both x, y, z."""

    spacing: tuple[float, ...]
    strides: tuple[int, ...]

    def nodes(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Shape (z, y, x) of the node lattice of an image of `shape`."""
        return tuple(-(-n // s) for n, s in zip(shape, self.strides[::-1], strict=True))

    def wide(self, every: Sequence[int]) -> Blocks:
        """Blocks of `every` (x, y, z) of these."""
        return Blocks(self.spacing, tuple(s * e for s, e in zip(self.strides, every, strict=True)))

    @property
    def per_mm(self) -> NDArray[np.float32]:
        """1 / spacing."""
        return (1.0 / np.asarray(self.spacing)).astype(np.float32)


@dataclass(frozen=True)
class LocalStatistics:
    """Mean and 1 / sqrt(variance + floor) of the fixed image in windows of 2 radius + 1 voxels."""

    mean: Tensor
    precision: Tensor
    radius: int
    floor: float


@dataclass(frozen=True)
class Equations:
    """matrix [6, *wide nodes], vector [3, *nodes], loss: the mean weighted r^2.

    A block of `every` (x, y, z) nodes shares one matrix: it varies less than the vector does,
    and six of the nine channels are then an eighth of the work.
    """

    matrix: Tensor
    vector: Tensor
    every: tuple[int, ...]
    loss: float

    def add(self, other: Equations) -> Equations:
        """The equations of both together (the loss is summed too)."""
        return Equations(
            self.matrix + other.matrix, self.vector + other.vector, self.every, self.loss + other.loss
        )

    def solve(self, damping: float, longest_mm: float) -> Tensor:
        """d [3, *nodes] with (matrix + damping I) d = vector node by node, at most `longest_mm` long."""
        if not kernels.serves(self.matrix, self.vector):
            return _solve_plain(self, damping, longest_mm)
        out = torch.empty_like(self.vector, memory_format=torch.contiguous_format)
        kernels_residual.solve_nodes(
            kernels.array(self.matrix),
            kernels.array(self.vector),
            np.asarray(self.every),
            np.float32(damping),
            np.float32(longest_mm),
            out.numpy(),
        )
        return out


def _solve_plain(equations: Equations, damping: float, longest_mm: float) -> Tensor:
    matrix = equations.matrix
    for axis, every in enumerate(equations.every):
        dim = 3 - axis
        matrix = matrix.repeat_interleave(every, dim).narrow(dim, 0, equations.vector.shape[dim])
    h = matrix[[0, 3, 4, 3, 1, 5, 4, 5, 2]].movedim(0, -1).reshape(*matrix.shape[1:], 3, 3)
    h = h + damping * torch.eye(3, dtype=h.dtype, device=h.device)
    d = torch.linalg.solve(h, equations.vector.movedim(0, -1)).movedim(-1, 0)
    length = d.square().sum(dim=0).sqrt()
    limited: Tensor = d * (longest_mm / length.clamp(min=longest_mm))
    return limited
