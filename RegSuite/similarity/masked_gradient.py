"""Derivatives of an image along its axes that never look outside a mask."""

from __future__ import annotations

import torch
from torch import Tensor


class MaskedGradient:
    """Derivatives along the voxel axes, in intensity a mm: [C, *shape] -> [C, d, *shape].

    Along an axis it is the mean of the differences to those neighbours that exist and are
    inside (weights > 0, as the voxel itself): central in the interior, one-sided at a border of
    image or mask, 0 where there is neither neighbour.
    weights: [*shape], None for everywhere. spacing: mm, x, y, z order; the components of the
    answer are in that order too.
    """

    def __init__(self, weights: Tensor | None, spacing: tuple[float, ...]) -> None:
        self._spacing = spacing
        self._inside = None if weights is None else weights > 0

    def __call__(self, image: Tensor) -> Tensor:
        parts = [self._along(image, axis) for axis in range(len(self._spacing))]
        return torch.stack(parts, dim=1)

    def adjoint(self, field: Tensor) -> Tensor:
        """The transposed operator: field [C, d, *shape] -> [C, *shape]."""
        out = torch.zeros_like(field[:, 0])
        for axis, spacing in enumerate(self._spacing):
            values = field[:, axis]
            dim = values.ndim - 1 - axis
            n = values.shape[dim]
            if n == 1:
                continue
            values = values / self._neighbours(values, axis)
            edges = (values.narrow(dim, 0, n - 1) + values.narrow(dim, 1, n - 1)) / spacing
            edges = self._kept(edges, axis)
            out.narrow(dim, 1, n - 1).add_(edges)
            out.narrow(dim, 0, n - 1).sub_(edges)
        return out

    def _along(self, image: Tensor, axis: int) -> Tensor:
        dim = image.ndim - 1 - axis
        if image.shape[dim] == 1:
            return torch.zeros_like(image)
        steps = self._kept(image.diff(dim=dim) / self._spacing[axis], axis)
        none = torch.zeros_like(image.narrow(dim, 0, 1))
        total = torch.cat([steps, none], dim) + torch.cat([none, steps], dim)
        return total / self._neighbours(image, axis)

    def _kept(self, steps: Tensor, axis: int) -> Tensor:
        """Differences between neighbours, 0 where one of them is outside."""
        if self._inside is None:
            return steps
        return steps * _both(self._inside, axis)

    def _neighbours(self, like: Tensor, axis: int) -> Tensor:
        """Number of neighbours along an axis that count, at least 1, to divide by."""
        ndim = len(self._spacing)
        dim = ndim - 1 - axis
        n = like.shape[like.ndim - 1 - axis]
        if self._inside is None:
            count = torch.full((n,), 2, dtype=like.dtype, device=like.device)
            count[0] = count[-1] = 1
            return count.reshape([n if k == dim else 1 for k in range(ndim)])
        pairs = _both(self._inside, axis).to(like.dtype)
        none = torch.zeros_like(pairs.narrow(dim, 0, 1))
        return (torch.cat([pairs, none], dim) + torch.cat([none, pairs], dim)).clamp(min=1)


def _both(inside: Tensor, axis: int) -> Tensor:
    """Whether both ends of each step along an axis are inside."""
    dim = inside.ndim - 1 - axis
    n = inside.shape[dim]
    return inside.narrow(dim, 0, n - 1) & inside.narrow(dim, 1, n - 1)
