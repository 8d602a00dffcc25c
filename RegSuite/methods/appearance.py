"""What kind of image this is, from its modality or, without one, from its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image

AIR_HU = -600.0
"""CT: a first percentile below this is air around or in a body; no other modality has such values."""
PADDING_HU = -3100.0
"""CT: some scanners fill the corners beyond the field of view with -2000 to -3024."""
LUNG_HU = (-950.0, -600.0)
BODY_HU = -300.0
_SAMPLES_AN_AXIS = 64


def is_ct(image: Image) -> bool:
    """Whether the image is a CT: by its modality, else by air at about -1000 HU."""
    if image.modality:
        return image.modality.upper() == "CT"
    low = float(_sampled(image).quantile(0.01))
    return PADDING_HU <= low < AIR_HU


def appearance(image: Image) -> str:
    """The image's kind in words."""
    if image.modality:
        return image.modality
    return "CT" if is_ct(image) else "MR or another image without Hounsfield units"


def lung_share(image: Image) -> float:
    """Share of the voxels between -950 and -600 HU (sampled)."""
    values = _sampled(image)
    return float(((values > LUNG_HU[0]) & (values < LUNG_HU[1])).double().mean())


def width_mm(image: Image) -> float:
    """Extent of the body (above -300 HU) along the patient's left-right axis in mm.

    From the voxels between the 2nd and 98th percentile of their positions, so that a table edge
    or a single voxel adds nothing.
    """
    values, points = _sampled(image), _sampled_points(image)
    body = points[(values > BODY_HU).numpy()]
    if not len(body):
        return 0.0
    low, high = np.percentile(body[:, 0], [2, 98])
    return float(high - low)


def _steps(image: Image) -> list[int]:
    """Strides in z, y, x order that leave at most `_SAMPLES_AN_AXIS` voxels an axis."""
    return [max(1, -(-n // _SAMPLES_AN_AXIS)) for n in image.grid.shape]


def _sampled(image: Image) -> Tensor:
    """Values [n] of the first channel at evenly spaced voxels, on CPU."""
    import torch

    cut = tuple(slice(None, None, step) for step in _steps(image))
    return image.data[0][cut].flatten().to(device="cpu", dtype=torch.float32)


def _sampled_points(image: Image) -> np.ndarray:
    """LPS mm [n, d] of the same voxels."""
    axes = [np.arange(0, n, step) for n, step in zip(image.grid.shape, _steps(image), strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij")[::-1], axis=-1)
    return image.grid.points(index.reshape(-1, image.ndim))
