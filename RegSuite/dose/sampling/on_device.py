"""The samples with torch: the path of a GPU, and the plain twin of on_cpu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from RegSuite.dose.mapping.marks import FOLDED
from RegSuite.dose.mapping.prepared import with_halo
from RegSuite.dose.sampling.fraction import Drawn
from RegSuite.dose.sampling.maps import LOW_SHARE, DoseMaps, least_known
from RegSuite.dose.sampling.on_device_points import DeviceTally, doses_at_points, doses_between_voxels
from RegSuite.dose.sampling.points import Points
from RegSuite.dose.sampling.tally import Tally
from RegSuite.errors import OutOfMemory

BYTES_A_VOXEL = 600
"""What mapping one voxel of one sample takes at its peak (float64 places, weights, products)."""
VOXELS_ON_CPU = 1 << 21


def run_on_device(
    drawn: Sequence[Drawn], points: Points, alpha_betas: Sequence[float], tally: Tally,
    slabs: Sequence[tuple[int, int]], device: str, said: Callable[[float], None],
) -> None:  # fmt: skip
    """Fill `tally` on `device`; said(share done). Raises OutOfMemory where the GPU is too small."""
    work = _DeviceWork(drawn, points, alpha_betas, tally, device)
    try:
        for number, (z0, z1) in enumerate(slabs):
            work.slab(z0, z1, partial(_said, said, number, len(slabs)))
        work.tally.into(tally)
    except torch.cuda.OutOfMemoryError as error:
        raise OutOfMemory(
            f"the GPU ran out of memory while sampling: {error}",
            where="sampling",
            mend="close other programs on the GPU, or compute on the CPU",
        ) from error


def _said(said: Callable[[float], None], slab: int, slabs: int, part: float) -> None:
    said((slab + part) / slabs)


class _DeviceWork:
    def __init__(
        self, drawn: Sequence[Drawn], points: Points, alpha_betas: Sequence[float], tally: Tally, device: str
    ) -> None:
        self.drawn, self.points, self.alpha_betas = drawn, points, alpha_betas
        self.device, self.maps = torch.device(device), tally.maps
        self.tally = DeviceTally(tally, points, self.device)
        self.n, self.shape = drawn[0].n, drawn[0].job.grid.shape
        self.kinds = len(tally.limits)
        self.emt = drawn[0].job.mapping == "emt"
        self.below = torch.zeros((1 + len(alpha_betas), self.n, *self.shape[1:]), device=self.device)

    def slab(self, z0: int, z1: int, said: Callable[[float], None]) -> None:
        """The planes z0 to before z1."""
        shape = (1 + len(self.alpha_betas), self.n, z1 - z0, *self.shape[1:])
        total = torch.zeros(shape, device=self.device)
        part = self.points.between(z0, z1)
        at_points = torch.zeros((self.n, self.kinds, 4, part.stop - part.start), device=self.device)
        for number in range(len(self.drawn)):
            self._add_fraction(number, z0, z1, part, total, at_points, said)
        if self.emt:
            planes = torch.cat([self.below[:, :, None], total], dim=2)
            at_points = doses_between_voxels(self.points, part, planes, z0 - 1, self.kinds)
            self.below = total[:, :, -1].clone()
        self.tally.count(at_points, part)
        for kind, maps in enumerate(self.maps):
            for plane in range(z1 - z0):
                _statistics(total[kind, :, plane], maps, z0 + plane)

    def _add_fraction(
        self, number: int, z0: int, z1: int, part: slice, total: Tensor, at_points: Tensor,
        said: Callable[[float], None],
    ) -> None:  # fmt: skip
        fraction = self.drawn[number]
        first, last = with_halo(z0, z1, self.shape[0])
        mean, sigma = (
            torch.from_numpy(np.ascontiguousarray(field[:, first:last], np.float32)).to(self.device)
            for field in (fraction.mean, fraction.sigma)
        )
        at_once = self._samples_at_once(mean[0].numel())
        for k in range(0, self.n, at_once):
            chosen = slice(k, min(k + at_once, self.n))
            noise = np.stack([fraction.noise(s) for s in range(chosen.start, chosen.stop)])
            unit = fraction.correlation.field_tensor(
                torch.from_numpy(noise).to(self.device), slice(first, last)
            )
            field = mean + sigma * unit
            dose, marks, _ = fraction.job.slab_on(field, z0, z1, first=first)
            self.tally.folded[chosen] += ((marks & FOLDED) > 0).sum(dim=(-1, -2, -3))
            total[0, chosen] += dose
            for a, alpha_beta in enumerate(self.alpha_betas):
                total[1 + a, chosen] += eqd2(dose.double(), fraction.count, alpha_beta).float()
            if not self.emt:
                at_points[chosen] += doses_at_points(
                    self.points, part, field, first, fraction.job, fraction.count, self.kinds
                ).float()
            said((number + min(k + at_once, self.n) / self.n) / len(self.drawn))

    def _samples_at_once(self, voxels: int) -> int:
        room = VOXELS_ON_CPU
        if self.device.type == "cuda":
            room = int(torch.cuda.mem_get_info(self.device)[0] * 0.5) // BYTES_A_VOXEL
        return max(1, room // voxels)


def eqd2(dose: Tensor, count: float, alpha_beta: float) -> Tensor:
    """EQD2 of a dose given in `count` equal fractions."""
    return dose * (dose / count + alpha_beta) / (2.0 + alpha_beta)


def _statistics(samples: Tensor, maps: DoseMaps, plane: int) -> None:
    """Statistics of samples [n, Y, X] into a plane of the maps; see kernels_statistics.statistics."""
    n = len(samples)
    values = samples.movedim(0, -1).contiguous()
    known = values.isfinite()
    m = known.sum(dim=-1)
    rising = values.sort(dim=-1).values.double()  # NaN last
    mean = torch.where(known, values, 0.0).double().sum(dim=-1) / m
    apart = torch.where(known, values - mean[..., None], 0.0)
    sd = ((apart**2).sum(dim=-1) / (m - 1)).sqrt()
    found = [mean, sd, _at(rising, LOW_SHARE * (m - 1)), _at(rising, (1 - LOW_SHARE) * (m - 1))]
    even = rising[..., 0] == _at(rising, (m - 1).double())
    found[0], found[1] = torch.where(even, rising[..., 0], mean), torch.where(even, 0.0, sd)
    enough = m >= least_known(n)
    for out, value in zip((maps.mean, maps.sd, maps.p05, maps.p95), found, strict=True):
        out[plane] = torch.where(enough, value, torch.nan).float().cpu().numpy()
    maps.known[plane] = m.to(torch.int32).cpu().numpy()


def _at(rising: Tensor, place: Tensor) -> Tensor:
    """Values [..., n], rising, at fractional ranks [...]."""
    place = place.double().clamp(min=0)
    rank = place.long()
    after = torch.minimum(rank + 1, place.ceil().long())
    one, other = (rising.gather(-1, r[..., None])[..., 0] for r in (rank, after))
    return one + (place - rank) * (other - one)
