"""Where organs slide: their voxels near another organ or near the abdominal wall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.geometry import Grid

REACH_MM = 10.0


def sliding_borders(
    labels: NDArray[np.int32], cavity: NDArray[np.bool_], grid: Grid, reach_mm: float = REACH_MM
) -> NDArray[np.uint8]:
    """1 at voxels of an organ within reach of another organ, 2 at others within reach of the wall [*shape].

    labels: 0 is no organ; cavity: what the wall encloses. Distances between voxel centres, mm.
    """
    spacing = np.array(grid.spacing[::-1])
    pad = np.ceil(reach_mm / spacing).astype(int) + 1
    found = np.zeros(labels.shape, dtype=np.uint8)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        wide = tuple(slice(max(0, s.start - p), s.stop + p) for s, p in zip(box, pad, strict=True))
        near, own = labels[wide], labels[wide] == label
        for number, there in ((2, ~cavity[wide]), (1, (near > 0) & ~own)):
            if there.any():
                away = ndimage.distance_transform_edt(~there, sampling=spacing)
                found[wide][own & (away <= reach_mm)] = number
    return found
