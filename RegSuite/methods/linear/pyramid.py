"""The images at coarser voxels, with intensities in histogram bins, ready for sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.errors import InputError
from RegSuite.geometry import Image

FloatArray = NDArray[np.float64]

BINS = 32
"""Bins of the joint histogram; intensities run over 1..BINS-2 so that Parzen windows fit."""
MOST_BINNED_VOXELS = 200_000
"""Voxels that the intensity range is taken from."""


@dataclass(frozen=True)
class Level:
    """One image at one resolution.

    volume: float32 [Z, Y, X] (2D: Z = 1), intensities scaled to 1..BINS-2. valid: uint8 [Z, Y, X]
    of voxels that count, or size 0 where all do. matrix: [4, 4] voxel index (x, y, z) to LPS mm.
    faces: uint8 [6], 1 where the outermost layer is all background (low x, high x, low y, ...),
    so that background may be taken to go on beyond. step_mm: the resolution aimed at.
    """

    volume: NDArray[np.float32]
    valid: NDArray[np.uint8]
    matrix: FloatArray
    faces: NDArray[np.uint8]
    background: float
    step_mm: float

    @property
    def inverse(self) -> FloatArray:
        """[4, 4] LPS mm to voxel index."""
        return np.asarray(np.linalg.inv(self.matrix))


def pyramid(image: Image, steps_mm: Sequence[float]) -> list[Level]:
    """Levels of the image's first channel, one for each of `steps_mm` (fine to coarse).

    Each is made from the one before by means over blocks, then a light Gaussian. Raises
    InputError for values that are not finite, a constant image or an empty mask.
    """
    volume = np.ascontiguousarray(image.data[0].detach().cpu().float().numpy())
    matrix = _matrix3(image)
    mask = None if image.mask is None else image.mask.detach().cpu().numpy().astype(np.float32)
    if volume.ndim == 2:
        volume, mask = volume[None], None if mask is None else mask[None]
    if mask is not None and not mask.any():
        raise InputError("the mask is empty", where=image.name, mend="give a mask with voxels in it, or none")
    levels: list[Level] = []
    scale: tuple[float, float] | None = None
    for step in steps_mm:
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        factors = [
            max(1, round(step / s)) if n > 1 else 1 for s, n in zip(spacing, volume.shape[::-1], strict=True)
        ]
        if max(factors) > 1:
            shape = tuple(-(-n // f) for n, f in zip(volume.shape, factors[::-1], strict=True))
            volume, mask = _coarser(volume, mask, factors, shape)
            matrix = matrix @ _block_matrix(factors)
        if scale is None:
            scale = _scale(volume, mask, image.name)
        levels.append(_level(volume, mask, matrix, scale, step))
    return levels


def _matrix3(image: Image) -> FloatArray:
    """[4, 4] index to mm of a 2D or 3D grid; a 2D image lies in the plane z = 0."""
    d = image.ndim
    out = np.eye(4)
    out[:d, :d] = image.grid.matrix[:d, :d]
    out[:d, 3] = image.grid.matrix[:d, d]
    return out


def _blocks(
    volume: NDArray[np.float32], factors: Sequence[int], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Block means of `volume`."""
    from RegSuite.methods.linear.kernels import block_means

    out = np.empty(shape, np.float32)
    block_means(volume, factors[0], factors[1], factors[2], out)
    return out


def _coarser(
    volume: NDArray[np.float32],
    mask: NDArray[np.float32] | None,
    factors: Sequence[int],
    shape: tuple[int, ...],
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Block means of the volume and of its mask; voxels outside the mask do not enter where others do."""
    plain = _blocks(volume, factors, shape)
    if mask is None:
        return plain, None
    share = _blocks(mask, factors, shape)
    masked = _blocks(volume * mask, factors, shape)
    return np.where(share > 0, masked / np.maximum(share, 1e-6), plain), share


def _block_matrix(factors: Sequence[int]) -> FloatArray:
    """[4, 4] index of a block to index of its middle in the finer volume."""
    out = np.diag([*map(float, factors), 1.0])
    out[:3, 3] = (np.asarray(factors) - 1) / 2
    return out


def _scale(volume: NDArray[np.float32], mask: NDArray[np.float32] | None, name: str) -> tuple[float, float]:
    """Smallest and largest intensity of the histogram, robust against a few outliers."""
    values = volume.ravel() if mask is None else volume[mask > 0.5]
    if values.size == 0:
        values = volume.ravel()
    if not np.isfinite(values.sum(dtype=np.float64)) or not np.isfinite(volume.sum(dtype=np.float64)):
        raise InputError(
            "the image holds values that are not finite",
            where=name,
            mend="replace NaN and Inf before registration (for example by the background value)",
        )
    values = values[:: max(1, values.size // MOST_BINNED_VOXELS)]
    low, high = (float(v) for v in np.percentile(values, (0.1, 99.8)))
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-30):
        raise InputError(
            f"the image is constant ({low:.6g}) where it counts",
            where=name,
            mend="give an image with contrast",
        )
    return low, high


def _level(
    volume: NDArray[np.float32],
    mask: NDArray[np.float32] | None,
    matrix: FloatArray,
    scale: tuple[float, float],
    step: float,
) -> Level:
    """A level of intensities in bins, lightly smoothed along the axes that are not coarser anyway."""
    low, high = scale
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    binned = (volume - np.float32(low)) * np.float32((BINS - 3) / (high - low)) + np.float32(1.0)
    np.clip(binned, 1.0, BINS - 2 - 1e-3, out=binned)
    sigma = [
        0.7 * step / s if n > 1 and s < 1.8 * step else 0.0
        for s, n in zip(spacing, volume.shape[::-1], strict=True)
    ]
    smooth = _smoothed(binned, mask, sigma[::-1])
    valid = np.zeros((0, 0, 0), np.uint8) if mask is None else (mask > 0.5).astype(np.uint8)
    faces, background = _open_faces(smooth)
    return Level(smooth, valid, matrix.copy(), faces, background, step)


def _smoothed(
    values: NDArray[np.float32], mask: NDArray[np.float32] | None, sigma: Sequence[float]
) -> NDArray[np.float32]:
    """Gaussian of the values (sigma in voxels, z, y, x); with a mask, of those inside alone."""

    def gaussian(volume: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(
            ndimage.gaussian_filter(volume, sigma, mode="nearest", truncate=2.5, output=np.float32)
        )

    if mask is None:
        return gaussian(values)
    share = gaussian(mask)
    # beyond the kernel's reach no voxel of the mask is near: keep the values as they are
    return np.where(share > 1e-3, gaussian(values * mask) / np.maximum(share, 1e-3), values)


def _open_faces(volume: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """Which faces are background all over (98 % of its voxels), and its value."""
    faces = np.zeros(6, np.uint8)
    ends = [f for axis in (2, 1, 0) for f in (volume.take(0, axis), volume.take(-1, axis))]
    for k, face in enumerate(ends):
        if volume.shape[2 - k // 2] > 1:
            faces[k] = np.mean(face < 1.0 + 1.5) > 0.98
    return faces, float(np.percentile(volume, 1.0))
