"""Doses at the structures' points and their histograms, with torch: the twin of kernels_points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.dose.mapping.prepared import DoseMapping
from RegSuite.dose.sampling.points import Points
from RegSuite.dose.sampling.tally import Tally


class DeviceTally:
    """A tally's ramps, sums and folds on a device, in float64."""

    def __init__(self, tally: Tally, points: Points, device: torch.device) -> None:
        self.points, self.device, self.host = points, device, tally
        self.ramps, self.sums, self.folded = (
            torch.from_numpy(a).to(device, copy=True) for a in (tally.ramps, tally.sums, tally.folded)
        )

    def count(self, found: Tensor, part: slice) -> None:
        """Count doses and slopes [n, kinds, 4, P] of the points `part`."""
        _, kinds, n, most = self.ramps.shape
        points, host = self.points, self.host
        volume, structure = self._own(points.volume_cc[part]), self._own(points.structure[part])
        effective, variance = self._own(points.alpha_beta[part] > 0), self._own(points.variance[part])
        samples = torch.arange(n, device=self.device)[:, None]
        for kind in range(kinds):
            dose, x, y, z = found[:, kind].double().unbind(1)
            known = dose.isfinite() & (effective if kind else torch.ones_like(effective))
            square = x * x * variance[:, 0] + y * y * variance[:, 1] + z * z * variance[:, 2]
            square += 2 * (x * y * variance[:, 3] + x * z * variance[:, 4] + y * z * variance[:, 5])
            half = (3 * square.clamp(min=0)).sqrt()
            weight, dose = torch.where(known, volume, 0.0), torch.where(known, dose, 0.0)
            half = torch.where(known, half, 0.0)
            low, high = (
                (dose - half).clamp(min=host.limits[kind, 0]),
                (dose + half).clamp(max=host.limits[kind, 1]),
            )
            row = ((structure * kinds + kind) * n + samples).reshape(-1)
            self._spread(kind, low.reshape(-1), high.reshape(-1), weight.reshape(-1), row * most)
            sums = self.sums.view(-1, 4)
            sums[:, 0].index_add_(0, row, weight.reshape(-1))
            sums[:, 1].index_add_(0, row, (weight * dose).reshape(-1))
            for column, how, nothing in ((2, "amin", torch.inf), (3, "amax", -torch.inf)):
                values = torch.where(known, dose, nothing).reshape(-1)
                sums[:, column] = sums[:, column].clone().scatter_reduce(0, row, values, how)

    def _spread(self, kind: int, low: Tensor, high: Tensor, volume: Tensor, base: Tensor) -> None:
        """As RegSuite.dose.kernels.spread, of many pieces into the ramps that begin at `base`."""
        first, width = float(self.host.first[kind]), float(self.host.width[kind])
        middle, thin = 0.5 * (low + high), high - low < width
        low = torch.where(thin, middle - 0.5 * width, low)
        high = torch.where(thin, middle + 0.5 * width, high)
        rate = volume / (high - low)
        for edge, sign in ((low, 1), (high, -1)):
            at = (edge - first) / width
            k = at.long()
            part = rate * (at - k)
            self.ramps.view(-1).index_add_(0, base + k, sign * (rate - part))
            self.ramps.view(-1).index_add_(0, base + k + 1, sign * part)

    def into(self, tally: Tally) -> None:
        """Copy all back."""
        for mine, host in ((self.ramps, tally.ramps), (self.sums, tally.sums), (self.folded, tally.folded)):
            host[:] = mine.cpu().numpy()

    def _own(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self.device)


