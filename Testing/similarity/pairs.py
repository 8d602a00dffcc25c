"""Image pairs and measures that the tests of similarity share."""

from __future__ import annotations

import torch
from torch import Tensor

from RegSuite.similarity import SIMILARITY_NAMES, Similarity, make_similarity

SPACING = {2: (0.8, 1.7), 3: (0.8, 1.7, 2.5)}
"""Anisotropic spacing in mm, x, y, z order."""

SHAPES = [(9, 11), (1, 12), (7, 8, 9), (1, 9, 10), (8, 7, 1)]
"""2D, 3D and one-voxel-thick lattices."""

NAMES = SIMILARITY_NAMES


def noise(shape: tuple[int, ...], seed: int = 0, channels: int = 1) -> Tensor:
    """Standard normal values [C, *shape], float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((channels, *shape), generator=generator, dtype=torch.float64)


def a_pair(shape: tuple[int, ...], channels: int = 1) -> tuple[Tensor, Tensor]:
    """Two images that are alike but not equal."""
    fixed = noise(shape, 1, channels)
    return fixed, 0.8 * fixed + 0.5 * noise(shape, 2, channels) + 0.3


def a_mask(shape: tuple[int, ...]) -> Tensor:
    """A boolean mask with holes: about 70 % of the voxels."""
    return noise(shape, 3)[0] > -0.5


def some_weights(shape: tuple[int, ...]) -> Tensor:
    """Weights 0..1, about a third of them 0."""
    return noise(shape, 4)[0].add(0.4).clamp(0, 1)


def measure_of(name: str, ndim: int, **options: object) -> Similarity:
    """The measure with small windows, for images of SPACING."""
    if name == "mind":
        options = {"dilation": 1} | options
    return make_similarity(name, spacing=SPACING[ndim], **options)


def smooth(shape: tuple[int, ...], offset: tuple[float, ...]) -> Tensor:
    """An analytic smooth image [1, *shape] with structure along all axes, read at a shifted place."""
    axes = [torch.arange(n, dtype=torch.float64) + o for n, o in zip(shape, offset, strict=True)]
    parts = torch.meshgrid(*axes, indexing="ij")
    phase = sum((0.45 + 0.07 * k) * p for k, p in enumerate(parts))
    bumps = [torch.sin((0.31 + 0.05 * k) * p + k) for k, p in enumerate(parts)]
    return (torch.sin(phase) + torch.stack(bumps).sum(0))[None]
