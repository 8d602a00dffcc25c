"""Pair: two images and the weights of their voxels, as every measure wants them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import InputError


@dataclass(frozen=True, eq=False)
class Pair:
    """fixed and warped [C, *shape] of one floating type, with values outside the mask set to 0.

    weights: [*shape] in that type, None where every voxel counts 1.
    total: sum of the weights. Sums are taken in `accumulator` precision.
    """

    fixed: Tensor
    warped: Tensor
    weights: Tensor | None
    total: Tensor

    @property
    def channels(self) -> int:
        """Number of values a voxel."""
        return int(self.fixed.shape[0])

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.fixed.ndim - 1

    def weigh(self, values: Tensor) -> Tensor:
        """values [..., *shape] times the weights."""
        return values if self.weights is None else values * self.weights

    def mean(self, values: Tensor) -> Tensor:
        """Weighted mean over the voxels: [C, *shape] -> [C], in accumulator precision."""
        return self.weigh(values).flatten(1).sum(1, dtype=accumulator(values.device)) / self.total

    def centred(self, values: Tensor) -> Tensor:
        """values [C, *shape] less their weighted mean, each channel its own."""
        return values - per_channel(self.mean(values), values)


def accumulator(device: torch.device) -> torch.dtype:
    """Type that sums are taken in: float64 (float32 on Apple's GPU, which has no float64)."""
    return torch.float32 if device.type == "mps" else torch.float64


def per_channel(numbers: Tensor, like: Tensor) -> Tensor:
    """numbers [C] shaped [C, 1, ...] in the type of `like`, to meet [C, *shape]."""
    return numbers.to(like.dtype).reshape(-1, *((1,) * (like.ndim - 1)))


def make_pair(fixed: Tensor, warped: Tensor, mask: Tensor | None) -> Pair:
    """The Pair of two images; the caller's tensors are left as they are.

    Half precision is raised to float32. Whatever stands where the mask is 0 (NaN too) is
    replaced by 0 and gets no gradient. Raises InputError when shapes, devices or types do
    not fit, and when the mask is empty, negative or not finite.
    """
    _check_images(fixed, warped)
    dtype = torch.promote_types(torch.promote_types(fixed.dtype, warped.dtype), torch.float32)
    fixed, warped = fixed.to(dtype), warped.to(dtype)
    sums = accumulator(fixed.device)
    if mask is None:
        total = torch.tensor(float(fixed[0].numel()), dtype=sums, device=fixed.device)
        return Pair(fixed, warped, None, total)
    check_mask(mask, fixed)
    outside = mask == 0
    total = mask.sum(dtype=sums)
    return Pair(fixed.masked_fill(outside, 0), warped.masked_fill(outside, 0), mask.to(dtype), total)


def check_image(image: Tensor, what: str) -> None:
    """Raise InputError when `image` is not [C, Z, Y, X] or [C, Y, X] of floating type."""
    if image.ndim not in (3, 4) or image.numel() == 0:
        raise InputError(
            f"{what} has shape {tuple(image.shape)}", mend="give [C, Z, Y, X] or [C, Y, X] with voxels in it"
        )
    if not image.is_floating_point():
        raise InputError(f"{what} holds {image.dtype} values", mend="convert it to float32")


def check_mask(mask: Tensor, image: Tensor) -> None:
    """Raise InputError when `mask` does not fit image [C, *shape], or selects no voxel."""
    if mask.shape != image.shape[1:] or mask.device != image.device:
        raise InputError(
            f"mask of shape {tuple(mask.shape)} on {mask.device} does not fit an image of shape"
            f" {tuple(image.shape)} on {image.device}",
            mend="give the mask on the image's lattice, without channels, on the image's device",
        )
    if mask.is_floating_point() and not bool((torch.isfinite(mask) & (mask >= 0)).all()):
        raise InputError("mask has weights that are negative or not finite", mend="give weights from 0 to 1")
    if not bool((mask != 0).any()):
        raise InputError(
            "mask selects no voxel",
            mend="check that mask and images overlap and that the mask is not empty",
        )


def _check_images(fixed: Tensor, warped: Tensor) -> None:
    check_image(fixed, "fixed")
    check_image(warped, "warped")
    if fixed.shape != warped.shape or fixed.device != warped.device:
        raise InputError(
            f"fixed {tuple(fixed.shape)} on {fixed.device} and warped {tuple(warped.shape)} on"
            f" {warped.device} are not on one lattice and device",
            mend="resample the moving image onto the fixed grid first",
        )
