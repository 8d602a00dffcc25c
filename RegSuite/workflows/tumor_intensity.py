"""The target in the template's intensities, matched outside of the tumour; the template's stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.geometry import Image

Way = Literal["linear", "monotone", "none"]
Values = NDArray[np.float64]

_SAMPLES = 500_000
_ROUNDS = 8
UNLIKE = 0.2
"""Under this correlation outside of the tumour, a curve that rises explains nothing of the template."""
_TRIMMED = 2.5
"""Voxels whose residual is more robust standard deviations than this belong to no common tissue."""
_PERCENTS = (1, 5, 15, 25, 35, 50, 65, 75, 85, 95, 99)
_SLOPES = (0.2, 5.0)
"""A piece of the monotone curve is at least and at most so many times as steep as the line through all."""


@dataclass(frozen=True, eq=False)
class Matched:
    """target: its intensities in the template's units. words: what was done. gain: slope of the line.

    doubts: sentences where no rising curve brings the two together.
    """

    target: Image
    words: str
    gain: float | None = None
    doubts: tuple[str, ...] = ()


def matched(target: Image, template: Image, where: Tensor, way: Way) -> Matched:
    """The target through a curve that rises, fitted over the voxels of `where` (outside of the tumour).

    template: at the start, on the target's grid, the same number of channels. linear: the line about which
    target and template scatter least, equally (geometric mean regression), from which voxels that
    fit no common tissue are trimmed; monotone: a piecewise linear curve through their quantiles.
    Raises InputError where either is constant over `where`.
    """
    if way == "none":
        return Matched(target, "intensities are compared as they are")
    out = torch.empty_like(target.data, dtype=torch.float32)
    words, gains, doubts = [], [], []
    for channel in range(target.channels):
        x, y = (_sampled(image.data[channel], where) for image in (target, template))
        for values, image in ((x, target), (y, template)):
            _check_varies(values, image)
        doubts += _unlike(x, y, channel, target.channels)
        slope, offset = _line(x, y)
        if way == "linear":
            out[channel] = target.data[channel].float() * slope + offset
            words.append(f"{slope:.4g} x {offset:+.4g}")
        else:
            knots = _curve(x, y, slope)
            out[channel] = _through(target.data[channel], knots)
            words.append(
                f"quantiles {knots[0][1]:.4g}..{knots[0][-2]:.4g} to {knots[1][1]:.4g}..{knots[1][-2]:.4g}"
            )
        gains.append(slope)
    said = f"the target's intensities were brought to the template's outside of the tumour ({way}): "
    return Matched(target.with_data(out), said + "; ".join(words), gains[0], tuple(doubts))


def _unlike(x: Values, y: Values, channel: int, channels: int) -> list[str]:
    """A sentence where bright in one image is not bright in the other."""
    r = float(np.corrcoef(x, y)[0, 1])
    if r >= UNLIKE:
        return []
    place = f" (value {channel + 1} of {channels})" if channels > 1 else ""
    return [
        f"outside of the tumour target and template correlate by {r:.2f}{place}: they are of unlike "
        "contrasts or do not lie on each other, and the squared differences mean nothing; give a template of "
        "the target's contrast, an initial transform, or --set similarity=mi with --intensities none"
    ]


def _line(x: Values, y: Values) -> tuple[float, float]:
    """slope > 0 and offset of y = slope x + offset."""
    kept = np.ones(len(x), bool)
    slope = offset = 0.0
    for _ in range(_ROUNDS):
        a, b = x[kept], y[kept]
        if len(a) < 16 or a.std() == 0 or b.std() == 0:
            break
        slope = float(b.std() / a.std())
        offset = float(b.mean() - slope * a.mean())
        residual = np.abs(y - slope * x - offset)
        spread = 1.4826 * float(np.median(residual[kept]))
        wider = max(
            _TRIMMED * spread, 0.05 * float(np.ptp(y))
        )  # a noiseless background must not trim the rest
        again = residual <= wider
        if (again == kept).all():
            break
        kept = again
    return slope, offset


def _curve(x: Values, y: Values, slope: float) -> tuple[Values, Values]:
    """Knots (target, template), both rising: quantiles, with an end beyond each side along the line."""
    a, b = np.percentile(x, _PERCENTS), np.percentile(y, _PERCENTS)
    a, first = np.unique(a, return_index=True)
    b = b[first]
    for k in range(1, len(a)):
        step = a[k] - a[k - 1]
        b[k] = np.clip(b[k], b[k - 1] + _SLOPES[0] * slope * step, b[k - 1] + _SLOPES[1] * slope * step)
    beyond = max(float(np.ptp(x)), 1e-6)
    a = np.concatenate([[a[0] - beyond], a, [a[-1] + beyond]])
    b = np.concatenate([[b[0] - slope * beyond], b, [b[-1] + slope * beyond]])
    return a, b


def _through(values: Tensor, knots: tuple[Values, Values]) -> Tensor:
    given = values.detach().cpu().numpy()
    return torch.from_numpy(np.interp(given, *knots).astype(np.float32)).to(values.device)


def _sampled(values: Tensor, where: Tensor) -> Values:
    """Evenly spaced values of the voxels of `where`, the same ones for every image."""
    found = values[where].detach().cpu().double().numpy()
    return np.asarray(found[:: max(1, len(found) // _SAMPLES)])


def _check_varies(values: Values, image: Image) -> None:
    if len(values) == 0 or float(np.ptp(values)) == 0:
        what = "is constant" if len(values) else "has no voxel"
        raise InputError(
            f"outside of the tumour, where both images are, '{image.name}' {what}",
            where=image.name,
            mend="check the tumour mask and that the right files were given",
        )
