"""Writes small NIfTI files and bends their headers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

Bend = Callable[[bytearray], None]
PIXDIM, CODES, SROW_X = 76, 252, 280


def floats(offset: int, *values: float) -> Bend:
    """Put float32 values at `offset`."""
    return lambda raw: struct.pack_into(f"<{len(values)}f", raw, offset, *values)


def shorts(offset: int, *values: int) -> Bend:
    """Put int16 values at `offset`."""
    return lambda raw: struct.pack_into(f"<{len(values)}h", raw, offset, *values)


def write_nifti(path: Path, *bends: Bend, size: tuple[int, ...] = (4, 3, 2)) -> Path:
    """A NIfTI of spacing 1.5 and rising values, with its header bent."""
    values = np.arange(np.prod(size), dtype=np.int16).reshape(size[::-1])
    image = sitk.GetImageFromArray(values, isVector=False)
    image.SetSpacing([1.5] * len(size))
    sitk.WriteImage(image, str(path))
    raw = bytearray(path.read_bytes())
    for bend in bends:
        bend(raw)
    path.write_bytes(bytes(raw))
    return path
