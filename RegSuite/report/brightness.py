"""How bright a picture is: its window, values scaled to 0..1, and what stands out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_COARSE_VOXELS = 96


def steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides that leave at most about a hundred voxels an axis."""
    return tuple(max(1, n // _COARSE_VOXELS) for n in shape)


def coarse(volume: Array) -> Array:
    """Every so many voxels of a volume, as `steps` says, as a view."""
    return volume[tuple(slice(None, None, s) for s in steps(volume.shape))]


def window_of(volume: Array) -> tuple[float, float]:
    """The brightness shown black and white: 0.5th and 99.5th percentile of the finite values."""
    values = coarse(volume)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, [0.5, 99.5]))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return low, high if high > low else low + 1.0


def scaled(values: Array, window: tuple[float, float]) -> Array:
    """0 at the window's lower end, 1 at its upper end."""
    low, high = window
    shares: Array = np.clip((np.nan_to_num(values.astype(np.float32), nan=low) - low) / (high - low), 0, 1)
    return shares


def matched(
    fixed: Array, fixed_window: tuple[float, float], moving: Array, window: tuple[float, float]
) -> tuple[float, float]:
    """The moving image's window under which what is bright in both images is as bright on average.

    fixed, moving: on one grid. Only for images of one modality; the gain stays within 0.5 to 2.
    """
    a, b = scaled(coarse(fixed), fixed_window), scaled(coarse(moving), window)
    both = (a > 0.1) & (b > 0.1)
    if not both.any():
        return window
    gain = float(np.clip(a[both].mean() / b[both].mean(), 0.5, 2.0))
    return window[0], window[0] + (window[1] - window[0]) / gain


def bright(volume: Array, window: tuple[float, float]) -> Array:
    """What stands out from the darkest tenth of the window."""
    return np.asarray(scaled(volume, window) > 0.1)
