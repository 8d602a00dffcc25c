"""Intensities within a mask: scaled by what is in it, and carried on smoothly outside.

Windows, gradients and block means look across a mask's edge. What they find there is made from
the voxels within, so that no value outside has a say and the mask's edge is no edge of the image.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.numerics.pyramid import block_mean, refine

QUANTILE = 0.995
MOST_SAMPLES = 500_000


def check_values(image: Image) -> None:
    """Raise InputError for an empty mask, and for values within it that are not finite or all alike."""
    if image.mask is not None and not bool(image.mask.any()):
        raise InputError("the mask is empty", where=image.name, mend="give a mask with voxels in it, or none")
    for channel in image.data:
        inside = channel if image.mask is None else channel[image.mask]
        low, high = (float(v) for v in inside.aminmax())  # NaN and Inf show in either
        if not np.isfinite([low, high]).all():
            raise InputError(
                "values are not finite", where=image.name, mend="replace NaN and Inf, or mask them"
            )
        if not high > low:
            raise InputError(
                f"all voxels hold {low:g}", where=image.name, mend="give an image that shows something"
            )


def scaled(image: Image) -> Tensor:
    """float32 values, channel by channel: 0 is the smallest within the mask, 1 the 99.5th percentile."""
    out = []
    for channel in image.data.to(torch.float32):
        inside = channel.flatten() if image.mask is None else channel[image.mask]
        seen = inside[:: max(1, inside.numel() // MOST_SAMPLES)]
        low, high = seen.min(), torch.quantile(seen, QUANTILE)
        if not high > low:
            low, high = inside.min(), inside.max()
        out.append((channel - low) / (high - low))
    return torch.stack(out)


def filled(values: Tensor, mask: Tensor) -> Tensor:
    """Values [C, Z, Y, X] with those outside of mask [1, Z, Y, X] (bool) carried on from within.

    Means of blocks of the voxels within, coarser and coarser until every block has some, are
    interpolated back (the pull-push of Gortler et al., SIGGRAPH 1996). The mask must not be empty.
    """
    if bool(mask.all()):
        return values
    shape = values.shape[1:]
    factors = [min(2, n) for n in shape[::-1]]
    inside = torch.where(mask, values, torch.zeros_like(values))
    share = block_mean(mask.float(), factors)
    coarse = block_mean(inside, factors) / share.clamp(min=1e-6)
    coarse = refine(filled(coarse, share > 0), shape, factors)
    return torch.where(mask, values, coarse)