def doses_at_points(
    points: Points, part: slice, field: Tensor, first: int, job: DoseMapping, count: float, kinds: int
) -> Tensor:
    """[m, kinds, 4, P] doses and slopes where the displacements [m, 3, s, Y, X] take the points."""
    grid, device = job.grid, field.device
    place = torch.from_numpy(points.place[part]).to(device)
    corner, share = _cells(place, (*grid.size[:2], first + field.shape[-3]), first)
    value, slopes = in_cells(field.double(), corner, share)
    m = torch.from_numpy(np.array(grid.matrix[:3, :3])).to(device)
    columns = slopes.permute(1, 3, 2, 0) + m  # [m, P, 3 (mm), 3 (a voxel along x, y, z)]
    folded = ~(torch.linalg.det(columns) * torch.linalg.det(m) > 0)
    home = torch.from_numpy(grid.points(points.place[part])).to(device)
    moved = home + torch.where(folded[:, None], 0.0, value).movedim(1, -1)
    dose, slope_mm, inside = _dose(job, moved)
    known = inside & ~folded
    slope = torch.where(known[..., None], torch.einsum("mpr,mprc->mpc", slope_mm, columns), 0.0)
    dose = torch.where(known, dose, torch.nan)
    found = [torch.cat([dose[:, None], slope.movedim(-1, 1)], dim=1)]
    if kinds > 1:
        ab = torch.from_numpy(points.alpha_beta[part]).to(device)
        rate = torch.where(known, (2 * dose / count + ab) / (2 + ab), 0.0)
        effective = dose * (dose / count + ab) / (2 + ab)
        found.append(torch.cat([effective[:, None], (rate[..., None] * slope).movedim(-1, 1)], dim=1))
    return torch.stack(found, dim=1)


def doses_between_voxels(points: Points, part: slice, planes: Tensor, first: int, kinds: int) -> Tensor:
    """[n, kinds, 4, P] doses and slopes, trilinear in the sums [1 + a, n, s, Y, X] from plane `first` on."""
    device = planes.device
    place = torch.from_numpy(points.place[part]).to(device)
    size = (planes.shape[-1], planes.shape[-2], first + planes.shape[-3])
    corner, share = _cells(place, size, first)
    which = torch.from_numpy(points.which[part]).to(device)
    out = torch.zeros((planes.shape[1], kinds, 4, len(place)), device=device)
    for source in range(len(planes)):
        value, slopes = in_cells(planes[source].double(), corner, share)
        found = torch.cat([value[:, None], slopes.movedim(0, 1)], dim=1).float()
        if source == 0:
            out[:, 0] = found
        else:
            out[:, 1] = torch.where(which == source, found, out[:, 1])
    return out


def _dose(job: DoseMapping, points_mm: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Dose [m, P] at LPS points [m, P, 3], held to the outer faces, its slope a mm, and where it is known."""
    matrix = torch.from_numpy(np.array(job.dose_grid.inverse_matrix)).to(points_mm)
    index = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    size = torch.tensor(job.dose_grid.size, device=index.device)
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(dim=-1)
    corner, share = _cells(index.reshape(-1, 3), job.dose_grid.size, 0)
    value, slopes = in_cells(torch.from_numpy(job.dose_gy).to(index), corner, share)
    slope_mm = slopes.T.reshape(*inside.shape, 3) @ matrix[:3, :3]
    return value.reshape(inside.shape), slope_mm, inside


def _cells(place: Tensor, size: Sequence[int], first: int) -> tuple[list[Tensor], list[Tensor]]:
    """Lowest corner (x, y, z; z from `first` on) of each point's cell, and how far in it the point lies."""
    corner, share = [], []
    for axis, n in enumerate(size):
        at = place[:, axis].clamp(0, n - 1)
        low = at.long().clamp(max=n - 2)
        low = low.clamp(min=max(first, 0)) if axis == 2 else low
        corner.append(low - first if axis == 2 else low)
        share.append(at - low)
    return corner, share


def in_cells(values: Tensor, corner: list[Tensor], share: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Values [..., s, Y, X] at P points, [..., P], and their slopes a voxel along x, y, z, [3, ..., P]."""
    ny, nx = values.shape[-2:]
    flat = values.flatten(-3)
    base = (corner[2] * ny + corner[1]) * nx + corner[0]
    value = torch.zeros((), dtype=values.dtype, device=values.device)
    slopes: list[Tensor] = [value] * 3
    for up in np.ndindex(2, 2, 2):
        taken = flat[..., base + (up[2] * ny + up[1]) * nx + up[0]]
        weights = [part if high else 1 - part for part, high in zip(share, up, strict=True)]
        value = value + weights[0] * weights[1] * weights[2] * taken
        for axis in range(3):
            others = [w for r, w in enumerate(weights) if r != axis]
            slopes[axis] = slopes[axis] + (1 if up[axis] else -1) * others[0] * others[1] * taken
    return value, torch.stack(slopes)
