"""What an image shows: its mask, else what is bright, holes filled; and an image without its tumour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.report.brightness import bright, window_of

if TYPE_CHECKING:
    from RegSuite.geometry import Image


UNCOVERED_SHARE = 0.02
"""From this share on it is said what of the target the template does not reach."""


def content(image: Image) -> Tensor:
    """Boolean [*shape], CPU: the image's mask, else what stands out of the darkest tenth of its window.

    Holes are filled, so that ventricles and a dark tumour within the brain belong to it.
    """
    from scipy import ndimage

    if image.mask is not None:
        return image.mask.cpu()
    values = image.data[0].detach().float().cpu().numpy()
    seen = np.pad(bright(values, window_of(values)), 1, mode="edge")  # closing must not eat what is cut off
    inner = (slice(1, -1),) * values.ndim
    return torch.from_numpy(ndimage.binary_fill_holes(ndimage.binary_closing(seen)[inner]))


def without(image: Image, region: Tensor) -> Image:
    """The image with each voxel of `region` as the nearest one outside of it, so that nothing leaks out.

    Smoothing and coarse levels would carry the tumour's brightness beyond a mask.
    """
    from scipy import ndimage

    place = ndimage.distance_transform_edt(
        region.cpu().numpy(),
        sampling=image.grid.spacing[::-1],
        return_distances=False,
        return_indices=True,
    )
    index = tuple(torch.from_numpy(axis).long() for axis in place)
    values = image.data.cpu()
    return replace(image, data=torch.stack([channel[index] for channel in values]))


def uncovered(target: Image, covered: Tensor) -> tuple[str, ...]:
    """A sentence where the template, at the start, ends within what the target shows; else none.

    covered: bool [*target.grid.shape], voxels that lie in the template.
    """
    shown = content(target)
    share = float((shown & ~covered).sum()) / max(float(shown.sum()), 1.0)
    if share < UNCOVERED_SHARE:
        return ()
    return (
        f"{100 * share:.0f} % of what the target shows lies outside of the template's field of view: there "
        "nothing is compared, and transform and Jacobian are guessed; give a template of the whole brain, "
        "or an initial transform",
    )
