"""The torch twin of `kernels.accumulate`, for a GPU: all pieces of some lines at once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float64]

PIECES_AT_ONCE = 1 << 22
"""About 1.5 GB of a GPU's memory."""


def accumulated_on(
    device: str, dose: NDArray[np.float32], start: Floats, per_mm: Floats, length: Floats, across: Floats,
    share: Floats, step: float, limits: Floats, first: float, width: float, count: int,
) -> tuple[Floats, Floats]:  # fmt: skip
    """ramp [count] and sums [1, 4] as `kernels.accumulate` adds them up, in float64 on `device`.

    On a GPU sums are made in no fixed order: the last digits may differ from run to run.
    """
    values = torch.from_numpy(dose).to(device)
    lines = [torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in (start, length, across, share)]
    axes = torch.from_numpy(per_mm).to(device)
    ramp = torch.zeros(count, dtype=torch.float64, device=device)
    sums = np.array([[0.0, 0.0, np.inf, -np.inf]])
    at_once = max(1, int(PIECES_AT_ONCE * step / max(float(length.mean()), step))) if len(length) else 1
    for low in range(0, len(length), at_once):
        part = [a[low : low + at_once] for a in lines]
        _add(values, part, axes, step, limits, first, width, ramp, sums)
    return ramp.cpu().numpy(), sums


def _add(
    dose: Tensor, lines: list[Tensor], axes: Tensor, step: float, limits: Floats, first: float, width: float,
    ramp: Tensor, sums: Floats,
) -> None:  # fmt: skip
    """Some lines' pieces into ramp and sums."""
    begin, end = clipped(dose.shape, lines[0], axes[0], lines[1])
    start, across, share, begin, end = (a[end > begin] for a in (lines[0], lines[2], lines[3], begin, end))
    if not len(begin):
        return
    for t in (begin, end):  # the lines' ends, for least and largest dose
        _bounds(dose_and_slope(dose, start + t[:, None] * axes[0])[0], sums)
    pieces = ((end - begin) / step).ceil().clamp(min=1).long()
    line = torch.repeat_interleave(torch.arange(len(pieces), device=dose.device), pieces)
    number = torch.arange(len(line), device=dose.device) - (pieces.cumsum(0) - pieces)[line]
    h = ((end - begin) / pieces)[line]
    t = begin[line] + h * (number + 0.5)
    d, slope = dose_and_slope(dose, start[line] + t[:, None] * axes[0])
    known = ~d.isnan()
    d, slope, line, h = d[known], slope[known], line[known], h[known]
    if not len(d):
        return
    volume = h * (across[:, 0] * across[:, 1] * share)[line]
    sizes = torch.stack([h, across[line, 0], across[line, 1]], dim=1)
    half = 0.5 * ((slope @ axes.T) * sizes).square().sum(dim=1).sqrt()
    _bounds(d, sums)
    sums[0, 0] += float(volume.sum())
    sums[0, 1] += float((volume * d).sum())
    low, high = (d - half).clamp(min=float(limits[0])), (d + half).clamp(max=float(limits[1]))
    _spread(ramp, low, high, volume, first, width)


def clipped(shape: torch.Size, start: Tensor, step: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """From where to where (mm) start + t * step lies within the outer voxel faces; nothing: to < from."""
    begin, end = torch.zeros_like(length), length.clone()
    for axis in range(3):
        low, high = -0.5, shape[2 - axis] - 0.5
        at = start[:, axis]
        if abs(float(step[axis])) < 1e-12:
            end = torch.where((at < low) | (at > high), -1.0, end)
            continue
        one, other = (low - at) / step[axis], (high - at) / step[axis]
        begin = torch.maximum(begin, torch.minimum(one, other))
        end = torch.minimum(end, torch.maximum(one, other))
    return begin, end


def dose_and_slope(dose: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Trilinear dose [n] at fractional voxels [n, 3] (x, y, z), border repeated; its slopes [n, 3]."""
    size = torch.tensor(dose.shape[::-1], device=dose.device)
    at = torch.minimum(index.clamp(min=0.0), size - 1.0)
    low = torch.minimum(at.long(), (size - 2).clamp(min=0))
    up = torch.minimum(low + 1, size - 1)
    part = at - low
    found = torch.zeros(len(at), dtype=torch.float64, device=dose.device)
    slope = torch.zeros_like(at)
    for corner in np.ndindex(2, 2, 2):
        place = [up[:, r] if corner[r] else low[:, r] for r in range(3)]
        value = dose[place[2], place[1], place[0]].double()
        weight = [part[:, r] if corner[r] else 1 - part[:, r] for r in range(3)]
        found += weight[0] * weight[1] * weight[2] * value
        for r in range(3):
            one, other = (weight[s] for s in range(3) if s != r)
            slope[:, r] += (1 if corner[r] else -1) * one * other * value
    return found, slope


def _bounds(dose: Tensor, sums: Floats) -> None:
    """Least and largest known dose into sums."""
    known = dose[~dose.isnan()]
    if len(known):
        sums[0, 2] = min(sums[0, 2], float(known.min()))
        sums[0, 3] = max(sums[0, 3], float(known.max()))


def _spread(ramp: Tensor, low: Tensor, high: Tensor, volume: Tensor, first: float, width: float) -> None:
    """As `kernels.spread`, for all pieces."""
    narrow = high - low < width
    middle = 0.5 * (low + high)
    low, high = torch.where(narrow, middle - width / 2, low), torch.where(narrow, middle + width / 2, high)
    rate = volume / (high - low)
    for edge, sign in ((low, 1.0), (high, -1.0)):
        at = (edge - first) / width
        k = at.long()
        part = rate * (at - k)
        ramp.index_add_(0, k, sign * (rate - part))
        ramp.index_add_(0, k + 1, sign * part)
