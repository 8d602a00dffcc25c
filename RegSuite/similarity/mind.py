"""MIND-SSC: the modality independent neighbourhood descriptor with self-similarity context."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.similarity.base import Similarity
from RegSuite.similarity.ncc import CONSTANT
from RegSuite.similarity.pair import accumulator, check_image, check_mask, make_pair

UNKNOWN = math.exp(-1)
"""Descriptor of a patch pair that has no voxel pair in the mask: that of the mean distance."""


@dataclass(frozen=True)
class MIND(Similarity):
    """Mean over mask and channels of the squared difference of MIND-SSC descriptors: 0 to 1.

    radius: of the patches, dilation: distance of the six neighbours, both in voxels (see
    `mind_ssc`). 0 is a perfect match. Unchanged under linear intensity changes of either image,
    inverted contrast too; local, so that a slowly varying contrast hardly matters. Two constant
    images give 0. A method that warps one image many times does better to compute `mind_ssc` of
    both once, and to compare the 12 warped channels with SSD: the gradient here goes through the
    descriptors by autograd, which takes about 130 copies of an image (with mask 250).
    """

    radius: int = 1
    dilation: int = 2

    name: ClassVar[str] = "mind"
    higher_is_better: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_sizes(self.radius, self.dilation)

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean squared descriptor difference: a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        of_fixed = mind_ssc(pair.fixed, self.radius, self.dilation, mask)
        of_warped = mind_ssc(pair.warped, self.radius, self.dilation, mask)
        return pair.mean((of_warped - of_fixed).square()).mean()


def mind_ssc(image: Tensor, radius: int = 1, dilation: int = 2, mask: Tensor | None = None) -> Tensor:
    """MIND-SSC descriptors of image [C, Z, Y, X]: [12 C, Z, Y, X] (2D: [C, Y, X] to [4 C, Y, X]).

    Of the 2 d neighbours at `dilation` voxels along the axes, each pair that is not opposite
    gives a channel exp(-(D - D_min) / V): D the mean squared difference of the patches (2 radius
    + 1 wide) around the two, D_min the smallest of the channels, V the mean of D - D_min, held
    within 1/1000 and 1000 times its mean over the image. Beyond the border the image is
    replicated. A constant image has descriptors of 1.

    mask: [*shape], boolean or weights (> 0 is inside). Only voxel pairs with both ends inside
    enter a distance; a channel without any is UNKNOWN; descriptors of voxels outside are 0.
    Memory: about 25 copies of a channel (with mask 29), 12 of which are the answer.
    Differentiable. Cost grows linearly with the radius.
    Raises InputError for radius < 0, dilation < 1, or a mask that does not fit or is empty.
    Source: Heinrich et al., MICCAI 2013, doi:10.1007/978-3-642-40811-3_24, section 2.
    """
    _check_sizes(radius, dilation)
    check_image(image, "image")
    inside = None
    if mask is not None:
        check_mask(mask, image)
        inside = mask != 0
        image = image.masked_fill(~inside, 0)
    described = [_describe(channel, radius, dilation, inside) for channel in image]
    return described[0] if len(described) == 1 else torch.cat(described)


def _check_sizes(radius: int, dilation: int) -> None:
    if radius < 0 or dilation < 1:
        raise InputError(
            f"radius {radius} and dilation {dilation} voxels make no descriptor",
            mend="give radius 0 or more and dilation 1 or more",
        )


def _describe(image: Tensor, radius: int, dilation: int, inside: Tensor | None) -> Tensor:
    """Descriptors [K, *shape] of one channel [*shape], whose values outside are 0."""
    distances = list(_patch_distances(image, radius, dilation, inside))
    low, spread = _low_and_spread(distances, inside is not None)
    spread = _held(spread, image, inside)
    if torch.is_grad_enabled() and image.requires_grad:
        return torch.stack([_channel(distance, low, spread, inside) for distance in distances])
    out = image.new_empty((len(distances), *image.shape))
    for place in out:  # each distance is let go as soon as it is read
        place.copy_(_channel(distances.pop(0), low, spread, inside))
    return out


def _channel(distance: Tensor, low: Tensor, spread: Tensor, inside: Tensor | None) -> Tensor:
    if inside is None:
        return (low - distance).div_(spread).exp_()
    known = torch.isfinite(distance)
    excess = torch.where(known, distance - low, spread)  # exp(-spread / spread) = UNKNOWN
    return (-excess / spread).exp().masked_fill(~inside, 0)


def _patch_distances(image: Tensor, radius: int, dilation: int, inside: Tensor | None) -> Iterator[Tensor]:
    """The distance D of each pair of neighbours, [*shape] views; inf where nothing is known.

    The pairs (+a, +-b) and (-a, -+b) have one difference vector: both are read, at two places,
    from one map of patch distances, so that 12 channels take 6 of them.
    """
    ndim, shape = image.ndim, image.shape
    padded = _replicated(image, radius + dilation)
    padded_inside = None if inside is None else _replicated(inside.to(image.dtype), radius + dilation)
    for a in range(ndim):
        for b in range(a + 1, ndim):
            for sign in (1, -1):
                start = [dilation] * ndim
                end = [dilation] * ndim
                start[a], end[a] = dilation, 0
                start[b], end[b] = (0, dilation) if sign == 1 else (dilation, 0)
                length = [n + 2 * radius + (dilation if k in (a, b) else 0) for k, n in enumerate(shape)]
                patch = _patch_map(padded, padded_inside, start, end, length, radius)
                near, far = [0] * ndim, [0] * ndim
                near[a], near[b] = dilation, dilation if sign == 1 else 0
                far[a], far[b] = 0, 0 if sign == 1 else dilation
                yield _crop(patch, near, shape)
                yield _crop(patch, far, shape)


def _patch_map(
    padded: Tensor,
    inside: Tensor | None,
    start: list[int],
    end: list[int],
    length: list[int],
    radius: int,
) -> Tensor:
    """Mean squared difference of the patches that begin at `start` and `end`, inf where unknown."""
    squared = (_crop(padded, start, length) - _crop(padded, end, length)).square()
    if inside is None:
        return _patch_sum(squared, radius) / math.prod([2 * radius + 1] * padded.ndim)
    both = _crop(inside, start, length) * _crop(inside, end, length)
    count = _patch_sum(both, radius)
    mean = _patch_sum(squared * both, radius) / count.clamp(min=1)
    return mean.masked_fill(count == 0, math.inf)


def _patch_sum(values: Tensor, radius: int) -> Tensor:
    """Sum over (2 radius + 1)^d voxels: each axis gets 2 radius shorter. All terms are positive."""
    for dim in range(values.ndim):
        n = values.shape[dim] - 2 * radius
        total = values.narrow(dim, 0, n)
        for k in range(1, 2 * radius + 1):
            total = total + values.narrow(dim, k, n) if k == 1 else total.add_(values.narrow(dim, k, n))
        values = total
    return values


def _low_and_spread(distances: list[Tensor], partly_known: bool) -> tuple[Tensor, Tensor]:
    """Smallest distance, and mean excess over it, of the known channels (0 where none is known)."""
    low = reduce(torch.minimum, distances)
    if not partly_known:
        total = reduce(torch.add, distances)
        return low, total / len(distances) - low
    low = low.masked_fill(torch.isinf(low), 0)
    total, count = torch.zeros_like(low), torch.zeros_like(low)
    for distance in distances:
        known = torch.isfinite(distance)
        total = total + torch.where(known, distance - low, 0)
        count += known
    return low, total / count.clamp(min=1)


def _held(spread: Tensor, image: Tensor, inside: Tensor | None) -> Tensor:
    """The spread within 1/1000 and 1000 times its mean, and above the rounding of the image."""
    sums = accumulator(image.device)
    count = image.numel() if inside is None else inside.sum()
    within = spread if inside is None else spread * inside
    mean = within.sum(dtype=sums) / count
    rounding = CONSTANT**2 * image.detach().square().sum(dtype=sums) / count
    lowest = torch.maximum(mean / 1000, rounding).to(spread.dtype).clamp(min=torch.finfo(spread.dtype).tiny)
    return torch.maximum(torch.minimum(spread, (1000 * mean).to(spread.dtype)), lowest)


def _replicated(image: Tensor, width: int) -> Tensor:
    """image [*shape] with its border repeated `width` times on all sides."""
    return nnf.pad(image[None, None], (width,) * (2 * image.ndim), mode="replicate")[0, 0]


def _crop(image: Tensor, start: list[int], length: list[int] | torch.Size) -> Tensor:
    """The view that begins at `start` and has the given lengths, in tensor order."""
    for dim, (first, n) in enumerate(zip(start, length, strict=True)):
        image = image.narrow(dim, first, n)
    return image
