"""Where the lungs are in a CT of a chest, by HU alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.errors import InputError
from RegSuite.geometry import Image

LUNG_HU = (-975.0, -400.0)
SMOOTH_MM = 2.0
LEAST_CC = 50.0


def lungs_of(image: Image) -> NDArray[np.bool_]:
    """[Z, Y, X] the largest connected region of lung density, and the next where it has a quarter of that.

    Smoothed over 2 mm first; air (below -975 HU) is none, vessels and holes are filled slice by slice.
    Raises InputError where there are not 50 cc of it.
    """
    spacing = np.asarray(image.grid.spacing)[::-1]
    values = ndimage.gaussian_filter(image.data[0].float().numpy(), SMOOTH_MM / spacing, mode="nearest")
    parts, count = ndimage.label((values > LUNG_HU[0]) & (values < LUNG_HU[1]))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    cc = sizes.max(initial=0) * image.grid.voxel_volume / 1000
    if cc < LEAST_CC:
        raise InputError(
            f"no lung found: the largest region between {LUNG_HU[0]:g} and {LUNG_HU[1]:g} HU has {cc:.0f} cc",
            where=image.name,
            mend="give a CT of the chest in HU, or labels with a name that holds 'lung'",
        )
    order = np.argsort(sizes)[::-1][:2]
    kept = [n + 1 for n in order if sizes[n] >= 0.25 * sizes.max()]
    found = np.isin(parts, kept)
    return np.stack(
        [ndimage.binary_fill_holes(plane) for plane in ndimage.binary_closing(found, iterations=2)]
    )
